using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Ledgerpost.OutgoingEvents;

/// <summary>What tells tenants' own programs of what happens here.</summary>
public static class OutgoingEventServices
{
    public static IServiceCollection AddOutgoingEvents(this IServiceCollection services, OutgoingEventOptions options)
    {
        services.TryAddSingleton<IEventResolver, SystemResolver>();
        return services
            .AddSingleton(options)
            .AddSingleton<EventHttp>()
            .AddSingleton<EndpointSecrets>()
            .AddSingleton<OutgoingEventSignal>()
            .AddSingleton<DeliverEvents>()
            .AddSingleton<ForgetDeliveries>()
            .AddSingleton<DeliveryLoop>()
            .AddSingleton<CreateEndpoint>()
            .AddSingleton<ChangeEndpoint>()
            .AddSingleton<DeleteEndpoint>()
            .AddSingleton<RotateEndpointSecret>()
            .AddSingleton<SendTestEvent>()
            .AddSingleton<ReplayDelivery>()
            .AddSingleton<EndpointList>()
            .AddSingleton<DeliveryList>();
    }
}
