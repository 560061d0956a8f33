using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// One outcome applied to one chunk that is still its worker's, inside the settling transaction (docs/sending.md, rules
/// 4 to 6 and 11).
/// </summary>
internal sealed class Settlement(
    PortalDbContext context,
    Chunk chunk,
    Guid accountId,
    DateTimeOffset now,
    SendingOptions options,
    Random random
)
{
    /// <summary>So many refusals in a row with one message are not the recipients' fault.</summary>
    private const int RefusalsThatStop = 3;

    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);

    /// <summary>The provider counts in windows of one second: a header that asks for years must not stop the installation.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private IQueryable<Recipient> Members => Ledger.Members(context, chunk.TenantId, chunk.CampaignId, chunk.Number);

    private IQueryable<Recipient> InDoubt => Members.Where(recipient => recipient.State == RecipientState.InDoubt);

    public Task ApplyAsync(Intent intent, Outcome outcome, CancellationToken cancellation) =>
        outcome switch
        {
            Outcome.Accepted accepted => AcceptAsync(intent, accepted, cancellation),
            Outcome.Refusal { Kind: RefusalKind.Rate } rate => RateLimitedAsync(intent, rate, cancellation),
            Outcome.Refusal { Kind: RefusalKind.Content } refusal when intent.CleanHistory => RefuseAsync(
                refusal,
                cancellation
            ),
            Outcome.Refusal { Kind: not RefusalKind.Content } stop => StopAsync(intent, stop, cancellation),
            Outcome.KeyMismatch => KeyMismatchAsync(cancellation),
            Outcome.Busy => WaitAsync(),
            _ => FailAsync(cancellation),
        };

    private async Task AcceptAsync(Intent intent, Outcome.Accepted accepted, CancellationToken cancellation)
    {
        await Ledger.AcceptAsync(Members, chunk.RunNumber, now, cancellation);
        await Ledger.SetProviderIdsAsync(
            context,
            chunk.TenantId,
            chunk.CampaignId,
            intent.Recipients,
            accepted.ProviderIds,
            cancellation
        );
        chunk.CloseAccepted();
        var account = await AccountAsync(cancellation);
        account.Succeeded(now, accepted.ProviderIds[0]);
    }

    /// <summary>Rule 4 without a clean history: the answer proves nothing, the key stays, and it is told again later.</summary>
    private Task WaitAsync()
    {
        chunk.Failures++;
        chunk.NotBefore = now + Backoff.ForChunk(chunk.Failures, now - (chunk.DoubtfulSince ?? now), random);
        return Task.CompletedTask;
    }

    private async Task RateLimitedAsync(Intent intent, Outcome.Refusal rate, CancellationToken cancellation)
    {
        var pause = rate.RetryAfter ?? ShortestPause;
        pause =
            pause < ShortestPause ? ShortestPause
            : pause > LongestPause ? LongestPause
            : pause;
        var account = await AccountAsync(cancellation);
        account.HoldBack(now + pause);
        if (intent.CleanHistory)
        {
            await EndGenerationAsync(chunk, InDoubt, cancellation);
        }

        chunk.NotBefore = now + pause;
    }

    private async Task RefuseAsync(Outcome.Refusal refusal, CancellationToken cancellation)
    {
        var before = await RefusedJustBeforeAsync(refusal.Message, cancellation);
        if (before.Count < RefusalsThatStop - 1)
        {
            chunk.CloseRefused();
            await Ledger.MoveAsync(
                Members,
                RecipientState.InDoubt,
                RecipientState.Refused,
                now,
                cancellation,
                Reasons.RefusedByProvider,
                refusal.Message
            );
            return;
        }

        // The fault hits everybody: those refused before return to Pending, and nobody else is asked. Their chunks wait
        // with them, so that nobody is left without one where the campaign is paused and not stopped.
        foreach (var refused in before)
        {
            var members = Ledger
                .Members(context, refused.TenantId, refused.CampaignId, refused.Number)
                .Where(r => r.State == RecipientState.Refused && r.Reason == Reasons.RefusedByProvider);
            await EndGenerationAsync(refused, members, cancellation);
        }

        await EndGenerationAsync(chunk, InDoubt, cancellation);
        await StopCampaignAsync(StopReason.RefusedForAll, refusal.Message, null, cancellation);
    }

    /// <summary>The chunks whose attempts ended last in this campaign, as far as they were all refused with this message.</summary>
    private async Task<List<Chunk>> RefusedJustBeforeAsync(string message, CancellationToken cancellation)
    {
        var last = await context
            .Attempts.Where(a =>
                a.CampaignId == chunk.CampaignId
                && a.CompletedAt != null
                && a.RunNumber == chunk.RunNumber
                && a.Outcome != AttemptOutcome.RateLimited
                && a.ChunkNumber != chunk.Number
            )
            .OrderByDescending(a => a.CompletedAt)
            .ThenByDescending(a => a.ChunkNumber)
            .Take(RefusalsThatStop - 1)
            .Select(a => new
            {
                a.ChunkNumber,
                a.Outcome,
                a.Message,
            })
            .ToListAsync(cancellation);
        if (!last.TrueForAll(a => a.Outcome == AttemptOutcome.Refused && a.Message == message))
        {
            return [];
        }

        // Only what still stands refused: a chunk that has gone out again since may be in doubt under its next key.
        var numbers = last.Select(a => a.ChunkNumber).Distinct().ToList();
        return await context
            .Chunks.Where(c =>
                c.CampaignId == chunk.CampaignId && numbers.Contains(c.Number) && c.State == ChunkState.Refused
            )
            .ToListAsync(cancellation);
    }

    private async Task StopAsync(Intent intent, Outcome.Refusal refusal, CancellationToken cancellation)
    {
        if (intent.CleanHistory)
        {
            await EndGenerationAsync(chunk, InDoubt, cancellation);
        }
        else
        {
            await WaitAsync();
        }

        var (reason, resumeAfter) = refusal.Kind switch
        {
            RefusalKind.DailyQuota => (StopReason.DailyQuota, (DateTimeOffset?)NextUtcMidnight()),
            RefusalKind.MonthlyQuota => (StopReason.MonthlyQuota, null),
            RefusalKind.Key => (StopReason.KeyRejected, null),
            _ => (StopReason.SenderNotVerified, (DateTimeOffset?)null),
        };
        await StopCampaignAsync(reason, refusal.Message, resumeAfter, cancellation);
    }

    private async Task KeyMismatchAsync(CancellationToken cancellation)
    {
        chunk.CloseUnknown();
        await Ledger.MoveAsync(Members, RecipientState.InDoubt, RecipientState.Unknown, now, cancellation);
    }

    private async Task FailAsync(CancellationToken cancellation)
    {
        await WaitAsync();
        var account = await AccountAsync(cancellation);
        account.Failed(now, Backoff.ForAccount(account.FailuresInARow + 1, random));
        var patienceEnds = account.FailingSince!.Value + options.Patience;
        if (now < patienceEnds)
        {
            // The last try of the patience is not slept through.
            chunk.NotBefore = chunk.NotBefore < patienceEnds ? chunk.NotBefore : patienceEnds;
            return;
        }

        // Installation-wide by nature: the account is shared, so each of its campaigns would find the same wall. Here the
        // one whose call it was; the others stop at their own next failure.
        await StopCampaignAsync(StopReason.ProviderUnavailable, chunk.LastMessage, null, cancellation);
    }

    /// <summary>
    /// Rule 4 with a clean history: nothing was accepted, the generation is over. Its recipients are pending again, or
    /// excluded where the campaign was cancelled meanwhile; the next generation belongs to the run that is current now.
    /// </summary>
    private async Task EndGenerationAsync(Chunk over, IQueryable<Recipient> members, CancellationToken cancellation)
    {
        var campaign = await context
            .Campaigns.Where(c => c.Id == over.CampaignId)
            .Select(c => new { c.Status, c.CurrentRun })
            .SingleAsync(cancellation);
        var from = over.State == ChunkState.Refused ? RecipientState.Refused : RecipientState.InDoubt;
        over.StartNextGeneration(campaign.CurrentRun);
        if (campaign.Status == CampaignStatus.Cancelled)
        {
            over.State = ChunkState.Abandoned;
            await Ledger.MoveAsync(members, from, RecipientState.Excluded, now, cancellation, Reasons.Cancelled);
            return;
        }

        await Ledger.MoveAsync(members, from, RecipientState.Pending, now, cancellation);
    }

    private Task<bool> StopCampaignAsync(
        StopReason reason,
        string? detail,
        DateTimeOffset? resumeAfter,
        CancellationToken cancellation
    ) =>
        CampaignCompletion.StopAsync(
            context,
            chunk.TenantId,
            chunk.CampaignId,
            reason,
            detail,
            resumeAfter,
            now,
            cancellation
        );

    private Task<ProviderAccount> AccountAsync(CancellationToken cancellation) =>
        context.ProviderAccounts.SingleAsync(account => account.Id == accountId, cancellation);

    private DateTimeOffset NextUtcMidnight() => new(now.UtcDateTime.Date.AddDays(1), TimeSpan.Zero);
}
