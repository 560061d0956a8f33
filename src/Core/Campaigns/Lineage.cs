using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Campaigns;

/// <summary>
/// A campaign and everything that it continues or that continues it. Of one lineage at most one campaign may start mail
/// for the first time; the conditions stand here, and each is part of the statement that needs it.
/// </summary>
public static class Lineage
{
    /// <summary>The ids of the others; null when there are none, which is so for nearly every campaign.</summary>
    public static async Task<IQueryable<Guid>?> OthersAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        CancellationToken cancellation
    )
    {
        IQueryable<Guid> Others() =>
            db
                .Campaigns.Where(other =>
                    other.TenantId == tenantId
                    && other.Id != campaignId
                    && db.Campaigns.Any(campaign =>
                        campaign.TenantId == tenantId
                        && campaign.Id == campaignId
                        && campaign.LineageId == other.LineageId
                    )
                )
                .Select(other => other.Id);
        // Asked for every chunk.
        return await db.AnyAsync(
            $"""
            SELECT 1 FROM "Campaigns" AS c JOIN "Campaigns" AS o
                ON o."TenantId" = c."TenantId" AND o."LineageId" = c."LineageId" AND o."Id" <> c."Id"
            WHERE c."TenantId" = {tenantId} AND c."Id" = {campaignId} LIMIT 1
            """,
            cancellation
        )
            ? Others()
            : null;
    }

    // Both conditions ask for a row that must be there, never for one that must not: a statement that waited for another
    // transaction's lock sees that transaction's row of its own table anew, and nothing else that was written with it.

    /// <summary>
    /// Not continued, or the last of its lineage has come to its end: then nobody but this one can send to those who came
    /// back too late to go along.
    /// </summary>
    public static IQueryable<Campaign> NotContinued(PortalDbContext db, IQueryable<Campaign> campaigns) =>
        campaigns.Where(campaign =>
            campaign.ContinuedById == null
            || db.Campaigns.Any(last =>
                last.TenantId == campaign.TenantId
                && last.LineageId == campaign.LineageId
                && last.LineagePlace > campaign.LineagePlace
                && last.ContinuedById == null
                && (last.Status == CampaignStatus.Sent || last.Status == CampaignStatus.Cancelled)
            )
        );

    /// <summary>
    /// No draft holds its people, be it scheduled: a draft can be deleted, and then they are this campaign's again.
    /// </summary>
    public static IQueryable<Campaign> NotAwaited(PortalDbContext db, IQueryable<Campaign> campaigns) =>
        campaigns.Where(campaign =>
            campaign.ContinuedById == null
            || db.Campaigns.Any(followUp =>
                followUp.TenantId == campaign.TenantId
                && followUp.Id == campaign.ContinuedById
                && followUp.Status != CampaignStatus.Draft
                && followUp.Status != CampaignStatus.Scheduled
            )
        );
}
