using Ledgerpost.Data;
using Ledgerpost.Senders;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>
/// What the engine does by itself, as loops that a host starts and the simulation starts: start-up, workers, and the look
/// each minute at what cannot be repeated any more. Nothing here takes a thread of its own.
/// </summary>
public sealed class SendingLoops(
    RecoverAtStart recover,
    Dispatcher dispatcher,
    ClaimChunk claim,
    OwnLanes ownLanes,
    ForgetOwnKeys forgetKeys,
    ExpireDoubt expire,
    LaunchDue launchDue,
    ProviderAccounts accounts,
    SendingSignal signal,
    SendingOptions options,
    TimeProvider time,
    ILogger<SendingLoops> logger
)
{
    /// <summary>A worker looks at least so often, in case a wake-up was lost with its process.</summary>
    private static readonly TimeSpan LongestNap = TimeSpan.FromSeconds(30);

    /// <summary>It has just looked and found nothing: what seems due is not for it, and asking again at once would only burn.</summary>
    private static readonly TimeSpan ShortestNap = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan DoubtInterval = TimeSpan.FromMinutes(1);

    /// <param name="stopping">No new call starts after it.</param>
    /// <param name="abandon">Calls in flight are given up after it.</param>
    public async Task RunWorkersAsync(CancellationToken stopping, CancellationToken abandon)
    {
        await Task.Yield();
        await recover.ExecuteAsync(stopping);
        await Task.WhenAll(
            Enumerable
                .Range(1, options.Workers)
                .Select(worker =>
                    // A failed worker's chunk keeps its lease and is claimed again when it ends; doubt stays doubt.
                    Loop.RunAsync(
                        async token =>
                            await dispatcher.RunOnceAsync($"worker-{worker}", token, abandon) != DispatchResult.Idle,
                        UntilDueAsync,
                        signal,
                        time,
                        logger,
                        stopping
                    )
                )
                .Append(RunScheduleAsync(stopping))
                .Append(ownLanes.RunAsync(stopping, abandon))
        );
    }

    /// <summary>
    /// Beside the workers, so that nothing is launched before the looks that they wait for: at the clocks, and at whether
    /// this database is an old one.
    /// </summary>
    private Task RunScheduleAsync(CancellationToken stopping) =>
        Loop.RunAsync(
            async token => await launchDue.RunOnceAsync(token) > 0,
            launchDue.NapAsync,
            new NeverRaised(),
            time,
            logger,
            stopping
        );

    /// <summary>Once a minute: what can no longer be repeated becomes Unknown, and a launch that was cut in two is finished.</summary>
    public Task RunDoubtAsync(CancellationToken stopping) =>
        Loop.RunAsync(
            async token =>
            {
                await recover.FinishLaunchesAsync(DoubtInterval, token);
                var expired = await expire.RunOnceAsync(token);
                await forgetKeys.RunOnceAsync(token);
                return expired > 0;
            },
            _ => Task.FromResult(DoubtInterval),
            new NeverRaised(),
            time,
            logger,
            stopping
        );

    private async Task<TimeSpan> UntilDueAsync(CancellationToken cancellation)
    {
        var account = await accounts.CurrentAsync(cancellation);
        return Nap(await claim.NextDueAsync(account.Id, cancellation) - time.GetUtcNow());
    }

    internal static TimeSpan Nap(TimeSpan? due) =>
        TimeSpan.FromTicks(Math.Clamp((due ?? LongestNap).Ticks, ShortestNap.Ticks, LongestNap.Ticks));
}
