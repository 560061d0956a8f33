using Ledgerpost.Data;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Webhooks;

/// <summary>Applies events as they come in, those together that come in within a moment.</summary>
public sealed class EventLoop(
    ApplyEvents apply,
    ForgetEvents forget,
    WebhookSignal signal,
    TimeProvider time,
    ILogger<EventLoop> logger
)
{
    private static readonly TimeSpan LongestNap = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ShortestNap = TimeSpan.FromSeconds(1);

    /// <summary>A batch costs nearly the same whether it holds ten events or a hundred.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    public Task RunAsync(CancellationToken stopping) =>
        // Beside the applying: a month-old campaign's events are many, and no bounce waits for them to be gone.
        Task.WhenAll(
            Loop.RunAsync(ApplyAsync, NapAsync, signal, time, logger, stopping),
            Loop.ForgetAsync(forget.RunOnceAsync, time, logger, stopping)
        );

    private async Task<bool> ApplyAsync(CancellationToken stopping)
    {
        var applied = await apply.RunOnceAsync(stopping);
        if (applied is > 0 and < ApplyEvents.BatchSize)
        {
            await Task.Delay(Moment, time, stopping);
        }

        return applied > 0;
    }

    private async Task<TimeSpan> NapAsync(CancellationToken stopping)
    {
        var until = await apply.NextDueAsync(stopping) - time.GetUtcNow() ?? LongestNap;
        return until < ShortestNap ? ShortestNap
            : until > LongestNap ? LongestNap
            : until;
    }
}
