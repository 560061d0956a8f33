using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Outbox;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>
/// What can no longer be repeated becomes Unknown: visible, and never sent again by the machine. That is a chunk whose
/// key's window is over, in whatever state its campaign is, and one whose account the installation has left. Which that is
/// stands in the database: another instance may have been started with another account's key since this one was.
/// </summary>
public sealed class ExpireDoubt(
    PortalDb db,
    SendingOptions options,
    CampaignNotifier notifier,
    ILogger<ExpireDoubt> logger
)
{
    /// <returns>How many chunks became Unknown.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        List<(Guid TenantId, Guid CampaignId, int Number, string? Key)> over;
        List<(Guid TenantId, Guid Id)> elsewhere;
        await using (var context = db.Read(TenantScope.Installation))
        {
            // Without their frozen bytes and their content.
            over =
            [
                .. (
                    await Over(context)
                        .Select(c => new
                        {
                            c.TenantId,
                            c.CampaignId,
                            c.Number,
                            c.Key,
                        })
                        .ToListAsync(cancellation)
                ).Select(c => (c.TenantId, c.CampaignId, c.Number, c.Key)),
            ];
            elsewhere =
            [
                .. (
                    await OnAnotherAccount(context).Select(c => new { c.TenantId, c.Id }).ToListAsync(cancellation)
                ).Select(c => (c.TenantId, c.Id)),
            ];
        }

        foreach (var (tenantId, campaignId) in elsewhere)
        {
            await EachAsync(campaignId, () => StopAsync(tenantId, campaignId, cancellation));
        }

        var expired = 0;
        foreach (var chunk in over)
        {
            await EachAsync(chunk.CampaignId, async () => expired += await ExpireAsync(chunk, cancellation));
        }

        return expired;
    }

    /// <summary>One that fails is tried again in a minute and holds up nobody: the others' windows are over too.</summary>
    private async Task EachAsync(Guid campaignId, Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.LogError(exception, "What is over in campaign {CampaignId} could not be ended.", campaignId);
        }
    }

    private IQueryable<Chunk> Over(PortalDbContext context)
    {
        var own = UsableAccounts.WithKeys(context);
        var now = db.Time.GetUtcNow();
        var lastRepeat = now - (options.KeyWindow - options.KeyWindowMargin);
        var future = now + (options.KeyWindowMargin / 2);
        return context.Chunks.Where(chunk =>
            chunk.DoubtfulSince != null
            // An attempt later than now was written by a clock that was ahead: nobody knows when its window ends.
            && (
                chunk.FirstAttemptAt <= lastRepeat
                || chunk.FirstAttemptAt > future
                || (
                    !context.ProviderAccounts.Any(account => account.IsCurrent && account.Id == chunk.AccountId)
                    && !own.Any(account => account.TenantId == chunk.TenantId && account.AccountId == chunk.AccountId)
                )
            )
            // A call in flight still has its answer to give.
            && (chunk.State == ChunkState.Planned || (chunk.State == ChunkState.Leased && chunk.LeaseEnds <= now))
        );
    }

    /// <summary>Whose run goes through another account than its sender's domain belongs to, or through one that was left.</summary>
    private static IQueryable<Campaign> OnAnotherAccount(PortalDbContext context)
    {
        var own = UsableAccounts.WithKeys(context);
        return context.Campaigns.Where(campaign =>
            campaign.Status == CampaignStatus.Sending
            && context.Runs.Any(run =>
                run.TenantId == campaign.TenantId
                && run.CampaignId == campaign.Id
                && run.Number == campaign.CurrentRun
                && (
                    !context.ProviderAccounts.Any(account => account.IsCurrent && account.Id == run.AccountId)
                        && !own.Any(account =>
                            account.TenantId == run.TenantId && account.AccountId == run.AccountId && account.IsCurrent
                        )
                    || context.SenderIdentities.Any(sender =>
                        sender.TenantId == campaign.TenantId
                        && sender.Id == campaign.SenderId
                        && sender.Domain!.AccountId != run.AccountId
                        // Which of its accounts the installation had then says nothing: it is the one that it has now.
                        && context.ProviderAccounts.Any(account =>
                            (account.Id == run.AccountId || account.Id == sender.Domain!.AccountId)
                            && account.OwnerId != null
                        )
                    )
                )
            )
        );
    }

    private async Task<int> ExpireAsync(
        (Guid TenantId, Guid CampaignId, int Number, string? Key) seen,
        CancellationToken cancellation
    )
    {
        var expired = await db.WriteAsync(
            TenantScope.For(seen.TenantId),
            async (context, token) =>
            {
                var chunk = await Over(context)
                    .ForUpdate()
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
                await EventOutbox.RecipientsAsync(
                    context,
                    chunk.TenantId,
                    chunk.CampaignId,
                    now,
                    token,
                    chunk.FirstRecipient,
                    chunk.LastRecipient
                );
                await CampaignCompletion.CheckAsync(
                    context,
                    chunk.TenantId,
                    chunk.CampaignId,
                    now,
                    token,
                    options.BatchSize
                );
                context.AfterCommit(() => notifier.Publish(chunk.CampaignId));
                return 1;
            },
            cancellation
        );
        if (expired == 1)
        {
            db.Safety.Fired(SafetyMechanism.DoubtExpired);
            logger.LogWarning(
                "Chunk {Chunk} of campaign {CampaignId} is unknown now: it can no longer be repeated under key {Key}.",
                seen.Number,
                seen.CampaignId,
                seen.Key
            );
        }

        return expired;
    }

    private Task<bool> StopAsync(Guid tenantId, Guid campaignId, CancellationToken cancellation) =>
        db.WriteAsync(
            TenantScope.For(tenantId),
            async (context, token) =>
            {
                context.AfterCommit(() => notifier.Publish(campaignId));
                var stopped =
                    await OnAnotherAccount(context).AnyAsync(c => c.Id == campaignId, token)
                    && await CampaignCompletion.StopAsync(
                        context,
                        tenantId,
                        campaignId,
                        StopReason.AccountChanged,
                        null,
                        null,
                        db.Time.GetUtcNow(),
                        token
                    );
                if (stopped)
                {
                    context.Fired(SafetyMechanism.AccountChanged, campaignId);
                }

                return stopped;
            },
            cancellation
        );
}
