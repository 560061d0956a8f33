using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.OutgoingEvents;

/// <param name="Events">Names of <see cref="EventTypes"/>.</param>
/// <param name="Enabled">Null leaves it as it is.</param>
public sealed record EndpointInput(string? Url, IReadOnlyList<string>? Events, bool? Enabled = null)
{
    public IReadOnlyList<FieldError> Problems(OutgoingEventOptions options)
    {
        var errors = new List<FieldError>();
        if (EndpointUrl.Problem(Url, options) is { } problem)
        {
            errors.Add(new FieldError(nameof(Url), problem));
        }

        if (Events is not { Count: > 0 })
        {
            errors.Add(new FieldError(nameof(Events), "Choose at least one event."));
        }
        else if (
            Events.FirstOrDefault(name => name is null || EventTypes.Find(name) is null) is var unknown
            && Events.Any(name => name is null || EventTypes.Find(name) is null)
        )
        {
            errors.Add(
                new FieldError(
                    nameof(Events),
                    $"\u201c{unknown}\u201d is not one of {string.Join(", ", EventTypes.All.Select(EventTypes.NameOf))}."
                )
            );
        }

        return errors;
    }

    internal long Mask => EventTypes.Mask(Events!.Select(name => EventTypes.Find(name)!.Value));
}

/// <summary>An endpoint as lists show it; the secret is not among it.</summary>
public sealed record EndpointRow(
    Guid Id,
    string Url,
    IReadOnlyList<string> Events,
    EndpointState State,
    DisabledReason? DisabledReason,
    DateTimeOffset? DisabledAt,
    DateTimeOffset? FailingSince,
    DateTimeOffset? LastDeliveredAt,
    DateTimeOffset? OldSecretUntil,
    string CreatedBy,
    DateTimeOffset CreatedAt
)
{
    internal static EndpointRow Of(EventEndpoint row) =>
        new(
            row.Id,
            row.Url,
            [.. EventTypes.Of(row.Events).Select(EventTypes.NameOf)],
            row.State,
            row.DisabledReason,
            row.DisabledAt,
            row.FailingSince,
            row.LastDeliveredAt,
            row.OldSecretUntil,
            row.CreatedBy,
            row.CreatedAt
        );
}

public abstract record EndpointOutcome
{
    private EndpointOutcome() { }

    /// <param name="Secret">Shown now and never again; null when none was made.</param>
    public sealed record Saved(EndpointRow Endpoint, string? Secret = null) : EndpointOutcome;

    public sealed record Deleted : EndpointOutcome;

    /// <param name="DeliveryId">What goes out within moments.</param>
    public sealed record Asked(Guid DeliveryId) : EndpointOutcome;

    public sealed record Invalid(IReadOnlyList<FieldError> Errors) : EndpointOutcome;

    /// <summary>It is disabled, so nothing would go out.</summary>
    public sealed record NotEnabled : EndpointOutcome;

    public sealed record NotFound : EndpointOutcome;
}

/// <summary>Events are written for it from the commit on, and not those of before.</summary>
public sealed class CreateEndpoint(PortalDb portal, EndpointSecrets secrets, OutgoingEventOptions options)
{
    /// <summary>Of one tenant.</summary>
    public const int MaxEndpoints = 10;

    private const int Slots = 256;

    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public Task<EndpointOutcome> ExecuteAsync(Caller caller, EndpointInput input, CancellationToken cancellation) =>
        portal.CommandAsync<EndpointOutcome>(
            caller,
            TenantRole.Admin,
            async (command, token) =>
            {
                if (input.Problems(options) is { Count: > 0 } problems)
                {
                    return new EndpointOutcome.Invalid(problems);
                }

                var there = await command
                    .Db.EventEndpoints.Select(row => new { row.Slot, row.State })
                    .ToListAsync(token);
                if (there.Count(row => row.State != EndpointState.Deleted) >= MaxEndpoints || there.Count >= Slots)
                {
                    return new EndpointOutcome.Invalid([
                        new FieldError(
                            nameof(input.Url),
                            $"There are {MaxEndpoints} endpoints already, and more are not kept. Delete one first."
                        ),
                    ]);
                }

                var secret = EndpointSecrets.New();
                var endpoint = new EventEndpoint
                {
                    TenantId = command.TenantId,
                    Id = command.Ids.New(),
                    Slot = Enumerable.Range(0, Slots).Except(there.Select(row => row.Slot)).First(),
                    Url = input.Url!,
                    Events = input.Mask,
                    State = input.Enabled == false ? EndpointState.Disabled : EndpointState.Enabled,
                    DisabledReason = input.Enabled == false ? DisabledReason.Person : null,
                    DisabledAt = input.Enabled == false ? command.Now : null,
                    Secret = secrets.Protect(secret),
                    CreatedBy = command.Actor.Name,
                    CreatedAt = command.Now,
                };
                command.Db.EventEndpoints.Add(endpoint);
                command.Audit(
                    "webhook_endpoint.created",
                    "webhook_endpoint",
                    endpoint.Id.ToString(),
                    endpoint.Url,
                    new { input.Events }
                );
                return new EndpointOutcome.Saved(EndpointRow.Of(endpoint), secret);
            },
            cancellation
        );
}

