using Ledgerpost.Sending;

namespace AdminPortal.Hosting;

/// <summary>Asks the provider what became of mail that is not repeated any more, and after a restore whom it suppresses.</summary>
public sealed class ReconcileService(
    Reconciler reconciler,
    OwnReconcilers ownReconcilers,
    ReplaySuppressions suppressions
) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(
            reconciler.RunAsync(stoppingToken),
            ownReconcilers.RunAsync(stoppingToken),
            suppressions.RunAsync(stoppingToken)
        );
}
