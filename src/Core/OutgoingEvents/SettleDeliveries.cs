using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Outbox;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.OutgoingEvents;

/// <summary>A delivery that went out, and what came back.</summary>
internal sealed record Sent(EventDelivery Delivery, EventAnswer Answer);

/// <summary>Writes down what became of a try, and what it says about its endpoint; in the caller's transaction.</summary>
internal sealed class SettleDeliveries(Random random, IIds ids, AccountMailer? mailer)
{
    /// <summary>An endpoint to which nothing came through for so long is disabled.</summary>
    private static readonly TimeSpan GivesUpAfter = TimeSpan.FromDays(5);

    /// <summary>
    /// Failures that lie further apart are not one time of failures. While something waits it is tried more often
    /// (<see cref="RetrySchedule"/>), unless the portal stands.
    /// </summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromDays(1);

    /// <summary>So long an endpoint may ask to be left alone; its word counts no further.</summary>
    public static readonly TimeSpan LongestWish = TimeSpan.FromHours(1);

    private const int Gone = 410;
    private const int MaxError = 1000;

    private readonly Lock _random = new();

    public Task<int> DeliveryAsync(
        PortalDbContext context,
        Sent one,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var (delivery, answer) = one;
        // A replay that came meanwhile began to count anew; what arrived has arrived all the same.
        var row = context.EventDeliveries.Where(row =>
            row.TenantId == delivery.TenantId
            && row.Id == delivery.Id
            && row.State == DeliveryState.Waiting
            && (answer.IsDelivered || (row.Tries == delivery.Tries && row.Replays == delivery.Replays))
        );
        var again = answer.IsDelivered ? null : After(delivery.Tries + 1);
        var state =
            answer.IsDelivered ? DeliveryState.Delivered
            : again is null ? DeliveryState.Failed
            : DeliveryState.Waiting;
        var error = answer.Error is { } said ? PlainText.Kept(said, MaxError) : null;
        var duration = (int)answer.Duration.TotalMilliseconds;
        return row.ExecuteUpdateAsync(
            set =>
                set.SetProperty(d => d.State, state)
                    .SetProperty(d => d.Tries, d => d.Tries + 1)
                    .SetProperty(d => d.NotBefore, now + (again ?? TimeSpan.Zero))
                    .SetProperty(d => d.LastTryAt, now)
                    .SetProperty(d => d.LastStatus, answer.Status)
                    .SetProperty(d => d.LastError, error)
                    .SetProperty(d => d.LastDuration, duration),
            cancellation
        );
    }

    /// <returns>True when it was disabled.</returns>
    public async Task<bool> EndpointAsync(
        PortalDbContext context,
        EventEndpoint endpoint,
        IReadOnlyList<Sent> sent,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        endpoint.LeaseEnds = now + DeliverEvents.Lease;
        if (endpoint.State != EndpointState.Enabled)
        {
            return false;
        }

        if (sent.Any(one => one.Answer.Status == Gone))
        {
            await DisableAsync(context, endpoint, DisabledReason.Gone, now, cancellation);
            return true;
        }

        if (sent.Any(one => one.Answer.IsDelivered))
        {
            (endpoint.FailingSince, endpoint.FailuresInARow, endpoint.PausedUntil) = (null, 0, null);
            endpoint.LastDeliveredAt = now;
            return false;
        }

        // The pause that the last failure gave it is over after an hour at most.
        if (endpoint.FailingSince is null || now - endpoint.PausedUntil > Quiet)
        {
            (endpoint.FailingSince, endpoint.FailuresInARow) = (now, 0);
        }

        endpoint.FailuresInARow++;
        var wish = sent.Max(one => one.Answer.RetryAfter) ?? TimeSpan.Zero;
        var pause = Pause(endpoint.FailuresInARow);
        endpoint.PausedUntil =
            now
            + (
                wish < pause ? pause
                : wish < LongestWish ? wish
                : LongestWish
            );
        if (now - endpoint.FailingSince < GivesUpAfter)
        {
            return false;
        }

        await DisableAsync(context, endpoint, DisabledReason.Failing, now, cancellation);
        return true;
    }

    private async Task DisableAsync(
        PortalDbContext context,
        EventEndpoint endpoint,
        DisabledReason reason,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        (endpoint.State, endpoint.DisabledReason, endpoint.DisabledAt) = (EndpointState.Disabled, reason, now);
        await AuditLog.AppendAsync(
            context,
            endpoint.TenantId,
            Actor.System,
            now,
            "webhook_endpoint.disabled",
            "webhook_endpoint",
            endpoint.Id.ToString(),
            endpoint.Url,
            new { reason = reason.ToString(), failing_since = endpoint.FailingSince },
            cancellation
        );
        if (mailer is not null)
        {
            await mailer.TellOwnersAsync(
                context,
                ids,
                now,
                endpoint.TenantId,
                AccountMailKind.EndpointDisabled,
                tenant =>
                    (
                        $"A webhook endpoint of {tenant} was disabled",
                        [
                            $"{new Uri(endpoint.Url).GetLeftPart(UriPartial.Path)} takes no events of {tenant} any more: {(reason == DisabledReason.Gone ? "it answered 410 Gone" : "nothing came through for five days")}, so it was disabled.",
                            "Nothing is written for it from now on. What waited is kept, and goes out when it is enabled again.",
                            "See what it answered, mend it and enable it there: {link}",
                        ]
                    ),
                cancellation
            );
        }
    }

    private TimeSpan? After(int tries)
    {
        lock (_random)
        {
            return RetrySchedule.After(tries, random);
        }
    }

    private TimeSpan Pause(int failures)
    {
        lock (_random)
        {
            return RetrySchedule.Pause(failures, random);
        }
    }
}
