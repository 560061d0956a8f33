using Ledgerpost.Audit;
using Ledgerpost.Data;

namespace AdminPortal.Hosting;

/// <summary>At the start and once a day, looks through the audit logs and writes how far they have come outside the database.</summary>
public sealed class AnchorService(AnchorAuditLogs anchor, TimeProvider time, ILogger<AnchorService> logger)
    : BackgroundService
{
    private static readonly TimeSpan Rest = TimeSpan.FromDays(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Loop.EveryAsync(() => Rest, anchor.ExecuteAsync, time, logger, stoppingToken);
}
