using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>
/// Once, before the workers start: leases that a crash left end, doubt is due at once, a launch that was cut in two is
/// finished. Only on SQLite, where the data directory's lock says that no other process has a lease; on PostgreSQL other
/// instances may be at work, and leases run out by themselves.
/// </summary>
public sealed class RecoverAtStart(PortalDb db, LaunchCampaign launch, ILogger<RecoverAtStart> logger)
{
    public async Task ExecuteAsync(CancellationToken cancellation)
    {
        if (db.IsShared)
        {
            await FinishLaunchesAsync(TimeSpan.FromMinutes(1), cancellation);
            return;
        }

        var (leases, doubtful) = await db.WriteAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                var leased = await context
                    .Chunks.Where(chunk => chunk.State == ChunkState.Leased)
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(chunk => chunk.State, ChunkState.Planned)
                                .SetProperty(chunk => chunk.LeaseOwner, (string?)null)
                                .SetProperty(chunk => chunk.LeaseEnds, (DateTimeOffset?)null),
                        token
                    );
                var due = await context
                    .Chunks.Where(chunk => chunk.DoubtfulSince != null)
                    .ExecuteUpdateAsync(set => set.SetProperty(chunk => chunk.NotBefore, (DateTimeOffset?)null), token);
                return (leased, due);
            },
            cancellation
        );
        if (leases + doubtful > 0)
        {
            db.Safety.Fired(SafetyMechanism.RecoveredAtStart);
            logger.LogWarning(
                "After the last stop {Leases} chunks were still with a worker and {Doubtful} are in doubt; doubt is repeated first, with the same bytes under the same key.",
                leases,
                doubtful
            );
        }

        await FinishLaunchesAsync(TimeSpan.Zero, cancellation);
    }

    /// <summary>Finishes launches that were cut in two, by a crash or by a storage fault: nobody can press a button for them.</summary>
    /// <param name="olderThan">Younger ones are still being launched by whoever pressed.</param>
    public async Task FinishLaunchesAsync(TimeSpan olderThan, CancellationToken cancellation)
    {
        var before = db.Time.GetUtcNow() - olderThan;
        await using var context = db.Read(TenantScope.Installation);
        var cut = await context
            .Campaigns.Where(campaign =>
                campaign.Status == CampaignStatus.Preparing
                && (campaign.LaunchedAt == null || campaign.LaunchedAt <= before)
            )
            .Select(campaign => new { campaign.TenantId, campaign.Id })
            .ToListAsync(cancellation);
        foreach (var campaign in cut)
        {
            try
            {
                await launch.PrepareAsync(campaign.TenantId, campaign.Id, cancellation);
                db.Safety.Fired(SafetyMechanism.LaunchFinished, campaign.Id);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // One tenant's campaign must not keep the others from sending.
                logger.LogError(exception, "The launch of campaign {CampaignId} could not be finished.", campaign.Id);
            }
        }
    }
}
