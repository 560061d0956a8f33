using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// One outcome applied to one chunk, inside the settling transaction and once the fenced statement of
/// <see cref="SettleAttempt"/> has said that it is still its worker's (docs/sending.md, rules 4 to 6 and 11).
/// </summary>
internal sealed class Settlement(
    PortalDbContext context,
    ClaimedChunk claim,
    Intent intent,
    Guid accountId,
    DateTimeOffset now,
    SendingOptions options,
    Random random
)
{
    public const string NoKey = "The key of its provider account is gone or cannot be read here, so nothing was sent.";

    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);

    /// <summary>The provider counts in windows of one second: a header that asks for years must not stop the installation.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    /// <summary>No quota is renewed later than this; a header that says so is not believed.</summary>
    private static readonly TimeSpan LongestQuota = TimeSpan.FromDays(31);

    private string? _successToNote;

    private IQueryable<Chunk> Own => Chunks.Numbered(context, claim.TenantId, claim.CampaignId, claim.Number);

    private IQueryable<Recipient> Members => Ledger.Members(context, claim.TenantId, claim.CampaignId, claim.Number);

    public Task ApplyAsync(Outcome outcome, CancellationToken cancellation) =>
        outcome switch
        {
            Outcome.Accepted accepted => AcceptAsync(accepted, cancellation),
            Outcome.Refusal { Kind: RefusalKind.Rate } rate => RateLimitedAsync(rate, cancellation),
            Outcome.Refusal { Kind: RefusalKind.Content } refusal when Proves(refusal) == Proof.NotAccepted =>
                new Bisection(context, claim, intent, now).RefuseAsync(refusal.Message, cancellation),
            Outcome.Refusal { Kind: not RefusalKind.Content } stop => StopAsync(stop, cancellation),
            Outcome.KeyMismatch => KeyMismatchAsync(cancellation),
            Outcome.Busy busy => BusyAsync(busy, cancellation),
            Outcome.Ambiguous ambiguous => FailAsync(ambiguous.Message, cancellation),
            Outcome.Refusal refusal => FailAsync(refusal.Message, cancellation),
            Outcome.NotSent { For: NotSentFor.NoKey } => KeyMissingAsync(cancellation),
            _ => FailAsync(null, cancellation),
        };

    /// <summary>Last of all: whatever may wait for a campaign comes before it, and keeps nobody from the account's row.</summary>
    public Task NoteSuccessAsync(CancellationToken cancellation) =>
        _successToNote is { } emailId
            ? AccountRow.NoteAsync(context, accountId, now, emailId, cancellation)
            : Task.CompletedTask;

    private Proof Proves(Outcome outcome) => Protocol.Proves(outcome, intent.CleanHistory);

    /// <summary>Its chunk is closed already, by the statement that proved it to be this worker's.</summary>
    private async Task AcceptAsync(Outcome.Accepted accepted, CancellationToken cancellation)
    {
        await Ledger.AcceptAsync(
            context,
            claim.TenantId,
            claim.CampaignId,
            intent.Recipients,
            accepted.ProviderIds,
            claim.RunNumber,
            now,
            cancellation
        );
        var emailId = accepted.ProviderIds[0];
        _successToNote = await AccountRow.MendAsync(context, accountId, now, emailId, cancellation) ? emailId : null;
    }

    private async Task RateLimitedAsync(Outcome.Refusal rate, CancellationToken cancellation)
    {
        var asked = rate.RetryAfter ?? ShortestPause;
        if (asked > LongestPause)
        {
            context.Fired(SafetyMechanism.HeaderBounded, asked);
        }

        var pause =
            asked < ShortestPause ? ShortestPause
            : asked > LongestPause ? LongestPause
            : asked;
        var account = await AccountAsync(cancellation);
        account.RateLimited(now, pause);
        var patienceIsOver = now >= await PatienceEndsAsync(account, cancellation);
        if (Proves(rate) == Proof.NotAccepted)
        {
            await EndGenerationAsync(cancellation);
            await PauseAsync(now + pause, cancellation);
        }
        else if (patienceIsOver)
        {
            // In a Partial campaign nothing else waits for this key: asked ever more rarely until its window is over.
            await WaitAsync(now + pause, DateTimeOffset.MaxValue, cancellation);
        }
        else
        {
            await PauseAsync(now + pause, cancellation);
        }

        if (patienceIsOver)
        {
            context.Fired(SafetyMechanism.PatienceOver, claim);
            await StopCampaignAsync(StopReason.RateLimited, rate.Message, null, cancellation);
        }
    }

    private async Task StopAsync(Outcome.Refusal refusal, CancellationToken cancellation)
    {
        if (Proves(refusal) == Proof.NotAccepted)
        {
            await EndGenerationAsync(cancellation);
        }
        else
        {
            await WaitAsync(now, DateTimeOffset.MaxValue, cancellation);
        }

        var renewed = refusal.RetryAfter is { } after && after <= LongestQuota ? now + after : (DateTimeOffset?)null;
        var (reason, resumeAfter) = refusal.Kind switch
        {
            RefusalKind.DailyQuota => (StopReason.DailyQuota, NextUtcMidnight()),
            RefusalKind.MonthlyQuota => (StopReason.MonthlyQuota, renewed),
            RefusalKind.Key => (StopReason.KeyRejected, null),
            _ => (StopReason.SenderNotVerified, (DateTimeOffset?)null),
        };
        context.Fired(SafetyMechanism.StoppedAtOnce, reason);
        await StopCampaignAsync(reason, refusal.Message, resumeAfter, cancellation);
        if (reason == StopReason.SenderNotVerified)
        {
            // The provider knows more than we do. After the stop: the log's lock comes before the domain's row, as where an
            // answer about the domain is recorded.
            await context
                .SendingDomains.Where(domain =>
                    domain.TenantId == claim.TenantId
                    && context.Campaigns.Any(campaign =>
                        campaign.Id == claim.CampaignId
                        && context.SenderIdentities.Any(sender =>
                            sender.Id == campaign.SenderId && sender.DomainId == domain.Id
                        )
                    )
                )
                .ExecuteUpdateAsync(set => set.SetProperty(domain => domain.NextCheckAt, now), cancellation);
        }
    }

    /// <summary>Taken away between the question before the intent and the call. The account has not failed: it was not asked.</summary>
    private async Task KeyMissingAsync(CancellationToken cancellation)
    {
        await WaitAsync(now, DateTimeOffset.MaxValue, cancellation);
        await StopCampaignAsync(StopReason.KeyMissing, NoKey, null, cancellation);
    }

    private async Task KeyMismatchAsync(CancellationToken cancellation)
    {
        await Chunks.CloseAsync(Own, ChunkState.Unknown, cancellation);
        await Ledger.MoveAsync(Members, RecipientState.InDoubt, RecipientState.Unknown, now, cancellation);
    }

    /// <summary>The key's first call is still running, or so it says: wait, same key. No failure, but no success either.</summary>
    private async Task BusyAsync(Outcome.Busy busy, CancellationToken cancellation)
    {
        var account = await AccountAsync(cancellation);
        account.TookNothing(now);
        await WaitForPatienceAsync(account, StopReason.ProviderBusy, busy.Message, cancellation);
    }

    private async Task FailAsync(string? message, CancellationToken cancellation)
    {
        var account = await AccountAsync(cancellation);
        account.Failed(now, Backoff.ForAccount(account.FailuresInARow + 1, random));
        await WaitForPatienceAsync(account, StopReason.ProviderUnavailable, message, cancellation);
    }

    /// <summary>
    /// Waits, and stops the campaign when the account has taken nothing for as long as patience lasts. Installation-wide by
    /// nature: the account is shared, so each of its campaigns would find the same wall. Here the one whose call it was;
    /// the others stop at their own next failure.
    /// </summary>
    private async Task WaitForPatienceAsync(
        ProviderAccount account,
        StopReason reason,
        string? message,
        CancellationToken cancellation
    )
    {
        var patienceEnds = await PatienceEndsAsync(account, cancellation);
        if (now < patienceEnds)
        {
            // The last try of the patience is not slept through.
            await WaitAsync(now, patienceEnds, cancellation);
            return;
        }

        await WaitAsync(now, DateTimeOffset.MaxValue, cancellation);
        context.Fired(SafetyMechanism.PatienceOver, claim);
        await StopCampaignAsync(reason, message, null, cancellation);
    }

    /// <summary>
    /// Since the account takes nothing, or since a person has resumed this campaign meanwhile: theirs begins anew with the run,
    /// and nobody else's.
    /// </summary>
    private async Task<DateTimeOffset> PatienceEndsAsync(ProviderAccount account, CancellationToken cancellation)
    {
        var failing = account.FailingSince!.Value;
        if (now >= failing + options.Patience)
        {
            // A resume under way is waited for, and counts.
            await context.LockCampaignAsync(claim.CampaignId, cancellation);
        }

        var resumed = await context
            .Runs.Where(run =>
                run.TenantId == claim.TenantId
                && run.CampaignId == claim.CampaignId
                && run.Kind == RunKind.Resume
                && run.StartedAt > failing
            )
            .OrderByDescending(run => run.Number)
            .Select(run => (DateTimeOffset?)run.StartedAt)
            .FirstOrDefaultAsync(cancellation);
        return (resumed ?? failing) + options.Patience;
    }

    /// <summary>Rule 4 without a clean history: the answer proves nothing, the key stays, and it is told again later.</summary>
    private async Task WaitAsync(DateTimeOffset notBefore, DateTimeOffset notAfter, CancellationToken cancellation)
    {
        var chunk = await Own.Select(c => new { c.Failures, c.DoubtfulSince }).SingleAsync(cancellation);
        var failures = chunk.Failures + 1;
        var due = now + Backoff.ForChunk(failures, now - (chunk.DoubtfulSince ?? now), random);
        due = due < notBefore ? notBefore : due;
        due = due > notAfter ? notAfter : due;
        await Own.ExecuteUpdateAsync(
            set => set.SetProperty(c => c.Failures, failures).SetProperty(c => c.NotBefore, due),
            cancellation
        );
    }

    private Task<int> PauseAsync(DateTimeOffset until, CancellationToken cancellation) =>
        Own.ExecuteUpdateAsync(set => set.SetProperty(c => c.NotBefore, until), cancellation);

    private async Task EndGenerationAsync(CancellationToken cancellation)
    {
        var campaign = await HeldCampaign.HoldAsync(context, claim.TenantId, claim.CampaignId, 0, cancellation);
        await Chunks.EndGenerationAsync(Own, Members, RecipientState.InDoubt, campaign, now, cancellation);
    }

    private Task<bool> StopCampaignAsync(
        StopReason reason,
        string? detail,
        DateTimeOffset? resumeAfter,
        CancellationToken cancellation
    ) =>
        CampaignCompletion.StopThroughAsync(
            context,
            accountId,
            claim.TenantId,
            claim.CampaignId,
            reason,
            detail,
            resumeAfter,
            now,
            cancellation
        );

    private Task<ProviderAccount> AccountAsync(CancellationToken cancellation) =>
        AccountRow.LockAsync(context, accountId, cancellation);

    private DateTimeOffset? NextUtcMidnight() => new(now.UtcDateTime.Date.AddDays(1), TimeSpan.Zero);
}
