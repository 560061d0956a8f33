using Microsoft.Extensions.Logging;

namespace Ledgerpost.Data;

/// <summary>The shape of a thin loop: call the body while it finds work, then wait.</summary>
public static class Loop
{
    private static readonly TimeSpan AfterAnError = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ForgetsEvery = TimeSpan.FromHours(1);
    private static readonly TimeSpan UntilTheClockIsSure = TimeSpan.FromMinutes(1);

    /// <summary>For what only looks from time to time: once, then a rest, whatever it found.</summary>
    /// <param name="rest">How long; asked each time.</param>
    public static Task EveryAsync(
        Func<TimeSpan> rest,
        Func<CancellationToken, Task> runOnce,
        TimeProvider time,
        ILogger logger,
        CancellationToken stopping
    ) =>
        RunAsync(
            async token =>
            {
                await runOnce(token);
                return false;
            },
            _ => Task.FromResult(rest()),
            new NeverRaised(),
            time,
            logger,
            stopping
        );

    /// <summary>
    /// For what lets go of what is old: once an hour, and soon again where it has let go of nothing because nobody knows whether
    /// the clock is right.
    /// </summary>
    public static Task ForgetAsync(
        Func<CancellationToken, Task> runOnce,
        TimeProvider time,
        ILogger logger,
        CancellationToken stopping
    ) => EveryAsync(() => time.MayNotForget() ? UntilTheClockIsSure : ForgetsEvery, runOnce, time, logger, stopping);

    /// <param name="runOnce">Returns whether it found something to do: then it is called again at once.</param>
    /// <param name="nap">How long to wait at most where there was nothing; asked each time.</param>
    /// <param name="signal">Cuts the waiting short.</param>
    public static async Task RunAsync(
        Func<CancellationToken, Task<bool>> runOnce,
        Func<CancellationToken, Task<TimeSpan>> nap,
        WakeUp signal,
        TimeProvider time,
        ILogger logger,
        CancellationToken stopping
    )
    {
        // Gives the host its thread back: the work is synchronous underneath.
        await Task.Yield();
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var seen = signal.Seen;
                if (!await runOnce(stopping))
                {
                    await signal.WaitAsync(seen, await nap(stopping), time, stopping);
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                logger.LogError(exception, "A background loop failed and goes on in {Pause}.", AfterAnError);
                await signal.WaitAsync(signal.Seen, AfterAnError, time, stopping);
            }
        }
    }
}
