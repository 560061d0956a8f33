using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Ledgerpost.Tenancy;

namespace Ledgerpost.OutgoingEvents;

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
