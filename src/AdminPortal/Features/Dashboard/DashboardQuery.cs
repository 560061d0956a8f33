using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace AdminPortal.Features.Dashboard;

/// <summary>What a person wants to know first, from one snapshot.</summary>
public sealed class DashboardQuery(PortalDb portal)
{
    private const int Shown = 5;

    /// <summary>Counted no further: whether a hundred wait or a million, somebody has to look.</summary>
    public const int MostStopped = 100;

    public Task<DashboardView> ReadAsync(TenantScope scope, CancellationToken cancellation) =>
        portal.ReadSnapshotAsync(scope, ReadAsync, cancellation);

    private static async Task<DashboardView> ReadAsync(PortalDbContext db, CancellationToken cancellation)
    {
        var live = await CampaignsAsync(
            db.Campaigns.Composed()
                .Where(campaign =>
                    campaign.Status == CampaignStatus.Partial
                    || campaign.Status == CampaignStatus.Sending
                    || campaign.Status == CampaignStatus.Preparing
                    || campaign.Status == CampaignStatus.Paused
                    || campaign.Status == CampaignStatus.Scheduled
                ),
            cancellation
        );
        var recent = await CampaignsAsync(
            db.Campaigns.Composed()
                .Where(campaign =>
                    campaign.Status == CampaignStatus.Draft
                    || campaign.Status == CampaignStatus.Sent
                    || campaign.Status == CampaignStatus.Cancelled
                ),
            cancellation
        );
        return new DashboardView(
            // What waits for a person comes before what goes on by itself.
            [.. live.OrderBy(campaign => campaign.Status == CampaignStatus.Partial ? 0 : 1)],
            recent,
            await db.Contacts.CountAsync(cancellation),
            await db.SuppressedAddresses.CountAsync(cancellation),
            await db.SendingDomains.AnyAsync(domain => domain.Status == DomainStatus.Verified, cancellation),
            await db.Campaigns.Composed().AnyAsync(cancellation),
            await db
                .Campaigns.Emails()
                .Where(mail => mail.Status == CampaignStatus.Partial)
                .Take(MostStopped)
                .CountAsync(cancellation)
        );
    }

    private static Task<List<DashboardCampaign>> CampaignsAsync(
        IQueryable<Campaign> campaigns,
        CancellationToken cancellation
    ) =>
        campaigns
            .OrderByDescending(campaign => campaign.UpdatedAt)
            .Take(Shown)
            .Select(campaign => new DashboardCampaign(campaign.Id, campaign.Name, campaign.Status, campaign.UpdatedAt))
            .ToListAsync(cancellation);
}

/// <param name="Live">In progress, paused or partial; the partial first.</param>
/// <param name="StoppedEmails">Transactional mails whose sending stopped by itself; at most <see cref="DashboardQuery.MostStopped"/>.</param>
/// <param name="Recent">Drafts and finished ones, the latest first.</param>
public sealed record DashboardView(
    IReadOnlyList<DashboardCampaign> Live,
    IReadOnlyList<DashboardCampaign> Recent,
    int Contacts,
    int Suppressed,
    bool HasVerifiedDomain,
    bool HasCampaigns,
    int StoppedEmails
)
{
    /// <summary>Nothing can be sent yet, or nothing ever was: the first steps are shown.</summary>
    public bool IsBeginning => !HasVerifiedDomain || Contacts == 0 || !HasCampaigns;
}

public sealed record DashboardCampaign(Guid Id, string Name, CampaignStatus Status, DateTimeOffset UpdatedAt);
