using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Outbox;
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
