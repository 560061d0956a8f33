using System.Runtime.CompilerServices;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Segments;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// Takes an audience into the ledger, set-based, in the caller's transaction. Raw SQL because EF Core has no
/// INSERT..SELECT; what differs between databases is nothing.
/// </summary>
public static class FreezeAudience
{
    // {0} tenant, {1} campaign, {2} now, {3} kind, {4} tag, {5} segment, {6} tags of the segment that must match,
    // {7} numbers taken, {8} lineage, {9} recipients of a chunk
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

    // A first launch: nobody stands in the ledger, and the campaign has no relatives. Who must not be mailed and who goes
    // out with whom are decided as the row is written, because a second pass over a million rows costs as much as the
    // first, each index entry anew. Chunks are dense: whoever is excluded counts for none.
    private const string Freeze = $$"""
        INSERT INTO "Recipients" (
            "TenantId", "CampaignId", "Number", "ContactId", "Email", "NormalizedEmail", "FirstName", "LastName",
            "State", "Reason", "ChunkNumber", "UpdatedAt", "Opens", "Clicks")
        SELECT c."TenantId", {1}, ROW_NUMBER() OVER (ORDER BY c."CreatedAt", c."Id"), c."Id", c."Email",
            c."NormalizedEmail", c."FirstName", c."LastName",
            CASE WHEN s."Reason" IS NULL THEN 'Pending' ELSE 'Excluded' END, {{Exclusions.ReasonOfAddress}},
            CASE WHEN s."Reason" IS NULL THEN {7} + ({9} - 1 + COUNT(*) FILTER (WHERE s."Reason" IS NULL) OVER (
                ORDER BY c."CreatedAt", c."Id" ROWS UNBOUNDED PRECEDING)) / {9} END,
            {2}, 0, 0
        FROM "Contacts" c
        LEFT JOIN "SuppressedAddresses" s
            ON s."TenantId" = c."TenantId" AND s."NormalizedEmail" = c."NormalizedEmail"
        WHERE {{InAudience}}
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

    private static string Revive(string lineage) =>
        $$"""
            UPDATE "Recipients" AS old
            SET "ContactId" = c."Id", "State" = 'Pending', "Reason" = NULL, "Detail" = NULL, "ChunkNumber" = NULL,
                "UpdatedAt" = {2}
            FROM "Contacts" c
            WHERE {{Revivable}}{{lineage}}
            """;

    private static string CountJoined(string lineage) =>
        $$"""
            SELECT (SELECT COUNT(*) FROM "Contacts" c WHERE {{InAudience}} AND {{NotInLedger}}{{lineage}})
                + (SELECT COUNT(*) FROM "Recipients" AS old CROSS JOIN "Contacts" c WHERE {{Revivable}}{{lineage}}) AS "Value"
            """;

    /// <summary>
    /// A first launch: takes the audience, excludes whom nobody may mail, and cuts the others into chunks of the current
    /// run. What <see cref="TakeAsync"/> and <see cref="ChunkPlanner.PlanAsync"/> do one after the other, in one statement.
    /// </summary>
    /// <param name="campaign">Tracked, continues none, and has an empty ledger; its <see cref="Campaign.LastChunk"/> is raised.</param>
    /// <param name="most">Recipients of one chunk: <c>Sending:BatchSize</c>.</param>
    /// <returns>How many rows the ledger has, and how many of them were planned.</returns>
    public static async Task<(int Recipients, int Planned)> FreezeAsync(
        PortalDbContext db,
        Campaign campaign,
        DateTimeOffset now,
        int most,
        CancellationToken cancellation
    )
    {
        var size = ChunkPlanner.SizeFor(campaign, most);
        var last = await ChunkPlanner.LastAsync(db, campaign, cancellation);
        var sql = await SqlAsync(db, _ => Freeze, campaign, now, cancellation, last, size);
        var recipients = await ChunkPlanner.ExecuteJoinAsync(db, sql, cancellation);
        var planned = await Pending(db, campaign).CountAsync(cancellation);
        await ChunkPlanner.AddAsync(db, campaign, last, planned, size, cancellation);
        return (recipients, planned);
    }

    /// <summary>Adds whoever is in the audience and not in the campaign's ledger, then excludes whom nobody may mail.</summary>
    /// <returns>How many rows were added.</returns>
    public static async Task<int> TakeAsync(
        PortalDbContext db,
        Campaign campaign,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var last =
            await db
                .Recipients.Where(r => r.TenantId == campaign.TenantId && r.CampaignId == campaign.Id)
                .MaxAsync(r => (int?)r.Number, cancellation)
            ?? 0;
        var added = await db.Database.ExecuteSqlAsync(
            await SqlAsync(db, Insert, campaign, now, cancellation, last),
            cancellation
        );
        await ExcludeAsync(db, campaign, now, cancellation);
        return added;
    }

    /// <summary>For a ledger that is there already: excludes whom nobody may mail.</summary>
    /// <returns>How many rows the ledger has.</returns>
    public static async Task<int> KeepAsync(
        PortalDbContext db,
        Campaign campaign,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        await ExcludeAsync(db, campaign, now, cancellation);
        return await db.Recipients.CountAsync(
            r => r.TenantId == campaign.TenantId && r.CampaignId == campaign.Id,
            cancellation
        );
    }

    public static async Task<int> ExcludeAsync(
        PortalDbContext db,
        Campaign campaign,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var others = await Lineage.OthersAsync(db, campaign.TenantId, campaign.Id, cancellation);
        return await Exclusions.ApplyAsync(db, Pending(db, campaign), others, now, cancellation);
    }

    /// <summary>Brings back the rows of people who were deleted while pending and are in the audience again.</summary>
    public static async Task<int> ReviveAsync(
        PortalDbContext db,
        Campaign campaign,
        DateTimeOffset now,
        CancellationToken cancellation
    ) => await db.Database.ExecuteSqlAsync(await SqlAsync(db, Revive, campaign, now, cancellation), cancellation);

    /// <summary>How many <see cref="ReviveAsync"/> would bring back and <see cref="TakeAsync"/> would add.</summary>
    public static async Task<int> CountJoinedAsync(
        PortalDbContext db,
        Campaign campaign,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        await db
            .Database.SqlQuery<int>(await SqlAsync(db, CountJoined, campaign, now, cancellation))
            .SingleAsync(cancellation);

    public static IQueryable<Recipient> Pending(PortalDbContext db, Campaign campaign) =>
        db.Recipients.Where(r =>
            r.TenantId == campaign.TenantId && r.CampaignId == campaign.Id && r.State == RecipientState.Pending
        );

    private static async Task<FormattableString> SqlAsync(
        PortalDbContext db,
        Func<string, string> sql,
        Campaign campaign,
        DateTimeOffset now,
        CancellationToken cancellation,
        int last = 0,
        int size = Chunk.MaxRecipients
    )
    {
        var needed = 1;
        var kind = campaign.AudienceKind.ToString();
        if (campaign.AudienceKind == AudienceKind.Segment)
        {
            var segment = await db
                .Segments.Where(s => s.TenantId == campaign.TenantId && s.Id == campaign.AudienceSegmentId)
                .Select(s => new { s.Match, Tags = s.Tags.Count })
                .SingleOrDefaultAsync(cancellation);
            // A segment that is gone, or has no tags, holds nobody: one tag is asked for and none is there.
            kind = segment is { Match: SegmentMatch.Named } ? nameof(SegmentMatch.Named) : kind;
            needed = segment is { Match: SegmentMatch.All } ? Math.Max(1, segment.Tags) : 1;
        }

        var others = await Lineage.OthersAsync(db, campaign.TenantId, campaign.Id, cancellation);
        return FormattableStringFactory.Create(
            sql(others is null ? "" : NotInLineage),
            campaign.TenantId,
            campaign.Id,
            InstantConverter.ToMicroseconds(now),
            kind,
            campaign.AudienceTag ?? "",
            campaign.AudienceSegmentId ?? Guid.Empty,
            needed,
            last,
            campaign.LineageId,
            size
        );
    }
}
