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
    // {0} tenant, {1} campaign, {2} now, {3} kind, {4} tag, {5} segment, {6} tags of the segment that must match
    private const string InAudience = """
        c."TenantId" = {0} AND (
            {3} = 'All'
            OR ({3} = 'Tag' AND EXISTS (
                SELECT 1 FROM "ContactTags" t
                WHERE t."TenantId" = c."TenantId" AND t."ContactId" = c."Id" AND t."Tag" = {4}))
            OR ({3} = 'Segment' AND {6} <= (
                SELECT COUNT(*) FROM "SegmentTags" s
                INNER JOIN "ContactTags" t ON t."TenantId" = s."TenantId" AND t."Tag" = s."Tag"
                WHERE s."TenantId" = c."TenantId" AND s."SegmentId" = {5} AND t."ContactId" = c."Id")))
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

    private const string Insert = $$"""
        INSERT INTO "Recipients" (
            "TenantId", "CampaignId", "Number", "ContactId", "Email", "NormalizedEmail", "FirstName", "LastName",
            "State", "UpdatedAt", "Opens", "Clicks")
        SELECT c."TenantId", {1}, {7} + ROW_NUMBER() OVER (ORDER BY c."CreatedAt", c."Id"), c."Id", c."Email",
            c."NormalizedEmail", c."FirstName", c."LastName", 'Pending', {2}, 0, 0
        FROM "Contacts" c
        WHERE {{InAudience}} AND {{NotInLedger}}
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

    private const string Revive = $$"""
        UPDATE "Recipients" AS old
        SET "ContactId" = c."Id", "State" = 'Pending', "Reason" = NULL, "Detail" = NULL, "ChunkNumber" = NULL,
            "UpdatedAt" = {2}
        FROM "Contacts" c
        WHERE {{Revivable}}
        """;

    private const string CountJoined = $$"""
        SELECT (SELECT COUNT(*) FROM "Contacts" c WHERE {{InAudience}} AND {{NotInLedger}})
            + (SELECT COUNT(*) FROM "Recipients" AS old CROSS JOIN "Contacts" c WHERE {{Revivable}}) AS "Value"
        """;

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
        await Exclusions.ApplyAsync(db, Pending(db, campaign), now, cancellation);
        return added;
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
        string sql,
        Campaign campaign,
        DateTimeOffset now,
        CancellationToken cancellation,
        int last = 0
    )
    {
        var needed = 1;
        if (campaign.AudienceKind == AudienceKind.Segment)
        {
            var segment = await db
                .Segments.Where(s => s.TenantId == campaign.TenantId && s.Id == campaign.AudienceSegmentId)
                .Select(s => new { s.Match, Tags = s.Tags.Count })
                .SingleOrDefaultAsync(cancellation);
            // A segment that is gone, or has no tags, holds nobody: one tag is asked for and none is there.
            needed = segment is { Match: SegmentMatch.All } ? Math.Max(1, segment.Tags) : 1;
        }

        return FormattableStringFactory.Create(
            sql,
            campaign.TenantId,
            campaign.Id,
            InstantConverter.ToMicroseconds(now),
            campaign.AudienceKind.ToString(),
            campaign.AudienceTag ?? "",
            campaign.AudienceSegmentId ?? Guid.Empty,
            needed,
            last
        );
    }
}
