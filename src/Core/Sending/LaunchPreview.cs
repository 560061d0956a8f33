using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Ledgerpost.Suppression;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>What the launch's one dialog says.</summary>
/// <param name="EstimatedFinish">From now, at the rate that the provider allows; nothing of it is promised.</param>
public sealed record LaunchPreviewResult(
    string From,
    int WillSend,
    IReadOnlyList<ReasonCount> Excluded,
    DateTimeOffset? EstimatedFinish
);

/// <summary>What a launch would do, and what stands in its way. A closed set.</summary>
public abstract record LaunchForecast
{
    private LaunchForecast() { }

    public sealed record Foretold(LaunchPreviewResult Preview, PreflightReport Report) : LaunchForecast;

    /// <summary>There is no launch to look at any more; the campaign stands at <paramref name="Status"/>.</summary>
    public sealed record AlreadyLaunched(CampaignStatus Status) : LaunchForecast;

    public sealed record NotFound : LaunchForecast;
}

/// <summary>Counts a draft's audience from one snapshot, by the rules by which the launch will take it.</summary>
public sealed class LaunchPreview(PortalDb db, Pacer pacer)
{
    /// <returns>Null when the tenant has no such campaign, or no longer.</returns>
    public Task<LaunchPreviewResult?> ExecuteAsync(
        TenantScope scope,
        Guid campaignId,
        CancellationToken cancellation
    ) =>
        db.ReadSnapshotAsync(
            scope,
            async (context, token) =>
                await context.Campaigns.SingleOrDefaultAsync(c => c.Id == campaignId, token) is { } campaign
                    ? await PreviewAsync(context, campaign, token)
                    : null,
            cancellation
        );

    /// <summary>With the checks before a launch, of the same snapshot: a draft may be changed, launched or deleted at any time.</summary>
    public Task<LaunchForecast> ForetellAsync(TenantScope scope, Guid campaignId, CancellationToken cancellation) =>
        db.ReadSnapshotAsync(scope, (context, token) => ForetellAsync(context, campaignId, token), cancellation);

    private async Task<LaunchForecast> ForetellAsync(
        PortalDbContext context,
        Guid campaignId,
        CancellationToken cancellation
    ) =>
        await context.Campaigns.Composed().SingleOrDefaultAsync(c => c.Id == campaignId, cancellation) switch
        {
            null => new LaunchForecast.NotFound(),
            { Status: CampaignStatus.Draft or CampaignStatus.Scheduled } campaign => new LaunchForecast.Foretold(
                await PreviewAsync(context, campaign, cancellation),
                await Preflight.CheckAsync(context, DraftContent.Of(campaign), cancellation)
            ),
            var launched => new LaunchForecast.AlreadyLaunched(launched.Status),
        };

    private async Task<LaunchPreviewResult> PreviewAsync(
        PortalDbContext context,
        Campaign campaign,
        CancellationToken cancellation
    )
    {
        var sender = await context
            .SenderIdentities.Include(s => s.Domain)
            .SingleOrDefaultAsync(s => s.Id == campaign.SenderId, cancellation);
        var (willSend, excluded) = await CountAsync(context, campaign, cancellation);
        return new LaunchPreviewResult(
            sender is null ? "" : SenderHeader.Of(sender),
            willSend,
            excluded,
            Finish(campaign, willSend)
        );
    }

    /// <returns>How many a launch would mail, and how many of the audience it would not, by reason.</returns>
    internal static async Task<(int WillSend, IReadOnlyList<ReasonCount> Excluded)> CountAsync(
        PortalDbContext context,
        Campaign campaign,
        CancellationToken cancellation
    )
    {
        if (campaign.ContinuesId is not null)
        {
            // Its people stand in its ledger already.
            var pending = FreezeAudience.Pending(context, campaign);
            var others = await Lineage.OthersAsync(context, campaign.TenantId, campaign.Id, cancellation);
            var excluded = await Exclusions.CountAsync(context, pending, others, cancellation);
            return (await pending.CountAsync(cancellation) - excluded.Sum(reason => reason.Count), excluded);
        }

        var audience = LaunchCampaign.Audience(context, campaign);
        var all = await audience.CountAsync(cancellation);
        var unsubscribed = await SuppressedAsync(SuppressionReason.Unsubscribed, wanted: true);
        var suppressed = await SuppressedAsync(SuppressionReason.Unsubscribed, wanted: false);
        var leftOut = await context.CountRecipientsOfAsync(
            CampaignAudience.NotSuppressed(context, audience),
            LeftOutCampaigns.Read(campaign.LeavesOut),
            cancellation
        );
        return (
            all - unsubscribed - suppressed - leftOut,
            [
                new ReasonCount(Reasons.Unsubscribed, unsubscribed),
                new ReasonCount(Reasons.Suppressed, suppressed),
                new ReasonCount(Reasons.InLeftOutCampaign, leftOut),
            ]
        );

        Task<int> SuppressedAsync(SuppressionReason reason, bool wanted) =>
            audience.CountAsync(
                contact =>
                    context.SuppressedAddresses.Any(row =>
                        row.TenantId == contact.TenantId
                        && row.NormalizedEmail == contact.NormalizedEmail
                        && (row.Reason == reason) == wanted
                    ),
                cancellation
            );
    }

    private DateTimeOffset Finish(Campaign campaign, int willSend)
    {
        var calls = (willSend + ChunkPlanner.SizeFor(campaign) - 1) / ChunkPlanner.SizeFor(campaign);
        return db.Time.GetUtcNow() + (pacer.Spacing * calls);
    }
}
