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

    public async Task ForSenderAsync(ClaimedChunk chunk, CancellationToken cancellation)
    {
        await db.WriteAsync(
            TenantScope.For(chunk.TenantId),
            async (context, token) =>
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
                ),
            cancellation
        );
        notifier.Publish(chunk.CampaignId);
    }
}
