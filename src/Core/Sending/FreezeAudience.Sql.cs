using Ledgerpost.Recipients;

namespace Ledgerpost.Sending;

/// <summary>Its statements.</summary>
public static partial class FreezeAudience
{
    // {0} tenant, {1} campaign, {2} now, {3} kind, {4} tag, {5} segment, {6} tags of the segment that must match,
    // {7} numbers taken, {8} lineage, {9} recipients of a chunk, {10} and on: campaigns whose recipients are left out
    private const string InAudience = """
        c."TenantId" = {0} AND (
            {3} = 'All'
            OR ({3} = 'Tag' AND EXISTS (
                SELECT 1 FROM "ContactTags" t
                WHERE t."TenantId" = c."TenantId" AND t."ContactId" = c."Id" AND t."Tag" = {4}))
            OR ({3} = 'Segment' AND {6} <= (
                SELECT COUNT(*) FROM "SegmentTags" s
                INNER JOIN "ContactTags" t ON t."TenantId" = s."TenantId" AND t."Tag" = s."Tag"
                WHERE s."TenantId" = c."TenantId" AND s."SegmentId" = {5} AND t."ContactId" = c."Id"))
            OR ({3} = 'Named' AND EXISTS (
                SELECT 1 FROM "SegmentContacts" m
                WHERE m."TenantId" = c."TenantId" AND m."SegmentId" = {5} AND m."ContactId" = c."Id")))
        """;

    // Two NOT EXISTS, each on its own index: one with an OR in it is quadratic. NULL-safe: a row whose contact was
    // deleted matches no contact, and still its address.
    private const string NotInLedger = """
        NOT EXISTS (
            SELECT 1 FROM "Recipients" r
            WHERE r."TenantId" = c."TenantId" AND r."ContactId" = c."Id" AND r."CampaignId" = {1})
        AND NOT EXISTS (
            SELECT 1 FROM "Recipients" r
            WHERE r."TenantId" = c."TenantId" AND r."CampaignId" = {1} AND r."NormalizedEmail" = c."NormalizedEmail")
        """;

    // Added where the campaign has relatives: who may have been mailed by one, or waits in one, is nobody who joined.
    // The same two shapes, each on its own index.
    private const string NotInLineage = """

        AND NOT EXISTS (
            SELECT 1 FROM "Recipients" r
            WHERE r."TenantId" = c."TenantId" AND r."ContactId" = c."Id" AND r."CampaignId" IN (
                SELECT k."Id" FROM "Campaigns" k WHERE k."TenantId" = {0} AND k."LineageId" = {8} AND k."Id" <> {1})
                AND r."State" NOT IN ('Refused', 'Excluded'))
        AND NOT EXISTS (
            SELECT 1 FROM "Recipients" r
            WHERE r."TenantId" = c."TenantId" AND r."CampaignId" IN (
                SELECT k."Id" FROM "Campaigns" k WHERE k."TenantId" = {0} AND k."LineageId" = {8} AND k."Id" <> {1})
                AND r."NormalizedEmail" = c."NormalizedEmail" AND r."State" NOT IN ('Refused', 'Excluded'))
        """;

    private static string Insert(string lineage) =>
        $$"""
            INSERT INTO "Recipients" (
                "TenantId", "CampaignId", "Number", "ContactId", "Email", "NormalizedEmail", "FirstName", "LastName",
                "State", "UpdatedAt", "Opens", "Clicks")
            SELECT c."TenantId", {1}, {7} + ROW_NUMBER() OVER (ORDER BY c."CreatedAt", c."Id"), c."Id", c."Email",
                c."NormalizedEmail", c."FirstName", c."LastName", 'Pending', {2}, 0, 0
            FROM "Contacts" c
            WHERE {{InAudience}} AND {{NotInLedger}}{{lineage}}
            """;

    // By the same two shapes as a lineage. What is pending there may be mailed by that campaign yet.
    private const string RecipientByAddress = """
        SELECT 1 FROM "Recipients" r
            WHERE r."TenantId" = c."TenantId" AND r."CampaignId" IN ({leftOut})
                AND r."NormalizedEmail" = c."NormalizedEmail" AND r."State" NOT IN ('Refused', 'Excluded')
        """;

    private const string RecipientByContact = """
        SELECT 1 FROM "Recipients" r
            WHERE r."TenantId" = c."TenantId" AND r."ContactId" = c."Id" AND r."CampaignId" IN ({leftOut})
                AND r."State" NOT IN ('Refused', 'Excluded')
        """;

    // Whoever joined and is left out is not taken: as with the lineage, they are nobody who joined.
    private const string NotLeftOut = $"""

        AND NOT EXISTS ({RecipientByAddress})
        AND NOT EXISTS ({RecipientByContact})
        """;

