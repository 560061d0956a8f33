using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>
/// The pipeline of one chunk, and the whole of it: claim, prepare, a place among the calls, intent, wait for its turn, POST,
/// settle. Each step says whether it won; the hosted service only calls it again.
/// </summary>
public sealed class Dispatcher(
    PortalDb db,
    ClaimChunk claim,
    PrepareChunk prepare,
    RecordIntent recordIntent,
    SettleAttempt settle,
    IMailProvider provider,
    ISendingAccount accounts,
    Pacer pacer,
    SendingOptions options,
    CrashPoints crash,
    CampaignNotifier notifier,
    ILogger<Dispatcher> logger
) : IDisposable
{
    /// <summary>From before the intent's statement to the body's first byte on the socket; much less than the window's margin.</summary>
    public static readonly TimeSpan IntentToPost = TimeSpan.FromSeconds(30);

    /// <summary>How often somebody may unsubscribe between rendering and intent before the chunk waits for its next turn.</summary>
    private const int MostPreparations = 5;

    /// <summary>How long before its turn the intent is written, so that a slow commit does not make the call late.</summary>
    private static readonly TimeSpan BeforeItsTurn = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// So long may the database be away without an answer being lost: it restarts, or another takes its place. No longer, and
    /// less than a lease: where the database is there and only this one answer cannot be written, its worker is missed.
    /// </summary>
    private static readonly TimeSpan LongestUnsettled = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan FirstSettlePause = TimeSpan.FromMilliseconds(250);

    /// <summary>As any other loop's after an error: once the database is there again, nobody sleeps for long.</summary>
    private static readonly TimeSpan LongestSettlePause = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SenderLostPause = TimeSpan.FromMinutes(5);

    private readonly ClaimInTurn _claim = new(claim, pacer, db.Time);
    private readonly CampaignStops _stops = new(db, notifier);
    private readonly SemaphoreSlim _places = new(options.MaxConcurrency);

    /// <param name="owner">Names the worker in the lease.</param>
    /// <param name="stopping">No new call starts after it; one in flight goes on until <paramref name="abandon"/>.</param>
    /// <param name="abandon">Gives up a call in flight: its chunk stays in doubt, which is no failure.</param>
    /// <param name="claimed">Told once it has a chunk: then another worker may look for the next.</param>
    public async Task<DispatchResult> RunOnceAsync(
        string owner,
        CancellationToken stopping,
        CancellationToken abandon,
        Action? claimed = null
    )
    {
        var account = await accounts.CurrentAsync(stopping);
        using var place = new CallPlace(_places);
        if (await _claim.ExecuteAsync(account, owner, place, stopping) is not { } chunk)
        {
            return DispatchResult.Idle;
        }

        claimed?.Invoke();
        return await SendAsync(chunk, account, place, stopping, abandon);
    }

    public void Dispose()
    {
        _claim.Dispose();
        _places.Dispose();
    }

    private async Task<DispatchResult> SendAsync(
        ClaimedChunk chunk,
        CurrentAccount account,
        CallPlace place,
        CancellationToken stopping,
        CancellationToken cancellation
    )
    {
        var slot = chunk.Slot;
        for (var preparation = 0; preparation < MostPreparations; preparation++)
        {
            var prepared = chunk.Repeat
                ? null
                : await prepare.ExecuteAsync(chunk, recheck: preparation > 0, cancellation);
            if (prepared is null && !chunk.Repeat)
            {
                notifier.Publish(chunk.CampaignId);
                return DispatchResult.Nothing;
            }

            bool hasKey;
            try
            {
                if (!await TakePlaceAsync(place, stopping))
                {
                    await ReleaseAsync(chunk, TimeSpan.Zero, cancellation);
                    return DispatchResult.Nothing;
                }

                slot = await pacer.TurnAsync(slot, account.Id, BeforeItsTurn, stopping);
                hasKey = await provider.HasKeyAsync(OwnOf(account), stopping);
            }
            catch (OperationCanceledException)
            {
                await ReleaseAsync(chunk, Soon, cancellation);
                throw;
            }

            if (!hasKey)
            {
                await ReleaseAsync(chunk, chunk.Repeat ? SenderLostPause : Soon, cancellation);
                await _stops.ForKeyAsync(chunk, account.Id, cancellation);
                return DispatchResult.Nothing;
            }

            // Stopping ends here: what has an intent is seen through to its answer.
            await crash.ReachAsync(CrashPoints.BeforeIntent, chunk.Number, cancellation);
            var notAfter = Deadline.In(db.Time, IntentToPost);
            switch (await recordIntent.ExecuteAsync(chunk, prepared, account.Id, account.BaseUrl, cancellation))
            {
                case IntentResult.Written written:
                    var outcome = await PostAsync(
                        chunk,
                        written.Intent,
                        account,
                        place,
                        slot,
                        notAfter,
                        stopping,
                        cancellation
                    );
                    if (outcome is Outcome.Accepted && prepared is not null)
                    {
                        prepare.Reuse(prepared);
                    }

                    return DispatchResult.Sent;
                case IntentResult.AudienceChanged:
                    continue;
                case IntentResult.SenderLost:
                    // Doubt is repeated in a Partial campaign too: without a pause its chunk would be claimed again at
                    // once, for hours, and take the turns of those who can send.
                    await ReleaseAsync(chunk, chunk.Repeat ? SenderLostPause : Soon, cancellation);
                    await _stops.ForSenderAsync(chunk, cancellation);
                    return DispatchResult.Nothing;
                default:
                    await ReleaseAsync(chunk, Soon, cancellation);
                    return DispatchResult.Nothing;
            }
        }

        await ReleaseAsync(chunk, Soon, cancellation);
        return DispatchResult.Nothing;
    }

    /// <summary>
    /// Before the intent, so that what has one waits for nothing but its turn. There are more workers than places: while one
    /// is at the provider, another renders and a third writes down its answer.
    /// </summary>
    /// <returns>False when it took so much of the lease that a slow call might outlive what is left.</returns>
    private async Task<bool> TakePlaceAsync(CallPlace place, CancellationToken stopping)
    {
        var asked = db.Time.GetUtcNow();
        await place.TakeAsync(stopping);
        return db.Time.GetUtcNow() - asked <= TimeSpan.FromSeconds(options.LeaseSeconds) / 4;
    }

    private async Task<Outcome> PostAsync(
        ClaimedChunk chunk,
        Intent intent,
        CurrentAccount account,
        CallPlace place,
        RateSlot slot,
        Deadline notAfter,
        CancellationToken stopping,
        CancellationToken cancellation
    )
    {
        notifier.Publish(chunk.CampaignId);
        await crash.ReachAsync(CrashPoints.AfterIntent, chunk.Number, cancellation);
        logger.LogInformation(
            "Attempt {Attempt} of chunk {Chunk}, campaign {CampaignId}, tenant {TenantId}: {Mails} mails to recipients {Recipients} under key {Key}, payload {PayloadHash}, {History}",
            intent.Attempt,
            chunk.Number,
            chunk.CampaignId,
            chunk.TenantId,
            intent.Recipients.Count,
            NumberRanges.Format(intent.Recipients),
            intent.Key,
            intent.PayloadHash,
            intent.CleanHistory ? "first" : "repeat"
        );
        slot = await pacer.TurnAsync(slot, account.Id, TimeSpan.Zero, cancellation);
        await crash.ReachAsync(CrashPoints.BeforePost, chunk.Number, cancellation);
        var sentAt = db.Time.GetUtcNow();
        var answer = await provider.PostAsync(
            new ProviderRequest(intent.BaseUrl, "/emails/batch", intent.Key, intent.Body, notAfter)
            {
                OwnAccountId = OwnOf(account),
            },
            cancellation
        );
        place.Release();
        if (answer is ProviderAnswer.Http received)
        {
            db.Time.ObserveProvider(received.Headers.Date);
        }

        var outcome = AnswerClassifier.Classify(answer, intent.Recipients.Count);
        await crash.ReachAsync(CrashPoints.BeforeSettle, chunk.Number, cancellation);
        var settled = await SettleAsync(chunk, intent, outcome, answer, account, stopping, cancellation);
        logger.Log(
            outcome is Outcome.Accepted ? LogLevel.Information : LogLevel.Warning,
            "Attempt {Attempt} of chunk {Chunk}, campaign {CampaignId}: {Outcome}{Stale}",
            intent.Attempt,
            chunk.Number,
            chunk.CampaignId,
            outcome is Outcome.Accepted ? "accepted" : outcome.ToString(),
            settled ? "" : " (written already, or the lease was lost; nothing changed)"
        );
        if (answer is ProviderAnswer.Http http)
        {
            var refused = outcome is Outcome.Refusal { Kind: RefusalKind.Rate };
            await pacer.LearnAsync(account.Id, slot, sentAt, http.Headers, refused, cancellation);
        }

        await crash.ReachAsync(CrashPoints.AfterSettle, chunk.Number, cancellation);
        return outcome;
    }

    /// <summary>
    /// An answer that was lost would make a refusal a matter of doubt, which no repeat could end. Each try is fenced: what was
    /// written by one before it, or belongs to another by now, stays as it is.
    /// </summary>
    private async Task<bool> SettleAsync(
        ClaimedChunk chunk,
        Intent intent,
        Outcome outcome,
        ProviderAnswer answer,
        CurrentAccount account,
        CancellationToken stopping,
        CancellationToken cancellation
    )
    {
        var notAfter = Deadline.In(db.Time, LongestUnsettled);
        for (var pause = FirstSettlePause; ; pause = pause * 2 < LongestSettlePause ? pause * 2 : LongestSettlePause)
        {
            try
            {
                return await settle.ExecuteAsync(chunk, intent, outcome, answer, account.Id, cancellation);
            }
            catch (Exception exception)
                when (exception is CommitInDoubtException || StorageFailures.IsTheDatabases(exception))
            {
                if (exception is CommitInDoubtException)
                {
                    db.Safety.Fired(SafetyMechanism.SettleCommitInDoubt);
                }

                if (notAfter.IsOver(db.Time))
                {
                    throw;
                }

                logger.LogWarning(
                    exception,
                    "The answer to attempt {Attempt} of chunk {Chunk}, campaign {CampaignId} could not be written; tried again in {Pause}.",
                    intent.Attempt,
                    chunk.Number,
                    chunk.CampaignId,
                    pause
                );
            }

            await Task.Delay(pause, db.Time, stopping);
        }
    }

    /// <summary>Gives the chunk back for the next turn. What is in doubt stays in doubt.</summary>
    private Task<int> ReleaseAsync(ClaimedChunk chunk, TimeSpan pause, CancellationToken cancellation) =>
        db.WriteBesideOthersAsync(
            TenantScope.For(chunk.TenantId),
            (context, token) =>
                Chunks.GiveBackAsync(ClaimFence.Mine(context, chunk), db.Time.GetUtcNow() + pause, token),
            cancellation
        );

    private static Guid? OwnOf(CurrentAccount account) => account.OwnerId is null ? null : account.Id;
}
