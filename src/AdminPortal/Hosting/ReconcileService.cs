using Ledgerpost.Sending;

namespace AdminPortal.Hosting;

/// <summary>Asks the provider what became of mail that is not repeated any more.</summary>
public sealed class ReconcileService(Reconciler reconciler) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => reconciler.RunAsync(stoppingToken);
}
