using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.OutgoingEvents;

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
