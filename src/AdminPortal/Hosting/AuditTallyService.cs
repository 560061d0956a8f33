using Ledgerpost.Data;

namespace AdminPortal.Hosting;

/// <summary>Once a minute, writes into the audit logs how often it was where an hour or a day is over; at the end, all.</summary>
public sealed class AuditTallyService(PortalDb portal, TimeProvider time, ILogger<AuditTallyService> logger)
    : BackgroundService
{
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(1);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await portal.Tally.CloseAsync(all: true, cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Loop.EveryAsync(() => Rest, token => portal.Tally.CloseAsync(all: false, token), time, logger, stoppingToken);
}
