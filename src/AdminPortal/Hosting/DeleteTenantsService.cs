using Ledgerpost.Data;
using Ledgerpost.Deletion;

namespace AdminPortal.Hosting;

/// <summary>Removes what deleted tenants had; soon after a deletion begins, and at the start what a crash has left.</summary>
internal sealed class DeleteTenantsService(
    DeleteTenants delete,
    DeletionSignal signal,
    TimeProvider time,
    ILogger<DeleteTenantsService> logger
) : BackgroundService
{
    /// <summary>While a call of the tenant is under way.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Loop.RunAsync(
            async token => await delete.RunOnceAsync(token) > 0,
            async token => await delete.IsWaitingAsync(token) ? Look : Rest,
            signal,
            time,
            logger,
            stoppingToken
        );
}
