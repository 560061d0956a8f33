using Ledgerpost.Data;

namespace AdminPortal.Hosting;

/// <summary>
/// Once a minute, writes into the audit logs how often it was where an hour or a day is over; at the end, all: once every
/// request has ended, and not when the loops stop.
/// </summary>
public sealed class AuditTallyService(PortalDb portal, TimeProvider time, ILogger<AuditTallyService> logger)
    : BackgroundService,
        IHostedLifecycleService
{
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(1);

    public Task StoppedAsync(CancellationToken cancellationToken) =>
        portal.Tally.CloseAsync(all: true, cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Loop.EveryAsync(() => Rest, token => portal.Tally.CloseAsync(all: false, token), time, logger, stoppingToken);
}
