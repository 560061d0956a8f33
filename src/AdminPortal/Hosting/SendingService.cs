using Ledgerpost.Data;
using Ledgerpost.Sending;

namespace AdminPortal.Hosting;

/// <summary>
/// Keeps the workers turning: each calls <see cref="Dispatcher.RunOnceAsync"/> again, or waits until something is due. At
/// shutdown no new call starts and those in flight have half a minute for their answers.
/// </summary>
public sealed class SendingService(
    RecoverAtStart recover,
    Dispatcher dispatcher,
    ClaimChunk claim,
    Ledgerpost.Senders.ProviderAccounts accounts,
    SendingSignal signal,
    SendingOptions options,
    TimeProvider time,
    ILogger<SendingService> logger
) : BackgroundService
{
    public static readonly TimeSpan ShutdownGrace = TimeSpan.FromSeconds(30);

    /// <summary>A worker looks at least so often, in case a wake-up was lost with its process.</summary>
    private static readonly TimeSpan LongestNap = TimeSpan.FromSeconds(30);

    /// <summary>It has just looked and found nothing: what seems due is not for it, and asking again at once would only burn.</summary>
    private static readonly TimeSpan ShortestNap = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan AfterAnError = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Gives the host the thread back: it must listen while the ledger is looked over.
        await Task.Yield();
        await recover.ExecuteAsync(stoppingToken);
        using var abandon = new CancellationTokenSource();
        await using var grace = stoppingToken.Register(() => abandon.CancelAfter(ShutdownGrace));
        await Task.WhenAll(
            Enumerable
                .Range(1, options.MaxConcurrency)
                .Select(worker =>
                    Task.Run(() => WorkAsync($"worker-{worker}", stoppingToken, abandon.Token), CancellationToken.None)
                )
        );
    }

    private async Task WorkAsync(string owner, CancellationToken stopping, CancellationToken abandon)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var raised = signal.Next();
                if (await dispatcher.RunOnceAsync(owner, stopping, abandon) == DispatchResult.Idle)
                {
                    await NapAsync(raised, stopping);
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // The chunk keeps its lease and is claimed again when it ends; what is in doubt stays in doubt.
                logger.LogError(exception, "A sending worker failed and goes on in {Pause}.", AfterAnError);
                await Task.Delay(AfterAnError, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task NapAsync(Task raised, CancellationToken stopping)
    {
        var account = await accounts.CurrentAsync(stopping);
        var due = await claim.NextDueAsync(account.Id, stopping) - time.GetUtcNow();
        var nap = TimeSpan.FromTicks(Math.Clamp((due ?? LongestNap).Ticks, ShortestNap.Ticks, LongestNap.Ticks));
        await Task.WhenAny(raised, Task.Delay(nap, time, stopping));
    }
}

/// <summary>Once a minute: what can no longer be repeated becomes Unknown, and a launch that was cut in two is finished.</summary>
public sealed class DoubtService(
    ExpireDoubt expire,
    RecoverAtStart recover,
    TimeProvider time,
    ILogger<DoubtService> logger
) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Loop.RunAsync(RunOnceAsync, _ => Task.Delay(Interval, time, stoppingToken), logger, time, stoppingToken);

    private async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        await recover.FinishLaunchesAsync(Interval, cancellation);
        return await expire.RunOnceAsync(cancellation);
    }
}

/// <summary>Applies events as they come in.</summary>
public sealed class EventService(
    Ledgerpost.Webhooks.ApplyEvents apply,
    Ledgerpost.Webhooks.WebhookSignal signal,
    TimeProvider time,
    ILogger<EventService> logger
) : BackgroundService
{
    private static readonly TimeSpan LongestNap = TimeSpan.FromSeconds(10);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Loop.RunAsync(
            apply.RunOnceAsync,
            raised => Task.WhenAny(raised, Task.Delay(LongestNap, time, stoppingToken)),
            logger,
            time,
            stoppingToken,
            signal
        );
}

/// <summary>The shape of a thin loop: call the body while it finds work, then wait.</summary>
internal static class Loop
{
    private static readonly TimeSpan AfterAnError = TimeSpan.FromSeconds(5);

    /// <param name="runOnce">Returns how much it did.</param>
    public static async Task RunAsync(
        Func<CancellationToken, Task<int>> runOnce,
        Func<Task, Task> wait,
        ILogger logger,
        TimeProvider time,
        CancellationToken stopping,
        WakeUp? signal = null
    )
    {
        await Task.Yield();
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var raised = signal?.Next() ?? Task.Delay(Timeout.InfiniteTimeSpan, time, stopping);
                if (await runOnce(stopping) == 0)
                {
                    await wait(raised);
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                logger.LogError(exception, "A background loop failed and goes on in {Pause}.", AfterAnError);
                await Task.Delay(AfterAnError, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
