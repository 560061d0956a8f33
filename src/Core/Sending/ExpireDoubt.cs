using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>
/// What can no longer be repeated becomes Unknown: visible, and never sent again by the machine. That is a chunk whose
/// key's window is over, in whatever state its campaign is, and one whose account the installation has left.
/// </summary>
public sealed class ExpireDoubt(
    PortalDb db,
    SendingOptions options,
    ProviderAccounts accounts,
    CampaignNotifier notifier,
    ILogger<ExpireDoubt> logger
)
{
    /// <returns>How many chunks became Unknown.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        var account = await accounts.CurrentAsync(cancellation);
        List<Chunk> over;
        List<Campaign> elsewhere;
        await using (var context = db.Read(TenantScope.Installation))
        {
            over = await Over(context, account.Id).ToListAsync(cancellation);
            elsewhere = await OnAnotherAccount(context, account.Id).ToListAsync(cancellation);
        }

        foreach (var campaign in elsewhere)
        {
            await StopAsync(campaign, account.Id, cancellation);
        }

        var expired = 0;
        foreach (var chunk in over)
        {
            expired += await ExpireAsync(chunk, account.Id, cancellation);
        }

        return expired;
    }

    private IQueryable<Chunk> Over(PortalDbContext context, Guid accountId)
    {
        var now = db.Time.GetUtcNow();
        var lastRepeat = now - (options.KeyWindow - options.KeyWindowMargin);
        return context.Chunks.Where(chunk =>
            chunk.DoubtfulSince != null
            && (chunk.FirstAttemptAt <= lastRepeat || chunk.AccountId != accountId)
            // A call in flight still has its answer to give.
            && (chunk.State == ChunkState.Planned || (chunk.State == ChunkState.Leased && chunk.LeaseEnds <= now))
        );
    }

    private static IQueryable<Campaign> OnAnotherAccount(PortalDbContext context, Guid accountId) =>
        context.Campaigns.Where(campaign =>
            campaign.Status == CampaignStatus.Sending
            && context.Runs.Any(run =>
                run.TenantId == campaign.TenantId
                && run.CampaignId == campaign.Id
                && run.Number == campaign.CurrentRun
                && run.AccountId != accountId
            )
        );

    private async Task<int> ExpireAsync(Chunk seen, Guid accountId, CancellationToken cancellation)
    {
        var expired = await db.WriteAsync(
            TenantScope.For(seen.TenantId),
            async (context, token) =>
            {
                var chunk = await Over(context, accountId)
                    .SingleOrDefaultAsync(c => c.CampaignId == seen.CampaignId && c.Number == seen.Number, token);
                if (chunk is null)
                {
                    return 0;
                }

                var now = db.Time.GetUtcNow();
                chunk.CloseUnknown();
                await context.SaveChangesAsync(token);
                await Ledger.MoveAsync(
                    Ledger.Members(context, chunk.TenantId, chunk.CampaignId, chunk.Number),
                    RecipientState.InDoubt,
                    RecipientState.Unknown,
                    now,
                    token
                );
                await CampaignCompletion.CheckAsync(context, chunk.TenantId, chunk.CampaignId, now, token);
                context.AfterCommit(() => notifier.Publish(chunk.CampaignId));
                return 1;
            },
            cancellation
        );
        if (expired == 1)
        {
            logger.LogWarning(
                "Chunk {Chunk} of campaign {CampaignId} is unknown now: it can no longer be repeated under key {Key}.",
                seen.Number,
                seen.CampaignId,
                seen.Key
            );
        }

        return expired;
    }

    private Task<bool> StopAsync(Campaign campaign, Guid accountId, CancellationToken cancellation) =>
        db.WriteAsync(
            TenantScope.For(campaign.TenantId),
            async (context, token) =>
            {
                context.AfterCommit(() => notifier.Publish(campaign.Id));
                return await OnAnotherAccount(context, accountId).AnyAsync(c => c.Id == campaign.Id, token)
                    && await CampaignCompletion.StopAsync(
                        context,
                        campaign.TenantId,
                        campaign.Id,
                        StopReason.AccountChanged,
                        null,
                        null,
                        db.Time.GetUtcNow(),
                        token
                    );
            },
            cancellation
        );
}
