using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>
/// Starts scheduled campaigns when they are due, by the database's clock where there is one; of several instances exactly
/// one does. What cannot be started any more as it was meant asks a person instead: more than an hour late, or a check
/// before the launch that does not hold.
/// </summary>
public sealed class LaunchDue(
    PortalDb db,
    LaunchCampaign launch,
    CampaignNotifier notifier,
    CrashPoints crash,
    ILogger<LaunchDue> logger
)
{
    /// <summary>A mail that was meant for nine o'clock may be wrong at noon; whether it is, a person knows.</summary>
    public static readonly TimeSpan Latest = TimeSpan.FromHours(1);

    private static readonly TimeSpan LongestNap = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ShortestNap = TimeSpan.FromSeconds(1);

    /// <summary>Until the next one is due, at most a quarter of a minute.</summary>
    public async Task<TimeSpan> NapAsync(CancellationToken cancellation)
    {
        var wait = await NextAsync(cancellation) - db.Time.ShownNow() ?? LongestNap;
        return TimeSpan.FromTicks(Math.Clamp(wait.Ticks, ShortestNap.Ticks, LongestNap.Ticks));
    }

    /// <returns>How many were started.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        if (db.Time.MayNotLaunch())
        {
            // Ahead by the clock is not due, and not missed either.
            return 0;
        }

        var now = db.Time.ShownNow();
        // Most looks find nothing, and cost next to nothing.
        if (!(await NextAsync(cancellation) <= now))
        {
            return 0;
        }

        await using var context = db.Read(TenantScope.Installation);
        var due = await Waiting(context)
            .Where(campaign => campaign.ScheduledAt <= now)
            .OrderBy(campaign => campaign.ScheduledAt)
            .Select(campaign => new { campaign.TenantId, campaign.Id })
            .ToListAsync(cancellation);
        var started = 0;
        foreach (var campaign in due)
        {
            if (await TryAsync(campaign.Id, () => StartAsync(campaign.TenantId, campaign.Id, cancellation)))
            {
                started++;
                await crash.ReachAsync(CrashPoints.BeforeFreeze, cancellation);
                // What is not taken now is taken as after a crash: RecoverAtStart.
                await TryAsync(
                    campaign.Id,
                    async () => await launch.PrepareAsync(campaign.TenantId, campaign.Id, cancellation) is not null
                );
            }
        }

        return started;
    }

    /// <summary>One tenant's campaign must not keep the others from starting; it is looked at again.</summary>
    private async Task<bool> TryAsync(Guid campaignId, Func<Task<bool>> step)
    {
        try
        {
            return await step();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.LogError(exception, "The scheduled campaign {CampaignId} could not be started.", campaignId);
            return false;
        }
    }

    /// <summary>Of what <see cref="Waiting"/> says, the first.</summary>
    private Task<DateTimeOffset?> NextAsync(CancellationToken cancellation) =>
        db.ReadRowsAsync(
            TenantScope.Installation,
            context =>
                context.FirstAsync(
                    $"""
                    SELECT MIN("ScheduledAt") FROM "Campaigns" WHERE "Status" = 'Scheduled' AND "StopReason" IS NULL
                    """,
                    row => row.InstantOrNull(0),
                    cancellation
                )
        );

    private static IQueryable<Campaign> Waiting(PortalDbContext context) =>
        context.Campaigns.Where(campaign => campaign.Status == CampaignStatus.Scheduled && campaign.StopReason == null);

    /// <summary>Scheduled → Preparing, or a question; in one transaction, alone among the tenant's.</summary>
    private Task<bool> StartAsync(Guid tenantId, Guid campaignId, CancellationToken cancellation) =>
        db.WriteAsync(
            TenantScope.For(tenantId),
            async (context, token) =>
            {
                // Held before it is read: an old database that is noticed meanwhile is seen here, or sees what is done here.
                await context.LockCampaignAsync(campaignId, token);
                var (now, clock) = (db.Time.GetUtcNow(), db.Time.ShownNow());
                var campaign = await Waiting(context).SingleOrDefaultAsync(c => c.Id == campaignId, token);
                // Another instance was first, or a person; or the whole installation waits for one.
                if (
                    campaign is not { ScheduledAt: { } at }
                    || at > clock
                    || await context.Installation.AnyAsync(row => row.Hold != null, token)
                )
                {
                    return false;
                }

                if (clock - at > Latest)
                {
                    await AskAsync(context, campaign, StopReason.ScheduleMissed, null, now, token);
                    return false;
                }

                if ((await LaunchCampaign.LeftOutProblemsAsync(context, campaign.LeavesOut, token)).Any())
                {
                    // In a moment.
                    return false;
                }

                var sender = await LaunchCampaign.SenderAsync(context, campaign.SenderId, token);
                var problems = await LaunchCampaign.ProblemsAsync(context, campaign, sender, token);
                if (problems.Count > 0)
                {
                    await AskAsync(
                        context,
                        campaign,
                        StopReason.ScheduleHindered,
                        string.Join(' ', problems),
                        now,
                        token
                    );
                    return false;
                }

                var details = await LaunchCampaign.BeginAsync(context, campaign, now, token);
                await AuditAsync(context, campaign, "campaign.launched", details, now, token);
                return true;
            },
            cancellation
        );

    private async Task AskAsync(
        PortalDbContext context,
        Campaign campaign,
        StopReason reason,
        string? detail,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        (campaign.StopReason, campaign.StopDetail) = (reason, detail);
        campaign.Version++;
        campaign.UpdatedAt = now;
        await AuditAsync(
            context,
            campaign,
            "campaign.not_launched",
            new
            {
                reason = reason.ToString(),
                detail,
                scheduled_at = campaign.ScheduledAt,
            },
            now,
            cancellation
        );
        context.AfterCommit(() => notifier.Publish(campaign.Id));
    }

    private static Task AuditAsync(
        PortalDbContext context,
        Campaign campaign,
        string action,
        object details,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        AuditLog.AppendAsync(
            context,
            campaign.TenantId,
            Tenancy.Actor.System,
            now,
            action,
            "campaign",
            campaign.Id.ToString(),
            campaign.Name,
            details,
            cancellation
        );
}
