using Ledgerpost.LiveUpdates;
using Ledgerpost.Senders;

namespace AdminPortal.Hosting;

/// <summary>Looks at sending domains again, and tells the open pages of their tenant.</summary>
public sealed class DomainService(RecheckDomains recheck, DomainSignal signal, CampaignNotifier notifier)
    : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        signal.Looked = notifier.Publish;
        return recheck.RunAsync(stoppingToken);
    }
}
