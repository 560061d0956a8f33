using System.Globalization;
using System.Security.Cryptography;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Outbox;
using Ledgerpost.Sending;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.OutgoingEvents;

/// <summary>An endpoint for which something is due.</summary>
public sealed record DueEndpoint(Guid TenantId, Guid Id);

/// <summary>
/// Brings events to one endpoint, a few at one time. Of all instances one serves an endpoint (its lease), so that nothing is
/// sent twice without need; whoever dies between the answer and its commit sends it again under the same id. At least once
/// is the promise.
/// </summary>
/// <param name="mailer">Null where the portal writes no mails.</param>
public sealed class DeliverEvents(
    PortalDb db,
    IIds ids,
    EventHttp http,
    EndpointSecrets secrets,
    Random random,
    CrashPoints crash,
    ILogger<DeliverEvents> logger,
    AccountMailer? mailer = null
)
{
    /// <summary>Requests at one endpoint at one time.</summary>
    public const int AtOnce = 8;

    /// <summary>Then others have their turn.</summary>
    private const int BatchesOfATurn = 25;

    /// <summary>Longer than the slowest batch takes.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    private readonly SettleDeliveries _settle = new(random, ids, mailer);

    /// <returns>Those that may be served now, of all tenants; who was served longest ago first, so that all have their turn.</returns>
    public async Task<IReadOnlyList<DueEndpoint>> DueAsync(CancellationToken cancellation)
    {
        var now = db.Time.GetUtcNow();
        var far = now + WatchClocks.NoPauseIsLonger;
        await using var context = db.Read(TenantScope.Installation);
        return await context
            .EventEndpoints.Where(endpoint =>
                endpoint.State == EndpointState.Enabled
                // What is farther ahead than any was written by a clock that was ahead, and is over.
                && (endpoint.PausedUntil == null || endpoint.PausedUntil <= now || endpoint.PausedUntil > far)
                && (endpoint.LeaseEnds == null || endpoint.LeaseEnds <= now || endpoint.LeaseEnds > far)
                && context.EventDeliveries.Any(row =>
                    row.TenantId == endpoint.TenantId
                    && row.EndpointId == endpoint.Id
                    && row.State == DeliveryState.Waiting
                    && row.NotBefore <= now
                )
            )
            // Of none before the others: where a database sorts what is missing is its own choice.
            .OrderBy(endpoint => endpoint.LeaseEnds != null)
            .ThenBy(endpoint => endpoint.LeaseEnds)
            .Select(endpoint => new DueEndpoint(endpoint.TenantId, endpoint.Id))
            .ToListAsync(cancellation);
    }

    /// <summary>
    /// Once, before the first turn: leases that a crash left end. Only on SQLite, where the data directory's lock says that
    /// whoever held them is dead; on PostgreSQL other instances may be at work, and leases run out by themselves.
    /// </summary>
    public Task RecoverAsync(CancellationToken cancellation) =>
        db.IsShared
            ? Task.CompletedTask
            : db.WriteAsync(
                TenantScope.Installation,
                (context, token) =>
                    context
                        .EventEndpoints.Where(row => row.LeaseOwner != null)
                        .ExecuteUpdateAsync(
                            set =>
                                set.SetProperty(row => row.LeaseOwner, (Guid?)null)
                                    .SetProperty(row => row.LeaseEnds, db.Time.GetUtcNow()),
                            token
                        ),
                cancellation
            );

    /// <summary>One turn of one endpoint.</summary>
    /// <returns>How many requests were made.</returns>
    public async Task<int> ServeAsync(DueEndpoint which, CancellationToken cancellation)
    {
        var owner = ids.New();
        var made = 0;
        for (var batch = 0; batch < BatchesOfATurn && !cancellation.IsCancellationRequested; batch++)
        {
            var sent = await ServeBatchAsync(which, owner, cancellation);
            made += sent;
            if (sent < AtOnce)
            {
                break;
            }
        }

        await db.WriteBesideOthersAsync(
            TenantScope.For(which.TenantId),
            (context, token) =>
                Mine(context, which, owner)
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(row => row.LeaseOwner, (Guid?)null)
                                .SetProperty(row => row.LeaseEnds, db.Time.GetUtcNow()),
                        token
                    ),
            CancellationToken.None
        );
        return made;
    }

    private async Task<int> ServeBatchAsync(DueEndpoint which, Guid owner, CancellationToken cancellation)
    {
        var endpoint = await TakeAsync(which, owner, cancellation);
        if (endpoint is null)
        {
            return 0;
        }

        var (deliveries, bodies) = await ReadAsync(endpoint, cancellation);
        var answers = await Task.WhenAll(
            // Seen through at a stop: they take seconds, and what is cut off is sent again.
            deliveries.Zip(bodies, (delivery, body) => SendAsync(endpoint, delivery, body))
        );
        if (answers.Length > 0)
        {
            await crash.ReachAsync(CrashPoints.BeforeDelivered, CancellationToken.None);
            await SettleAsync(endpoint, owner, answers);
        }

        return answers.Length;
    }

    /// <summary>The lease, or its renewal.</summary>
    /// <returns>Null when another instance serves it, or nobody may.</returns>
    private Task<EventEndpoint?> TakeAsync(DueEndpoint which, Guid owner, CancellationToken cancellation) =>
        db.WriteBesideOthersAsync(
            TenantScope.For(which.TenantId),
            async (context, token) =>
            {
                var now = db.Time.GetUtcNow();
                var far = now + WatchClocks.NoPauseIsLonger;
                var taken = await context
                    .EventEndpoints.Where(row =>
                        row.TenantId == which.TenantId
                        && row.Id == which.Id
                        && row.State == EndpointState.Enabled
                        && (row.PausedUntil == null || row.PausedUntil <= now || row.PausedUntil > far)
                        && (
                            row.LeaseOwner == owner
                            || row.LeaseEnds == null
                            || row.LeaseEnds <= now
                            || row.LeaseEnds > far
                        )
                    )
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(row => row.LeaseOwner, owner)
                                .SetProperty(row => row.LeaseEnds, now + Lease),
                        token
                    );
                return taken == 1
                    ? await context.EventEndpoints.AsNoTracking().SingleAsync(row => row.Id == which.Id, token)
                    : null;
            },
            cancellation
        );

    private Task<(List<EventDelivery> Deliveries, IReadOnlyList<string> Bodies)> ReadAsync(
        EventEndpoint endpoint,
        CancellationToken cancellation
    ) =>
        db.ReadSnapshotAsync(
            TenantScope.For(endpoint.TenantId),
            async (context, token) =>
            {
                var now = db.Time.GetUtcNow();
                var due = await context
                    .EventDeliveries.AsNoTracking()
                    .Where(row =>
                        row.EndpointId == endpoint.Id && row.State == DeliveryState.Waiting && row.NotBefore <= now
                    )
                    .OrderBy(row => row.NotBefore)
                    // One that fails is asked once at a time: a dead address is not called eight times for nothing.
                    .Take(endpoint.FailuresInARow > 0 ? 1 : AtOnce)
                    .ToListAsync(token);
                return (due, await EventBodies.ReadAsync(context, due, token));
            },
            cancellation
        );

    private async Task<Sent> SendAsync(EventEndpoint endpoint, EventDelivery delivery, string body)
    {
        var now = db.Time.GetUtcNow();
        // The program holds it against its own clock.
        var timestamp = db.Time.ShownNow().ToUnixTimeSeconds();
        var id = MessageId(delivery.Id);
        try
        {
            var headers = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["webhook-id"] = id,
                ["webhook-timestamp"] = timestamp.ToString(CultureInfo.InvariantCulture),
                ["webhook-signature"] = secrets.Sign(endpoint, id, timestamp, body, now),
            };
            return new Sent(delivery, await http.PostAsync(endpoint.Url, body, headers, CancellationToken.None));
        }
        catch (CryptographicException exception)
        {
            logger.LogError(exception, "The secret of endpoint {EndpointId} cannot be read.", endpoint.Id);
            return new Sent(
                delivery,
                new EventAnswer(null, "Its secret cannot be read here any more; make a new one.", TimeSpan.Zero)
            );
        }
        catch (Exception exception)
        {
            // One that cannot be sent must not keep those beside it, which may have arrived, from being settled.
            logger.LogError(exception, "Delivery {DeliveryId} could not be sent.", delivery.Id);
            return new Sent(
                delivery,
                new EventAnswer(null, "It could not be sent; the portal's log says more.", TimeSpan.Zero)
            );
        }
    }

    /// <summary>The same for every try and every replay of one event at one endpoint.</summary>
    public static string MessageId(Guid deliveryId) => $"msg_{deliveryId:N}";

    private async Task SettleAsync(EventEndpoint endpoint, Guid owner, IReadOnlyList<Sent> sent)
    {
        // Not to be cancelled: the answers are here, and what is forgotten is sent again.
        var disabled = await db.WriteBesideOthersAsync(
            TenantScope.For(endpoint.TenantId),
            async (context, token) =>
            {
                var now = db.Time.GetUtcNow();
                var mine = await Mine(context, new DueEndpoint(endpoint.TenantId, endpoint.Id), owner)
                    .ForUpdate()
                    .SingleOrDefaultAsync(token);
                foreach (var one in sent.Where(one => mine is not null || one.Answer.IsDelivered))
                {
                    await _settle.DeliveryAsync(context, one, now, token);
                }

                return mine is not null && await _settle.EndpointAsync(context, mine, sent, now, token);
            },
            CancellationToken.None
        );
        if (disabled)
        {
            logger.LogWarning("Endpoint {EndpointId} is disabled: it takes no events.", endpoint.Id);
        }
    }

    private static IQueryable<EventEndpoint> Mine(PortalDbContext context, DueEndpoint which, Guid owner) =>
        context.EventEndpoints.Where(row =>
            row.TenantId == which.TenantId && row.Id == which.Id && row.LeaseOwner == owner
        );
}
