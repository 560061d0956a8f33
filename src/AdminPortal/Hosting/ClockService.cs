using Ledgerpost.Sending;

namespace AdminPortal.Hosting;

/// <summary>Watches the clocks every few seconds, and leaves the last mark behind when the portal stops.</summary>
public sealed class ClockService(WatchClocks clocks) : BackgroundService
{
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await clocks.StoreAsync(CancellationToken.None);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => clocks.RunAsync(stoppingToken);
}
