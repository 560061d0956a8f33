using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Microsoft.Data.Sqlite;
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

    /// <summary>SQLITE_CONSTRAINT, which comes again however often it is tried.</summary>
    private const int ConstraintFailed = 19;

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
            },
            cancellation
        );

    // A full disk or a commit in doubt says nothing about an event: it is tried again.
    private static bool IsAboutTheEvents(Exception exception) =>
        exception is not (OperationCanceledException or CommitInDoubtException)
        && exception.GetBaseException() is not SqliteException { SqliteErrorCode: not ConstraintFailed };

    private Task<int> RunAsync(int most, CancellationToken cancellation) =>
        db.WriteAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                var now = db.Time.GetUtcNow();
                var messages = await Due(context, now).OrderBy(m => m.ReceivedAt).Take(most).ToListAsync(token);
                foreach (var message in messages)
                {
                    await ApplyAsync(context, message, now, token);
                    await context.SaveChangesAsync(token);
                }

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

        var recipient = await FindAsync(context, happened, cancellation);
        if (recipient is null)
        {
            if (happened.Tags is not null || now - message.ReceivedAt >= WaitsAtMost)
            {
                message.AppliedAt = now;
                message.Note = "No recipient of ours.";
            }
            else
            {
                message.WaitsForEmailId = happened.EmailId;
            }

            return;
        }

        message.AppliedAt = now;
        message.WaitsForEmailId = null;
        if (!await MayTouchAsync(context, recipient, happened, message.AccountId, cancellation))
        {
            message.Note = "The mail went through another account.";
            logger.LogWarning(
                "Event {MessageId} names a mail that did not go through the account that signed it; it changed nothing.",
                message.MessageId
            );
            return;
        }

        // A mail that failed and was asked for once more: what is reported of the old one is told, and changes nothing,
        // unless it arrived after all while the new one has not begun.
        var history =
            happened.Tags?.Chunk <= recipient.FailedChunk
            && !(recipient.State == RecipientState.Pending && FailedAfterAcceptance.ProvesDelivery(happened.Type));
        if (!history)
        {
            await ProveAsync(context, recipient, happened, now, cancellation);
        }

        await MergeAsync(context, recipient, happened, history, now, cancellation);
        context.AfterCommit(() => notifier.Publish(recipient.CampaignId));
    }

    private static async Task<Recipient?> FindAsync(
        PortalDbContext context,
        ProviderEvent happened,
        CancellationToken cancellation
    )
    {
        if (happened.Tags is not { } tags)
        {
            return await context.Recipients.SingleOrDefaultAsync(
                r => r.ProviderEmailId == happened.EmailId,
                cancellation
            );
        }

        // The tenant first: without it the ledger's key is no key, and a million rows would be read for one event.
        var tenantId = await context
            .Campaigns.Where(c => c.Id == tags.CampaignId)
            .Select(c => c.TenantId)
            .SingleOrDefaultAsync(cancellation);
        return await context.Recipients.SingleOrDefaultAsync(
            r => r.TenantId == tenantId && r.CampaignId == tags.CampaignId && r.Number == tags.Recipient,
            cancellation
        );
    }

    /// <summary>By the attempts of the chunk: they remember the account even after a refused generation has let it go.</summary>
    private static async Task<bool> MayTouchAsync(
        PortalDbContext context,
        Recipient recipient,
        ProviderEvent happened,
        Guid accountId,
        CancellationToken cancellation
    )
    {
        var chunk = happened.Tags?.Chunk ?? recipient.ChunkNumber;
        return await context.Attempts.AnyAsync(
            attempt =>
                attempt.TenantId == recipient.TenantId
                && attempt.CampaignId == recipient.CampaignId
                && attempt.ChunkNumber == chunk
                && (happened.Tags == null || attempt.Generation == happened.Tags.Generation)
                && attempt.AccountId == accountId,
            cancellation
        );
    }

    private async Task ProveAsync(
        PortalDbContext context,
        Recipient recipient,
        ProviderEvent happened,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        if (happened.Tags is { } tags)
        {
            await ProveChunkAsync(context, recipient.TenantId, tags, now, cancellation);
            // The statement above went past the change tracker.
            recipient.State = await context
                .Recipients.Where(r =>
                    r.TenantId == recipient.TenantId
                    && r.CampaignId == recipient.CampaignId
                    && r.Number == recipient.Number
                )
                .Select(r => r.State)
                .SingleAsync(cancellation);
        }

        if (recipient.State is not RecipientState.Accepted)
        {
            // Its own mail is with the provider although its chunk says otherwise: the provider's word on what it took
            // beats its word on what it refused, and nobody is mailed again.
            logger.LogCritical(
                "Recipient {Recipient} of campaign {CampaignId} was {State} and the provider reports {Type}: it counts as accepted now.",
                recipient.Number,
                recipient.CampaignId,
                recipient.State,
                happened.Type
            );
            recipient.State = RecipientState.Accepted;
            recipient.Reason = null;
            recipient.AcceptedAt = now;
            recipient.ChunkNumber = null;
        }

        recipient.ProviderEmailId ??= happened.EmailId;
        await context.SaveChangesAsync(cancellation);
        await CampaignCompletion.CheckAsync(context, recipient.TenantId, recipient.CampaignId, now, cancellation);
    }

    private static async Task ProveChunkAsync(
        PortalDbContext context,
        Guid tenantId,
        MailTags tags,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var chunk = await context.Chunks.SingleOrDefaultAsync(
            c =>
                c.TenantId == tenantId
                && c.CampaignId == tags.CampaignId
                && c.Number == tags.Chunk
                && c.Generation == tags.Generation
                && (c.DoubtfulSince != null || c.State == ChunkState.Unknown),
            cancellation
        );
        if (chunk is null)
        {
            return;
        }

        chunk.CloseAccepted();
        chunk.Epoch++;
        await context.SaveChangesAsync(cancellation);
        await Ledger.AcceptAsync(
            Ledger.Members(context, tenantId, tags.CampaignId, tags.Chunk),
            chunk.RunNumber,
            now,
            cancellation
        );
        if (chunk.Decision == UnknownDecision.SendAgain)
        {
            await DecideUnknown.ProveAsync(context, chunk, now, cancellation);
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
