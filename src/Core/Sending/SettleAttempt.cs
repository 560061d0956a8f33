using System.Runtime.CompilerServices;
using System.Text.Json;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Outbox;
using Ledgerpost.Recipients;
using Ledgerpost.Sending.Provider;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>
/// Writes what an answer proved: provider ids, recipients, chunk and attempt in one transaction, fenced by the epoch. Who
/// lost the lease records the answer in the forensic log; an acceptance is proof all the same (rule 8), and nothing else is.
/// </summary>
public sealed class SettleAttempt(
    PortalDb db,
    SendingOptions options,
    Random random,
    CampaignNotifier notifier,
    ILogger<SettleAttempt> logger
)
{
    /// <returns>False when the claim was stale and its answer proved nothing: no row of the ledger was touched.</returns>
    public async Task<bool> ExecuteAsync(
        ClaimedChunk claim,
        Intent intent,
        Outcome outcome,
        ProviderAnswer answer,
        Guid accountId,
        CancellationToken cancellation
    )
    {
        var unproven = false;
        var settled = await db.WriteBesideOthersAsync(
            TenantScope.For(claim.TenantId),
            async (context, token) =>
            {
                var now = db.Time.GetUtcNow();
                var told = await CompleteAttemptAsync(context, claim, intent, outcome, answer, now, token);
                // Fenced by its WHERE: from here on the chunk's row is this worker's until the commit, or was not any more.
                var held =
                    Protocol.Proves(outcome, intent.CleanHistory) == Proof.Accepted
                        ? await Chunks.AcceptAsync(context, claim, token)
                        : await Chunks.ReleaseAsync(ClaimFence.Mine(context, claim), Message(outcome), token);
                Count(context, intent, outcome, answer);
                if (held == 0)
                {
                    context.Fired(SafetyMechanism.SettleStale, claim);
                    // An event may have proven the batch before its answer came: the account works all the same.
                    if (outcome is Outcome.Accepted accepted)
                    {
                        await AccountRow.SucceededAsync(context, accountId, now, accepted.ProviderIds[0], token);
                        unproven = await Chunks
                            .Numbered(context, claim.TenantId, claim.CampaignId, claim.Number)
                            .AnyAsync(
                                chunk =>
                                    chunk.Generation == claim.Generation
                                    && (chunk.DoubtfulSince != null || chunk.State == ChunkState.Unknown),
                                token
                            );
                    }

                    return false;
                }

                var settlement = new Settlement(context, claim, intent, accountId, now, options, random);
                await settlement.ApplyAsync(outcome, token);
                await context.SaveChangesAsync(token);
                if (told)
                {
                    await EventOutbox.RecipientsAsync(
                        context,
                        claim.TenantId,
                        claim.CampaignId,
                        now,
                        token,
                        intent.Recipients.Min(),
                        intent.Recipients.Max()
                    );
                }

                await CampaignCompletion.CheckAfterAnswerAsync(
                    context,
                    claim.TenantId,
                    claim.CampaignId,
                    now,
                    options.BatchSize,
                    token
                );
                await settlement.NoteSuccessAsync(token);
                context.AfterCommit(() => notifier.Publish(claim.CampaignId));
                return true;
            },
            cancellation
        );
        if (!settled && unproven && outcome is Outcome.Accepted late)
        {
            return await ProveAsync(claim, intent, late, accountId, cancellation) > 0;
        }

        if (outcome is Outcome.KeyMismatch mismatch)
        {
            logger.LogCritical(
                "Key {Key} of campaign {CampaignId} chunk {Chunk} was used for another request: {Message}. Its recipients {Recipients} are unknown now and will not be mailed again.",
                intent.Key,
                claim.CampaignId,
                claim.Number,
                mismatch.Message,
                NumberRanges.Format(intent.Recipients)
            );
        }

        return settled;
    }

    /// <summary>
    /// Another holds the chunk now, or its window is over, and the provider has said that it has the mails: as good as its
    /// log of calls would say it, and taken in the same way.
    /// </summary>
    private Task<int> ProveAsync(
        ClaimedChunk claim,
        Intent intent,
        Outcome.Accepted late,
        Guid accountId,
        CancellationToken cancellation
    ) =>
        ProveAcceptance.CallAsync(
            db,
            claim.TenantId,
            accountId,
            [
                .. intent.Recipients.Zip(
                    late.ProviderIds,
                    (recipient, id) =>
                        new Acceptance(
                            new MailTags(claim.CampaignId, recipient, claim.Number, claim.Generation),
                            id,
                            To: null,
                            "a late answer"
                        )
                ),
            ],
            notifier,
            logger,
            cancellation
        );

    // Each of them stands with its outcome in the attempt's line of the dispatcher.
    private static void Count(PortalDbContext context, Intent intent, Outcome outcome, ProviderAnswer answer)
    {
        SafetyMechanism? held = (outcome, answer) switch
        {
            (Outcome.NotSent { For: NotSentFor.TooLate }, _) => SafetyMechanism.TooLateToPost,
            (Outcome.KeyMismatch, _) => SafetyMechanism.KeyMismatch,
            (Outcome.Refusal, _) when !intent.CleanHistory => SafetyMechanism.RefusalOnRepeat,
            (Outcome.Ambiguous, ProviderAnswer.Http { Status: >= 300 and < 400 }) =>
                SafetyMechanism.RedirectNotFollowed,
            (Outcome.Ambiguous, ProviderAnswer.Http) => SafetyMechanism.AnswerProvesNothing,
            _ => null,
        };
        if (held is { } mechanism)
        {
            context.Fired(mechanism);
        }
    }

    /// <returns>
    /// Whether somebody has subscribed what becomes of recipients: asked with the statement that is made anyway, so that
    /// nobody's subscription costs nobody's sending anything.
    /// </returns>
    private static Task<bool> CompleteAttemptAsync(
        PortalDbContext context,
        ClaimedChunk claim,
        Intent intent,
        Outcome outcome,
        ProviderAnswer answer,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var http = answer as ProviderAnswer.Http;
        var kind = Kind(outcome, intent.CleanHistory);
        var ids = outcome is Outcome.Accepted accepted ? JsonSerializer.Serialize(accepted.ProviderIds) : null;
        long? date = http?.Headers.Date is { } sent ? InstantConverter.ToMicroseconds(sent) : null;
        return context.FirstAsync(
            FormattableStringFactory.Create(
                $$"""
                UPDATE "Attempts" SET "CompletedAt" = {0}, "Outcome" = {1}, "HttpStatus" = {2}, "ProviderDate" = {3},
                    "ErrorName" = {4}, "Message" = {5}, "ProviderIds" = {6}
                WHERE "TenantId" = {7} AND "CampaignId" = {8} AND "ChunkNumber" = {9} AND "Number" = {10}
                RETURNING {{EventOutbox.IsWanted("{7}", "{11}")}}
                """,
                InstantConverter.ToMicroseconds(now),
                kind.ToString(),
                http?.Status,
                date,
                Name(outcome),
                Message(outcome),
                ids,
                claim.TenantId,
                claim.CampaignId,
                claim.Number,
                intent.Attempt,
                EventOutbox.StateMask
            ),
            reader => reader.GetBoolean(0),
            cancellation
        );
    }

    private static AttemptOutcome Kind(Outcome outcome, bool cleanHistory) =>
        outcome switch
        {
            Outcome.Accepted => AttemptOutcome.Accepted,
            // On a repeat the provider's no proves nothing, and the log must not say that it does.
            Outcome.Refusal when Protocol.Proves(outcome, cleanHistory) != Proof.NotAccepted =>
                AttemptOutcome.Ambiguous,
            Outcome.Refusal { Kind: RefusalKind.Content } => AttemptOutcome.Refused,
            Outcome.Refusal { Kind: RefusalKind.Rate } => AttemptOutcome.RateLimited,
            Outcome.Refusal => AttemptOutcome.Stopped,
            Outcome.KeyMismatch => AttemptOutcome.KeyMismatch,
            Outcome.NotSent => AttemptOutcome.NotSent,
            _ => AttemptOutcome.Ambiguous,
        };

    private static string? Name(Outcome outcome) =>
        outcome switch
        {
            Outcome.Refusal refusal => refusal.Name,
            Outcome.Busy busy => busy.Name,
            Outcome.KeyMismatch => "invalid_idempotent_request",
            _ => null,
        };

    private static string? Message(Outcome outcome) =>
        outcome switch
        {
            Outcome.Refusal refusal => refusal.Message,
            Outcome.Busy busy => busy.Message,
            Outcome.KeyMismatch mismatch => mismatch.Message,
            Outcome.Ambiguous ambiguous => ambiguous.Message,
            Outcome.NotSent { For: NotSentFor.NoKey } => Settlement.NoKey,
            Outcome.NotSent => "It was too late to start this call; nothing was sent.",
            _ => null,
        };
}