    // A first launch: nobody stands in the ledger, and the campaign has no relatives. Who must not be mailed and who goes
    // out with whom are decided as the row is written, because a second pass over a million rows costs as much as the
    // first, each index entry anew. Chunks are dense: whoever is excluded counts for none.
    private static string Freeze(string leftOut) =>
        leftOut.Length == 0
            ? Freeze("", "s", Exclusions.ReasonOfAddress, WithReason)
            : Freeze(KnownReasons, "c", "c.\"Reason\"", "k c");

    /// <param name="alias">Its <c>Reason</c> is null for whoever may be mailed.</param>
    private static string Freeze(string known, string alias, string reason, string source) =>
        $$"""
            INSERT INTO "Recipients" (
                "TenantId", "CampaignId", "Number", "ContactId", "Email", "NormalizedEmail", "FirstName", "LastName",
                "State", "Reason", "ChunkNumber", "UpdatedAt", "Opens", "Clicks")
            {{known}}
            SELECT c."TenantId", {1}, ROW_NUMBER() OVER (ORDER BY c."CreatedAt", c."Id"), c."Id", c."Email",
                c."NormalizedEmail", c."FirstName", c."LastName",
                CASE WHEN {{alias}}."Reason" IS NULL THEN 'Pending' ELSE 'Excluded' END, {{reason}},
                CASE WHEN {{alias}}."Reason" IS NULL THEN
                    {7} + ({9} - 1 + COUNT(*) FILTER (WHERE {{alias}}."Reason" IS NULL) OVER (
                        ORDER BY c."CreatedAt", c."Id" ROWS UNBOUNDED PRECEDING)) / {9} END,
                {2}, 0, 0
            FROM {{source}}
            """;

    private const string WithReason = $$"""
        "Contacts" c
        LEFT JOIN "SuppressedAddresses" s
            ON s."TenantId" = c."TenantId" AND s."NormalizedEmail" = c."NormalizedEmail"
        WHERE {{InAudience}}
        """;

    // Everybody's reason is found once and kept: looked up where it is used it would be looked up four times.
    private const string KnownReasons = $$"""
        WITH k AS MATERIALIZED (
            SELECT c."TenantId", c."Id", c."Email", c."NormalizedEmail", c."FirstName", c."LastName", c."CreatedAt", CASE
                WHEN s."Reason" IS NOT NULL THEN {{Exclusions.ReasonOfAddress}}
                WHEN EXISTS ({{RecipientByAddress}}) OR EXISTS ({{RecipientByContact}}) THEN '{{Reasons.InLeftOutCampaign}}'
                END AS "Reason"
            FROM {{WithReason}})
        """;

    // Deleted while pending and added again: the address has its row already, and nobody gets two.
    private const string Revivable = $$"""
        old."TenantId" = {0} AND old."CampaignId" = {1} AND old."ContactId" IS NULL
            AND (old."State" = 'Pending' OR (old."State" = 'Excluded' AND old."Reason" = 'contact_deleted'))
            AND c."NormalizedEmail" = old."NormalizedEmail" AND {{InAudience}}
            AND NOT EXISTS (
                SELECT 1 FROM "Recipients" r
                WHERE r."TenantId" = c."TenantId" AND r."ContactId" = c."Id" AND r."CampaignId" = {1})
        """;

    // For whoever has none here yet: frozen ones stay, like the name that stands in the row.
    private static string ReviveFields(string lineage) =>
        $$"""
            INSERT INTO "RecipientFields" ("TenantId", "CampaignId", "RecipientNumber", "Fields")
            SELECT old."TenantId", old."CampaignId", old."Number", c."Fields"
            FROM "Recipients" AS old CROSS JOIN "Contacts" c
            WHERE {{Revivable}}{{lineage}} AND c."Fields" IS NOT NULL
                AND NOT EXISTS (
                    SELECT 1 FROM "RecipientFields" f
                    WHERE f."TenantId" = old."TenantId" AND f."CampaignId" = old."CampaignId"
                        AND f."RecipientNumber" = old."Number")
            """;

    private static string Revive(string lineage) =>
        $$"""
            UPDATE "Recipients" AS old
            SET "ContactId" = c."Id", "State" = 'Pending', "Reason" = NULL, "Detail" = NULL, "ChunkNumber" = NULL,
                "UpdatedAt" = {2}
            FROM "Contacts" c
            WHERE {{Revivable}}{{lineage}}
            """;

    private static string CountJoined(string lineage, string leftOut) =>
        $$"""
            SELECT (SELECT COUNT(*) FROM "Contacts" c WHERE {{InAudience}} AND {{NotInLedger}}{{lineage}}{{leftOut}})
                + (SELECT COUNT(*) FROM "Recipients" AS old CROSS JOIN "Contacts" c WHERE {{Revivable}}{{lineage}}) AS "Value"
            """;
}
