using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Outbox;
using Ledgerpost.Recipients;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>Whether a press of a button moved the campaign, and where it stands now; null when there is no such campaign.</summary>
public sealed record TransitionResult(bool Won, CampaignStatus? Status);

/// <summary>Sending → Paused. Calls in flight are seen through; nothing new starts and nothing is repeated.</summary>
public sealed class PauseCampaign(PortalDb db, CampaignNotifier notifier)
{
    public Task<TransitionResult> ExecuteAsync(Caller caller, Guid campaignId, CancellationToken cancellation) =>
        CampaignMove.ExecuteAsync(
            db,
            notifier,
            caller,
            campaignId,
            [CampaignStatus.Sending],
            CampaignStatus.Paused,
            "campaign.paused",
            (_, _, _) => Task.CompletedTask,
            cancellation
        );
}

/// <summary>Paused → Sending, in the same run.</summary>
public sealed class ContinueCampaign(PortalDb db, CampaignNotifier notifier, SendingSignal signal)
{
    public async Task<TransitionResult> ExecuteAsync(Caller caller, Guid campaignId, CancellationToken cancellation)
    {
        var result = await CampaignMove.ExecuteAsync(
            db,
            notifier,
            caller,
            campaignId,
            [CampaignStatus.Paused],
            CampaignStatus.Sending,
            "campaign.continued",
            (command, campaign, token) =>
                CampaignCompletion.CheckAsync(command.Db, campaign.TenantId, campaign.Id, command.Now, token),
            cancellation
        );
        signal.Raise();
        return result;
    }
}

/// <summary>
/// Ends a campaign for good: whoever is pending is excluded. What is in doubt is not repeated and stays visible; proof is
/// still taken.
/// </summary>
public sealed class CancelCampaign(PortalDb db, CampaignNotifier notifier)
{
    public Task<TransitionResult> ExecuteAsync(Caller caller, Guid campaignId, CancellationToken cancellation) =>
        CampaignMove.ExecuteAsync(
            db,
            notifier,
            caller,
            campaignId,
            [CampaignStatus.Scheduled, CampaignStatus.Sending, CampaignStatus.Paused, CampaignStatus.Partial],
            CampaignStatus.Cancelled,
            "campaign.cancelled",
            ExcludePendingAsync,
            cancellation
        );

    private static async Task ExcludePendingAsync(
        CommandContext command,
        Campaign campaign,
        CancellationToken cancellation
    )
    {
        await CleanChunks.AbandonAsync(command.Db, campaign, cancellation);
        await Ledger.MoveAsync(
            FreezeAudience.Pending(command.Db, campaign),
            RecipientState.Pending,
            RecipientState.Excluded,
            command.Now,
            cancellation,
            Reasons.Cancelled
        );
        await EventOutbox.RecipientsAsync(command.Db, campaign.TenantId, campaign.Id, command.Now, cancellation);
        await command
            .Db.Campaigns.Where(c => c.Id == campaign.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(c => c.FinishedAt, command.Now), cancellation);
        if (campaign is { Status: CampaignStatus.Scheduled, ContinuesId: { } source })
        {
            // It waited for this one, whose people could still have come back to it.
            await CampaignCompletion.CheckAsync(command.Db, campaign.TenantId, source, command.Now, cancellation);
        }
    }
}

/// <summary>What the three have in common: one conditional move, its consequence and its audit entry, in one transaction.</summary>
internal static class CampaignMove
{
    public static async Task<TransitionResult> ExecuteAsync(
        PortalDb db,
        CampaignNotifier notifier,
        Caller caller,
        Guid campaignId,
        CampaignStatus[] from,
        CampaignStatus to,
        string action,
        Func<CommandContext, Campaign, CancellationToken, Task> then,
        CancellationToken cancellation
    ) =>
        await db.CommandAsync(
            caller,
            TenantRole.Admin,
            async (command, token) =>
            {
                var campaign = await command
                    .Db.Campaigns.AsNoTracking()
                    .SingleOrDefaultAsync(c => c.Id == campaignId, token);
                if (campaign is null)
                {
                    return new TransitionResult(false, null);
                }

                if (
                    !from.Contains(campaign.Status)
                    || !await CampaignTransitions.TryMoveAsync(
                        command.Db,
                        campaign.TenantId,
                        campaignId,
                        campaign.Status,
                        to,
                        command.Now,
                        token
                    )
                )
                {
                    command.Db.Fired(SafetyMechanism.MoveLost, action);
                    return new TransitionResult(false, campaign.Status);
                }

                await then(command, campaign, token);
                command.Audit(
                    campaign.Kind.Audited(action),
                    campaign.Kind.AuditedAs(),
                    campaignId.ToString(),
                    campaign.Name,
                    FieldDifference.Of([new ChangedField("status", campaign.Status.ToString(), to.ToString())])
                );
                command.Db.AfterCommit(() => notifier.Publish(campaignId));
                return new TransitionResult(true, to);
            },
            cancellation
        );
}

/// <summary>Chunks of which nothing is in doubt: a new run, a cancel or the end of the campaign closes them.</summary>
internal static class CleanChunks
{
    /// <summary>
    /// Epoch + 1, so that a worker that holds one finds its intent fenced; its recipients are free. Chunks in doubt keep
    /// theirs.
    /// </summary>
    public static async Task AbandonAsync(PortalDbContext db, Campaign campaign, CancellationToken cancellation)
    {
        await CloseAsync(db, campaign.TenantId, campaign.Id, cancellation);
        await FreezeAudience
            .Pending(db, campaign)
            .Where(recipient => recipient.ChunkNumber != null)
            .ExecuteUpdateAsync(set => set.SetProperty(recipient => recipient.ChunkNumber, (int?)null), cancellation);
    }

    /// <summary>The chunks alone, where nobody waits in them any more.</summary>
    public static async Task CloseAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        CancellationToken cancellation
    )
    {
        var taken = await db
            .Chunks.Where(chunk =>
                chunk.TenantId == tenantId
                && chunk.CampaignId == campaignId
                && (chunk.State == ChunkState.Planned || chunk.State == ChunkState.Leased)
                && chunk.DoubtfulSince == null
            )
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(chunk => chunk.State, ChunkState.Abandoned)
                        .SetProperty(chunk => chunk.Epoch, chunk => chunk.Epoch + 1)
                        .SetProperty(chunk => chunk.LeaseOwner, (string?)null)
                        .SetProperty(chunk => chunk.LeaseEnds, (DateTimeOffset?)null),
                cancellation
            );
        if (taken > 0)
        {
            db.Fired(SafetyMechanism.CleanTakenBack, campaignId);
        }
    }
}
