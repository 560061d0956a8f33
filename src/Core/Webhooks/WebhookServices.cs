using Microsoft.Extensions.DependencyInjection;

namespace Ledgerpost.Webhooks;

/// <summary>What takes the provider's events in and applies them. Beside the engine's parts, which do not know of it.</summary>
public static class WebhookServices
{
    public static IServiceCollection AddWebhooks(this IServiceCollection services, WebhookOptions? options = null) =>
        services
            .AddSingleton(options ?? new WebhookOptions())
            .AddSingleton<EventAllowance>()
            .AddSingleton<WebhookSignal>()
            .AddSingleton<WebhookInbox>()
            .AddSingleton<OwnWebhooks>()
            .AddSingleton<ReceiveWebhook>()
            .AddSingleton<ApplyEvents>()
            .AddSingleton<ForgetEvents>()
            .AddSingleton<ListEvents>()
            .AddSingleton<ReplayEvent>()
            .AddSingleton<EventLoop>();
}