/// <summary>Address, events, on and off. What waits goes to the new address; switched on again it goes out.</summary>
public sealed class ChangeEndpoint(PortalDb portal, OutgoingEventOptions options)
{
    /// <param name="change">From what is kept to what shall be.</param>
    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public Task<EndpointOutcome> ExecuteAsync(
        Caller caller,
        Guid endpointId,
        Func<EndpointRow, EndpointInput> change,
        CancellationToken cancellation
    ) =>
        portal.CommandAsync<EndpointOutcome>(
            caller,
            TenantRole.Admin,
            async (command, token) =>
            {
                if (await command.Db.FindEndpointAsync(endpointId, token) is not { } endpoint)
                {
                    return new EndpointOutcome.NotFound();
                }

                var input = change(EndpointRow.Of(endpoint));
                if (input.Problems(options) is { Count: > 0 } problems)
                {
                    return new EndpointOutcome.Invalid(problems);
                }

                var elsewhere = endpoint.Url != input.Url;
                (endpoint.Url, endpoint.Events) = (input.Url!, input.Mask);
                var enabled = input.Enabled ?? endpoint.State == EndpointState.Enabled;
                if (enabled != (endpoint.State == EndpointState.Enabled))
                {
                    endpoint.State = enabled ? EndpointState.Enabled : EndpointState.Disabled;
                    endpoint.DisabledReason = enabled ? null : DisabledReason.Person;
                    endpoint.DisabledAt = enabled ? null : command.Now;
                }

                if (enabled && (elsewhere || command.Db.Entry(endpoint).Property(row => row.State).IsModified))
                {
                    // Another chance, and five days for it.
                    (endpoint.FailingSince, endpoint.FailuresInARow, endpoint.PausedUntil) = (null, 0, null);
                }

                command.Audit(
                    "webhook_endpoint.changed",
                    "webhook_endpoint",
                    endpoint.Id.ToString(),
                    endpoint.Url,
                    new { input.Events, enabled }
                );
                return new EndpointOutcome.Saved(EndpointRow.Of(endpoint));
            },
            cancellation
        );
}

/// <summary>From the commit on nothing is written for it and nothing more goes out; its log goes too, a part at a time.</summary>
public sealed class DeleteEndpoint(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public Task<EndpointOutcome> ExecuteAsync(Caller caller, Guid endpointId, CancellationToken cancellation) =>
        portal.CommandAsync<EndpointOutcome>(
            caller,
            TenantRole.Admin,
            async (command, token) =>
            {
                if (await command.Db.FindEndpointAsync(endpointId, token) is not { } endpoint)
                {
                    return new EndpointOutcome.NotFound();
                }

                endpoint.State = EndpointState.Deleted;
                (endpoint.Secret, endpoint.OldSecret, endpoint.OldSecretUntil) = ("", null, null);
                command.Audit("webhook_endpoint.deleted", "webhook_endpoint", endpoint.Id.ToString(), endpoint.Url);
                return new EndpointOutcome.Deleted();
            },
            cancellation
        );
}

