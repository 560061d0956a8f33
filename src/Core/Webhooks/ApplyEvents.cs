using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Webhooks;

/// <summary>
/// Applies stored events to the ledger. A tagged event applies at once and proves its whole strict batch, even if our
/// settle never came; an untagged one waits for its provider id. Order and repetition do not matter, and an event touches
/// only rows whose chunk went through the account whose secret verified it.
/// </summary>
public sealed class ApplyEvents(PortalDb db, IIds ids, CampaignNotifier notifier, ILogger<ApplyEvents> logger)
{
    private const int BatchSize = 100;

    /// <summary>An untagged event that nobody claimed for so long is about somebody else's mail.</summary>
    private static readonly TimeSpan WaitsAtMost = TimeSpan.FromDays(3);

    /// <returns>How many events were applied; call again while it is not 0.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        try
        {
            return await RunAsync(BatchSize, cancellation);
        }
        catch (Exception exception) when (IsAboutTheEvents(exception))
        {
            return await OneByOneAsync(cancellation);
        }
    }

    /// <summary>An event that cannot be applied must not hold up those behind it: it is set aside, with its body.</summary>
    private async Task<int> OneByOneAsync(CancellationToken cancellation)
    {
        for (var done = 0; done < BatchSize; done++)
        {
            try
            {
                if (await RunAsync(1, cancellation) == 0)
                {
                    return done;
                }
            }
            catch (Exception exception) when (IsAboutTheEvents(exception))
            {
                await SetAsideAsync(exception, cancellation);
            }
        }

        return BatchSize;
    }

    private Task SetAsideAsync(Exception exception, CancellationToken cancellation) =>
        db.WriteAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                var now = db.Time.GetUtcNow();
                var message = await Due(context, now).OrderBy(m => m.ReceivedAt).FirstAsync(token);
                logger.LogError(exception, "Event {MessageId} cannot be applied and is set aside.", message.MessageId);
                message.AppliedAt = now;
                message.Note = "It could not be applied.";
                context.Fired(SafetyMechanism.EventSetAside);
            },
            cancellation
        );

    // A full disk or a commit in doubt says nothing about an event: it is tried again.
    private static bool IsAboutTheEvents(Exception exception) =>
        exception is not (OperationCanceledException or CommitInDoubtException)
        && !StorageFailures.IsTheDatabases(exception);

    private Task<int> RunAsync(int most, CancellationToken cancellation) =>
        db.WriteBesideOthersAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                await context.LockEventsAsync(token);
                var now = db.Time.GetUtcNow();
                var messages = await Due(context, now).OrderBy(m => m.ReceivedAt).Take(most).ToListAsync(token);
                var proven = new HashSet<(Guid TenantId, Guid CampaignId)>();
                foreach (var message in messages)
                {
                    await ApplyAsync(context, message, proven, now, token);
                    await context.SaveChangesAsync(token);
                }

                await ProveAcceptance.FinishAsync(context, proven, now, token);
                return messages.Count;
            },
            cancellation
        );

    // A waiting event is due once its provider id stands in the ledger, and when it has waited long enough; one that has
    // not been tried is due now.
    private static IQueryable<WebhookMessage> Due(PortalDbContext context, DateTimeOffset now)
    {
        var waitedSince = now - WaitsAtMost;
        return context.WebhookMessages.Where(message =>
            message.AppliedAt == null
            && (
                message.WaitsForEmailId == null
                || message.ReceivedAt <= waitedSince
                || context.Recipients.Any(r => r.ProviderEmailId == message.WaitsForEmailId)
            )
        );
    }

    private async Task ApplyAsync(
        PortalDbContext context,
        WebhookMessage message,
        HashSet<(Guid TenantId, Guid CampaignId)> proven,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        if (ProviderEvent.TryRead(message.Body) is not { } happened)
        {
            message.AppliedAt = now;
            message.Note = "Not about a mail.";
            return;
        }

        var proof = await ProveAcceptance.ApplyAsync(
            context,
            message.AccountId,
            new Acceptance(happened.Tags, happened.EmailId, happened.To, happened.Type),
            proven,
            now,
            logger,
            cancellation
        );
        switch (proof)
        {
            case ProofResult.NoRecipient when happened.Tags is null && now - message.ReceivedAt < WaitsAtMost:
                message.WaitsForEmailId = happened.EmailId;
                return;
            case ProofResult.NoRecipient:
                if (message.WaitsForEmailId is not null)
                {
                    context.Fired(SafetyMechanism.EventWaitedOut, message.MessageId);
                }

                message.AppliedAt = now;
                message.Note = "No recipient of ours.";
                return;
            case ProofResult.OtherAccount:
                message.AppliedAt = now;
                message.WaitsForEmailId = null;
                message.Note = "The mail went through another account.";
                logger.LogWarning(
                    "Event {MessageId} names a mail that did not go through the account that signed it; it changed nothing.",
                    message.MessageId
                );
                return;
            case ProofResult.Proven(var recipient, var history):
                message.AppliedAt = now;
                message.WaitsForEmailId = null;
                await MergeAsync(context, recipient, happened, history, now, cancellation);
                context.AfterCommit(() => notifier.Publish(recipient.CampaignId));
                return;
            default:
                throw new InvalidOperationException();
        }
    }

    private async Task MergeAsync(
        PortalDbContext context,
        Recipient recipient,
        ProviderEvent happened,
        bool history,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        if (!history)
        {
            Merge(recipient, happened);
        }

        // Stays in the story whichever mail it is about, and a complaint is a complaint.
        recipient.UpdatedAt = now;
        context.RecipientEvents.Add(
            new RecipientEvent
            {
                TenantId = recipient.TenantId,
                CampaignId = recipient.CampaignId,
                RecipientNumber = recipient.Number,
                Id = ids.New(),
                Type = happened.Type,
                OccurredAt = happened.OccurredAt,
                ReceivedAt = now,
                Detail = happened.Detail,
            }
        );
        if (Suppresses(happened) is { } reason)
        {
            await Suppress.AddAsync(
                context,
                recipient.TenantId,
                recipient.NormalizedEmail,
                reason,
                happened.Detail ?? happened.Type,
                now,
                ids,
                cancellation
            );
        }
    }

    private static void Merge(Recipient recipient, ProviderEvent happened)
    {
        if (happened.Delivery is { } delivery && (recipient.Delivery is null || delivery > recipient.Delivery))
        {
            recipient.Delivery = delivery;
            recipient.DeliveryAt = happened.OccurredAt;
        }

        if (happened.Type == "email.opened")
        {
            recipient.Opens++;
            recipient.OpenedAt = Earlier(recipient.OpenedAt, happened.OccurredAt);
        }
        else if (happened.Type == "email.clicked")
        {
            recipient.Clicks++;
            recipient.ClickedAt = Earlier(recipient.ClickedAt, happened.OccurredAt);
        }
    }

    // Only in the tenant whose mail it was. The provider's own suppression list is the whole account's, so its refusal
    // never becomes a tenant's.
    private static SuppressionReason? Suppresses(ProviderEvent happened) =>
        happened.Type switch
        {
            "email.complained" => SuppressionReason.Complained,
            "email.bounced" when happened.Permanent => SuppressionReason.Bounced,
            _ => null,
        };

    private static DateTimeOffset Earlier(DateTimeOffset? a, DateTimeOffset b) => a < b ? a.Value : b;
}
