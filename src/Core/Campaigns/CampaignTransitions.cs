using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Campaigns;

/// <summary>
/// The only place that changes a campaign's status. Each move is one conditional statement that says whether it won, so
/// that of two people who press at once one wins and the other is told where the campaign stands.
/// </summary>
public static class CampaignTransitions
{
    /// <summary>From where each status may be reached; drawn in docs/sending.md.</summary>
    private static readonly Dictionary<CampaignStatus, CampaignStatus[]> Sources = new()
    {
        [CampaignStatus.Scheduled] = [CampaignStatus.Draft],
        [CampaignStatus.Preparing] = [CampaignStatus.Draft, CampaignStatus.Scheduled],
        // From Preparing only after a restore: nothing is launched by itself that may have been sent since the backup.
        [CampaignStatus.Draft] = [CampaignStatus.Preparing, CampaignStatus.Scheduled],
        [CampaignStatus.Sending] = [CampaignStatus.Preparing, CampaignStatus.Paused, CampaignStatus.Partial],
        [CampaignStatus.Paused] = [CampaignStatus.Sending],
        [CampaignStatus.Partial] = [CampaignStatus.Sending],
        [CampaignStatus.Sent] = [CampaignStatus.Sending, CampaignStatus.Partial, CampaignStatus.Paused],
        [CampaignStatus.Cancelled] =
        [
            CampaignStatus.Scheduled,
            // Only with its tenant.
            CampaignStatus.Preparing,
            CampaignStatus.Sending,
            CampaignStatus.Paused,
            CampaignStatus.Partial,
        ],
    };

    public static bool Allows(CampaignStatus from, CampaignStatus to) =>
        Sources.TryGetValue(to, out var sources) && sources.Contains(from);

    /// <summary>What the tenant's own programs are told of a move; nothing of the one back to a draft.</summary>
    private static EventType? Told(CampaignStatus from, CampaignStatus to) =>
        (from, to) switch
        {
            (CampaignStatus.Paused, CampaignStatus.Sending) => EventType.CampaignContinued,
            (CampaignStatus.Partial, CampaignStatus.Sending) => EventType.CampaignResumed,
            (_, CampaignStatus.Scheduled) => EventType.CampaignScheduled,
            (_, CampaignStatus.Preparing) => EventType.CampaignPreparing,
            (_, CampaignStatus.Sending) => EventType.CampaignSending,
            (_, CampaignStatus.Paused) => EventType.CampaignPaused,
            (_, CampaignStatus.Partial) => EventType.CampaignPartial,
            (_, CampaignStatus.Sent) => EventType.CampaignSent,
            (_, CampaignStatus.Cancelled) => EventType.CampaignCancelled,
            _ => null,
        };

    /// <param name="reason">Of a campaign that stops by itself.</param>
    /// <returns>False when the campaign was not in <paramref name="from"/> any more; nothing has changed then.</returns>
    public static async Task<bool> TryMoveAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        CampaignStatus from,
        CampaignStatus to,
        DateTimeOffset now,
        CancellationToken cancellation,
        StopReason? reason = null
    )
    {
        if (!Allows(from, to))
        {
            throw new InvalidOperationException($"No campaign goes from {from} to {to}.");
        }

        // An intent that has seen the old status is committed before, and every later one sees the new.
        await db.LockCampaignAsync(campaignId, cancellation);
        var movable = db.Campaigns.Where(campaign =>
            campaign.TenantId == tenantId && campaign.Id == campaignId && campaign.Status == from
        );
        movable = (from, to) switch
        {
            (CampaignStatus.Partial, CampaignStatus.Sending) => Lineage.NotContinued(db, movable),
            (_, CampaignStatus.Sent) => Lineage.NotAwaited(db, movable),
            _ => movable,
        };
        var moved = await movable.ExecuteUpdateAsync(
            set => set.SetProperty(campaign => campaign.Status, to).SetProperty(campaign => campaign.UpdatedAt, now),
            cancellation
        );
        if (moved == 1 && Told(from, to) is { } told)
        {
            await EventOutbox.CampaignAsync(db, tenantId, campaignId, told, reason?.ToString(), now, cancellation);
        }

        return moved == 1;
    }
}
