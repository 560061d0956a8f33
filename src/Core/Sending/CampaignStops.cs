using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>Stops a campaign whose call cannot be made; nobody comes into doubt for it.</summary>
internal sealed class CampaignStops(PortalDb db, CampaignNotifier notifier)
{
    public async Task ForKeyAsync(ClaimedChunk chunk, Guid accountId, CancellationToken cancellation)
    {
        await db.WriteAsync(
            TenantScope.For(chunk.TenantId),
            (context, token) =>
                CampaignCompletion.StopThroughAsync(
                    context,
                    accountId,
                    chunk.TenantId,
                    chunk.CampaignId,
                    StopReason.KeyMissing,
                    Settlement.NoKey,
                    null,
                    db.Time.GetUtcNow(),
                    token
                ),
            cancellation
        );
        notifier.Publish(chunk.CampaignId);
    }

    /// <summary>
    /// Asked again: between the intent and this stop the sender may have been verified, and the campaign resumed by whoever
    /// saw to that.
    /// </summary>
    public async Task ForSenderAsync(ClaimedChunk chunk, CancellationToken cancellation)
    {
        await db.WriteAsync(
            TenantScope.For(chunk.TenantId),
            async (context, token) =>
            {
                await context.LockCampaignAsync(chunk.CampaignId, token);
                if (
                    await IntentStatement
                        .WithVerifiedSender(context)
                        .AnyAsync(campaign => campaign.Id == chunk.CampaignId, token)
                )
                {
                    return;
                }

                await CampaignCompletion.StopAsync(
                    context,
                    chunk.TenantId,
                    chunk.CampaignId,
                    StopReason.SenderNotVerified,
                    await SenderAccounts.TroubleAsync(
                        context,
                        context.Campaigns.Where(campaign => campaign.Id == chunk.CampaignId).Select(c => c.SenderId),
                        token
                    ),
                    null,
                    db.Time.GetUtcNow(),
                    token
                );
            },
            cancellation
        );
        notifier.Publish(chunk.CampaignId);
    }
}
