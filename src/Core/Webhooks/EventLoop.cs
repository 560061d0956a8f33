using Ledgerpost.Data;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Webhooks;

/// <summary>Applies events as they come in.</summary>
public sealed class EventLoop(ApplyEvents apply, WebhookSignal signal, TimeProvider time, ILogger<EventLoop> logger)
{
    private static readonly TimeSpan LongestNap = TimeSpan.FromSeconds(10);

    public Task RunAsync(CancellationToken stopping) =>
        Loop.RunAsync(
            async token => await apply.RunOnceAsync(token) > 0,
            _ => Task.FromResult(LongestNap),
            signal,
            time,
            logger,
            stopping
        );
}
