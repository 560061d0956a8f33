using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Ledgerpost.Tenancy;

namespace Ledgerpost.OutgoingEvents;

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

                var before = Logged(endpoint);
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
                    new { before, after = Logged(endpoint) }
                );
                return new EndpointOutcome.Saved(EndpointRow.Of(endpoint));
            },
            cancellation
        );

    private static object Logged(EventEndpoint endpoint) =>
        new
        {
            endpoint.Url,
            EndpointRow.Of(endpoint).Events,
            enabled = endpoint.State == EndpointState.Enabled,
        };
}
