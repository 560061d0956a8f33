using Ledgerpost.Data;
using Ledgerpost.OutgoingEvents;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Webhooks;

namespace AdminPortal.Hosting;

/// <summary>
/// Keeps the workers turning. At shutdown no new call starts and those in flight have half a minute for their answers.
/// </summary>
public sealed class SendingService(
    SendingLoops loops,
    WatchClocks clocks,
    NoticeOldDatabase old,
    ProviderArchive archive,
    ProviderAccounts accounts,
    TimeProvider time,
    ILogger<SendingService> logger
) : BackgroundService
{
    public static readonly TimeSpan ShutdownGrace = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan AfterAnError = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var abandon = new CancellationTokenSource();
        await using var grace = stoppingToken.Register(() => abandon.CancelAfter(ShutdownGrace));
        // Gives the host its thread back.
        await Task.Yield();
        while (true)
        {
            try
            {
                // Doubt is repeated first: before it, once, what time it is for the provider.
                await clocks.CompareAsync(stoppingToken);
                // And whether it has mail of ours that we do not know of.
                await old.ByProviderAsync(archive, await accounts.CurrentAsync(stoppingToken), stoppingToken);
                await loops.RunWorkersAsync(stoppingToken, abandon.Token);
                return;
            }
            catch (Exception exception)
                when (StorageFailures.IsTheDatabases(exception) && !stoppingToken.IsCancellationRequested)
            {
                // Workers carry on by themselves once they run: this was before. Nothing is sent without these steps.
                logger.LogWarning(exception, "Sending could not begin; tried again in {Pause}.", AfterAnError);
                await Task.Delay(AfterAnError, time, stoppingToken);
            }
        }
    }
}

/// <summary>Once a minute: what can no longer be repeated becomes Unknown, and a launch that was cut in two is finished.</summary>
public sealed class DoubtService(SendingLoops loops) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => loops.RunDoubtAsync(stoppingToken);
}

/// <summary>Brings events to tenants' own programs.</summary>
public sealed class OutgoingEventService(DeliveryLoop loop) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => loop.RunAsync(stoppingToken);
}

/// <summary>Applies events as they come in.</summary>
public sealed class EventService(EventLoop loop) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => loop.RunAsync(stoppingToken);
}