/// <summary>A new secret; the old one signs beside it for a day, so that no delivery is refused while it is put in place.</summary>
public sealed class RotateEndpointSecret(PortalDb portal, EndpointSecrets secrets)
{
    public static readonly TimeSpan Overlap = TimeSpan.FromDays(1);

    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public Task<EndpointOutcome> ExecuteAsync(Caller caller, Guid endpointId, CancellationToken cancellation) =>
        portal.CommandAsync<EndpointOutcome>(
            caller,
            TenantRole.Admin,
            async (command, token) =>
            {
                if (await command.Db.FindEndpointAsync(endpointId, token) is not { } endpoint)
                {
                    return new EndpointOutcome.NotFound();
                }

                var secret = EndpointSecrets.New();
                (endpoint.OldSecret, endpoint.OldSecretUntil) = (endpoint.Secret, command.Now + Overlap);
                endpoint.Secret = secrets.Protect(secret);
                command.Audit(
                    "webhook_endpoint.secret_renewed",
                    "webhook_endpoint",
                    endpoint.Id.ToString(),
                    endpoint.Url
                );
                return new EndpointOutcome.Saved(EndpointRow.Of(endpoint), secret);
            },
            cancellation
        );
}

/// <summary>An event about nothing, to see whether the address takes it.</summary>
public sealed class SendTestEvent(PortalDb portal, OutgoingEventSignal signal)
{
    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public async Task<EndpointOutcome> ExecuteAsync(Caller caller, Guid endpointId, CancellationToken cancellation)
    {
        var outcome = await portal.CommandAsync<EndpointOutcome>(
            caller,
            TenantRole.Admin,
            async (command, token) =>
            {
                switch (await command.Db.FindEndpointAsync(endpointId, token))
                {
                    case null:
                        return new EndpointOutcome.NotFound();
                    case { State: not EndpointState.Enabled }:
                        return new EndpointOutcome.NotEnabled();
                    case { } endpoint:
                        var id = EventOutbox.IdOf(command.Now, command.Ids.New().ToString("N"), endpoint.Slot);
                        command.Db.EventDeliveries.Add(
                            new EventDelivery
                            {
                                TenantId = command.TenantId,
                                Id = id,
                                EndpointId = endpointId,
                                Type = EventType.EndpointTest,
                                OccurredAt = command.Now,
                                State = DeliveryState.Waiting,
                                NotBefore = command.Now,
                            }
                        );
                        command.Audit(
                            "webhook_endpoint.tested",
                            "webhook_endpoint",
                            endpointId.ToString(),
                            endpoint.Url
                        );
                        return new EndpointOutcome.Asked(id);
                }
            },
            cancellation
        );
        signal.Raise();
        return outcome;
    }
}

/// <summary>One delivery goes out again, under the id that it had, whatever became of it.</summary>
public sealed class ReplayDelivery(PortalDb portal, OutgoingEventSignal signal)
{
    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public async Task<EndpointOutcome> ExecuteAsync(Caller caller, Guid deliveryId, CancellationToken cancellation)
    {
        var outcome = await portal.CommandAsync<EndpointOutcome>(
            caller,
            TenantRole.Admin,
            async (command, token) =>
            {
                var delivery = await command
                    .Db.EventDeliveries.ForUpdate()
                    .SingleOrDefaultAsync(row => row.Id == deliveryId, token);
                if (
                    delivery is null
                    || await command.Db.FindEndpointAsync(delivery.EndpointId, token) is not { } endpoint
                )
                {
                    return new EndpointOutcome.NotFound();
                }

                if (endpoint.State != EndpointState.Enabled)
                {
                    return new EndpointOutcome.NotEnabled();
                }

                (delivery.State, delivery.Tries, delivery.NotBefore) = (DeliveryState.Waiting, 0, command.Now);
                delivery.Replays++;
                command.Audit(
                    "webhook_delivery.replayed",
                    "webhook_endpoint",
                    endpoint.Id.ToString(),
                    endpoint.Url,
                    new { delivery = deliveryId, type = EventTypes.NameOf(delivery.Type) }
                );
                return new EndpointOutcome.Asked(deliveryId);
            },
            cancellation
        );
        signal.Raise();
        return outcome;
    }
}

internal static class Endpoints
{
    /// <summary>One that is not deleted, to be changed.</summary>
    public static Task<EventEndpoint?> FindEndpointAsync(
        this PortalDbContext db,
        Guid id,
        CancellationToken cancellation
    ) =>
        db
            .EventEndpoints.ForUpdate()
            .SingleOrDefaultAsync(row => row.Id == id && row.State != EndpointState.Deleted, cancellation);
}
