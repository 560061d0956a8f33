using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Webhooks;

/// <summary>
/// Applies stored events to the ledger. A tagged event applies at once and proves its whole strict batch, even if our
/// settle never came; an untagged one waits for its provider id. Order and repetition do not matter, and an event touches
/// only rows whose chunk went through the account whose secret verified it.
/// </summary>
public sealed class ApplyEvents(
    PortalDb db,
    IIds ids,
    CampaignNotifier notifier,
    DomainSignal domains,
    ILogger<ApplyEvents> logger
)
{
    /// <summary>Bounds how long everybody else's writes wait for one batch.</summary>
    public const int BatchSize = 250;

    /// <returns>How many events were looked at; call again while it is not 0.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        // Read and understood before the transaction: nobody else waits for that.
        var events = await DueAsync(cancellation);
        if (events.Count == 0)
        {
            return 0;
        }

        try
        {
            await ApplyAsync(events, cancellation);
        }
        catch (Exception exception) when (IsAboutTheEvents(exception))
        {
            foreach (var one in events)
            {
                await OneAsync(one, cancellation);
            }
        }

        return events.Count;
    }

    /// <summary>When there is something to look at again; null when nothing waits.</summary>
    public Task<DateTimeOffset?> NextDueAsync(CancellationToken cancellation) =>
        db.ReadRowsAsync(TenantScope.Installation, context => WebhookRows.NextDueAsync(context, cancellation));

    private async Task<List<WaitingEvent>> DueAsync(CancellationToken cancellation)
    {
        var now = db.Time.GetUtcNow();
        // Most looks find nothing, and cost next to nothing.
        if (!(await NextDueAsync(cancellation) <= now))
        {
            return [];
        }

        await using var context = db.Read(TenantScope.Installation);
        var rows = await context
            .WebhookMessages.Where(message => message.State == WebhookState.Waiting && message.NotBefore <= now)
            .OrderBy(message => message.NotBefore)
            .Take(BatchSize)
            .Select(message => new
            {
                message.AccountId,
                message.MessageId,
                message.ReceivedAt,
                message.WaitsForEmailId,
                message.Body,
            })
            .ToListAsync(cancellation);
        return rows.ConvertAll(row => new WaitingEvent(
            row.AccountId,
            row.MessageId,
            row.ReceivedAt,
            row.WaitsForEmailId is not null,
            ProviderEvent.TryRead(row.Body),
            ProviderEvent.TryReadDomain(row.Body)
        ));
    }

    private Task<bool> ApplyAsync(IReadOnlyList<WaitingEvent> events, CancellationToken cancellation) =>
        db.WriteBesideOthersAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                var batch = new EventBatch(context, ids, notifier, domains, logger);
                await batch.ApplyAsync(events, db.Time.GetUtcNow(), token);
                return true;
            },
            cancellation
        );

    /// <summary>An event that cannot be applied must not hold up those beside it: it is set aside, with its body.</summary>
    private async Task OneAsync(WaitingEvent one, CancellationToken cancellation)
    {
        try
        {
            await ApplyAsync([one], cancellation);
        }
        catch (Exception exception) when (IsAboutTheEvents(exception))
        {
            logger.LogError(exception, "Event {MessageId} cannot be applied and is set aside.", one.MessageId);
            var tenantId = await TenantOfAsync(one, cancellation);
            await db.WriteBesideOthersAsync(
                TenantScope.Installation,
                async (context, token) =>
                {
                    await WebhookRows.EndedAsync(
                        context,
                        WebhookState.SetAside,
                        [(one, WebhookNotes.CannotBeApplied)],
                        db.Time.GetUtcNow(),
                        token,
                        tenantId
                    );
                    context.Fired(SafetyMechanism.EventSetAside);
                    return true;
                },
                cancellation
            );
        }
    }

    /// <summary>So that whose mail it is about sees it; nobody's where that is not proven, or is what fails.</summary>
    private async Task<Guid> TenantOfAsync(WaitingEvent one, CancellationToken cancellation)
    {
        try
        {
            await using var context = db.Read(TenantScope.Installation);
            var known = await KnownMails.LookUpAsync(
                context,
                [
                    (
                        (await Signers.ReadAsync(context, cancellation)).SpeaksFor(one.AccountId),
                        EventBatch.Acceptance(one.Happened!)
                    ),
                ],
                cancellation
            );
            return known is [KnownMail.Proven(var owner)] ? owner.TenantId : Guid.Empty;
        }
        catch (Exception exception) when (IsAboutTheEvents(exception))
        {
            return Guid.Empty;
        }
    }

    // A full disk or a commit in doubt says nothing about an event: it is tried again.
    private static bool IsAboutTheEvents(Exception exception) =>
        exception is not (OperationCanceledException or CommitInDoubtException)
        && !StorageFailures.IsTheDatabases(exception);
}
