using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>Who went out in which run.</summary>
/// <param name="Accepted">Proven.</param>
/// <param name="Assumed">Counted as sent because a person decided so.</param>
public sealed record RunReceipt(
    int Number,
    RunKind Kind,
    string StartedBy,
    DateTimeOffset StartedAt,
    int Planned,
    int Accepted,
    int Assumed = 0
);

/// <param name="MailsPerSecond">Accepted in the last minute, or since the run began when that is shorter; null when none.</param>
/// <param name="NextAttemptAt">When the engine tries again, while it waits.</param>
public sealed record ProgressSnapshot(
    Campaign Campaign,
    CampaignCounts Counts,
    double? MailsPerSecond,
    DateTimeOffset? EstimatedFinish,
    IReadOnlyList<RunReceipt> Runs,
    DateTimeOffset? NextAttemptAt
)
{
    /// <summary>Of one that stopped for its sender or its account: whether its sending domain is verified now; else null.</summary>
    public bool? SenderHolds { get; init; }

    /// <summary>Only where it was asked for.</summary>
    public LookTotals? Looks { get; init; }
}

/// <summary>What the campaign page shows, from one snapshot.</summary>
public sealed class CampaignProgress(PortalDb db)
{
    private static readonly TimeSpan RateWindow = TimeSpan.FromMinutes(1);

    /// <param name="looks">With every opening and click, which costs more than counting people.</param>
    /// <returns>Null when the tenant has no such campaign.</returns>
    public Task<ProgressSnapshot?> ExecuteAsync(
        TenantScope scope,
        Guid campaignId,
        CancellationToken cancellation,
        bool looks = false
    ) =>
        db.ReadSnapshotAsync(
            scope,
            async (context, token) =>
            {
                if (
                    await context.Campaigns.Composed().SingleOrDefaultAsync(c => c.Id == campaignId, token)
                    is not { } campaign
                )
                {
                    return null;
                }

                var counts = await CampaignCounts.ReadAsync(context, campaign.TenantId, campaignId, token);
                var runs = await RunsAsync(context, campaignId, token);
                var rate = await RateAsync(context, campaign, runs, token);
                var left = counts.Pending + counts.InDoubt;
                return new ProgressSnapshot(
                    campaign,
                    counts,
                    rate,
                    rate is > 0 && left > 0 ? db.Time.GetUtcNow() + TimeSpan.FromSeconds(left / rate.Value) : null,
                    runs,
                    await NextAttemptAsync(context, campaign, token)
                )
                {
                    Looks = looks ? await LookTotals.ReadAsync(context, campaignId, token) : null,
                    SenderHolds = campaign
                        is {
                            Status: CampaignStatus.Partial,
                            StopReason: StopReason.SenderNotVerified or StopReason.AccountChanged
                        }
                        ? await IntentStatement.WithVerifiedSender(context).AnyAsync(row => row.Id == campaignId, token)
                        : null,
                };
            },
            cancellation
        );

    private static async Task<IReadOnlyList<RunReceipt>> RunsAsync(
        PortalDbContext context,
        Guid campaignId,
        CancellationToken cancellation
    )
    {
        // By chunk, not by recipient: a hundredth of the rows.
        var accepted = await context
            .Chunks.Where(chunk => chunk.CampaignId == campaignId && chunk.State == ChunkState.Accepted)
            .GroupBy(chunk => chunk.RunNumber)
            .Select(group => new { group.Key, Mails = group.Sum(chunk => chunk.Mails) })
            .ToDictionaryAsync(group => group.Key, group => group.Mails, cancellation);
        var assumed = await context
            .Recipients.Where(row => row.CampaignId == campaignId && row.AssumedBy != null)
            .GroupBy(row => row.AcceptedRun ?? 0)
            .Select(group => new { group.Key, Count = group.Count() })
            .ToDictionaryAsync(group => group.Key, group => group.Count, cancellation);
        var runs = await context
            .Runs.Where(run => run.CampaignId == campaignId)
            .OrderBy(run => run.Number)
            .ToListAsync(cancellation);
        return
        [
            .. runs.Select(run => new RunReceipt(
                run.Number,
                run.Kind,
                run.StartedBy,
                run.StartedAt,
                run.Planned,
                accepted.GetValueOrDefault(run.Number),
                assumed.GetValueOrDefault(run.Number)
            )),
        ];
    }

    private async Task<double?> RateAsync(
        PortalDbContext context,
        Campaign campaign,
        IReadOnlyList<RunReceipt> runs,
        CancellationToken cancellation
    )
    {
        if (campaign.Status != CampaignStatus.Sending || runs.Count == 0)
        {
            return null;
        }

        var now = db.Time.GetUtcNow();
        var since = now - RateWindow > runs[^1].StartedAt ? now - RateWindow : runs[^1].StartedAt;
        var mails = await context
            .Attempts.Where(a =>
                a.CampaignId == campaign.Id && a.CompletedAt >= since && a.Outcome == AttemptOutcome.Accepted
            )
            .SumAsync(a => a.Mails, cancellation);
        var seconds = (now - since).TotalSeconds;
        return mails == 0 || seconds < 1 ? null : mails / seconds;
    }

    private async Task<DateTimeOffset?> NextAttemptAsync(
        PortalDbContext context,
        Campaign campaign,
        CancellationToken cancellation
    )
    {
        if (campaign.Status is not (CampaignStatus.Sending or CampaignStatus.Partial))
        {
            return null;
        }

        var next = await context
            .Chunks.Where(chunk =>
                chunk.CampaignId == campaign.Id && chunk.State == ChunkState.Planned && chunk.DoubtfulSince != null
            )
            .MinAsync(chunk => chunk.NotBefore, cancellation);
        return next > db.Time.GetUtcNow() ? next : null;
    }
}
