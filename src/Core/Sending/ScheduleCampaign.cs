using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>What became of scheduling. A closed set.</summary>
public abstract record ScheduleResult
{
    private ScheduleResult() { }

    public sealed record Scheduled(DateTimeOffset At) : ScheduleResult;

    /// <summary>The instant is no good.</summary>
    public sealed record Invalid(IReadOnlyList<FieldError> Problems) : ScheduleResult;

    /// <summary>It was not scheduled, or not launched, by what <see cref="Reason"/> says; nothing has changed.</summary>
    public sealed record Refused(LaunchResult Reason) : ScheduleResult;
}

/// <summary>
/// Draft → Scheduled: sender and content are frozen now, the audience when it is due. Of a scheduled campaign: another
/// time, also of one that asks.
/// </summary>
public sealed class ScheduleCampaign(PortalDb db, CampaignNotifier notifier)
{
    /// <summary>As the API and the pages name it.</summary>
    public const string Field = "schedule_at";

    private static readonly TimeSpan Farthest = TimeSpan.FromDays(366);

    public Task<ScheduleResult> ExecuteAsync(
        Caller caller,
        Guid campaignId,
        int version,
        DateTimeOffset at,
        CancellationToken cancellation
    ) =>
        db.CommandAsync(
            caller,
            TenantRole.Admin,
            (command, token) => ScheduleAsync(command, campaignId, version, at, notifier, token),
            cancellation
        );

    /// <summary>What is wrong with the instant itself; null when it can be scheduled for.</summary>
    public static FieldError? Problem(DateTimeOffset at, DateTimeOffset now) =>
        at <= now ? new FieldError(Field, "That time is past. Choose a later one, or send it now.")
        : at - now > Farthest ? new FieldError(Field, "That is more than a year ahead. Choose an earlier time.")
        : null;

    internal static async Task<ScheduleResult> ScheduleAsync(
        CommandContext command,
        Guid campaignId,
        int version,
        DateTimeOffset at,
        CampaignNotifier notifier,
        CancellationToken cancellation
    )
    {
        var (campaign, refused) = await OpenAsync(command.Db, campaignId, version, cancellation);
        if (campaign is null)
        {
            return new ScheduleResult.Refused(refused!);
        }

        if (Problem(at, command.Now) is { } wrong)
        {
            return new ScheduleResult.Invalid([wrong]);
        }

        var sender = await LaunchCampaign.SenderAsync(command.Db, campaign.SenderId, cancellation);
        // Who is in the audience is asked when it is due.
        if (LaunchCampaign.ProblemsOf(campaign, sender) is { Count: > 0 } problems)
        {
            return new ScheduleResult.Refused(new LaunchResult.NotLaunchable(problems));
        }

        var from = campaign.Status;
        if (from == CampaignStatus.Draft)
        {
            LaunchCampaign.FreezeSender(campaign, sender!);
        }

        var before = campaign.ScheduledAt;
        campaign.ScheduledAt = at.ToUniversalTime();
        campaign.LaunchedBy = command.Actor.Name;
        (campaign.StopReason, campaign.StopDetail) = (null, null);
        campaign.Version++;
        campaign.UpdatedAt = command.Now;
        await command.Db.SaveChangesAsync(cancellation);
        if (from == CampaignStatus.Draft)
        {
            await CampaignTransitions.TryMoveAsync(
                command.Db,
                campaign.TenantId,
                campaignId,
                CampaignStatus.Draft,
                CampaignStatus.Scheduled,
                command.Now,
                cancellation
            );
        }

        command.Audit(
            from == CampaignStatus.Draft ? "campaign.scheduled" : "campaign.rescheduled",
            "campaign",
            campaignId.ToString(),
            campaign.Name,
            new
            {
                before = new { at = from == CampaignStatus.Draft ? null : before },
                after = new { at = campaign.ScheduledAt },
            }
        );
        command.Db.AfterCommit(() => notifier.Publish(campaignId));
        return new ScheduleResult.Scheduled(campaign.ScheduledAt.Value);
    }

    /// <summary>A draft or a scheduled campaign in the version that was looked at, tracked.</summary>
    internal static async Task<(Campaign? Campaign, LaunchResult? Refused)> OpenAsync(
        PortalDbContext context,
        Guid campaignId,
        int version,
        CancellationToken cancellation
    )
    {
        // Held before it is read: who changes it meanwhile is seen, and told of as another version.
        await context.LockCampaignAsync(campaignId, cancellation);
        return await context.Campaigns.Composed().SingleOrDefaultAsync(c => c.Id == campaignId, cancellation) switch
        {
            null => (null, new LaunchResult.NotFound()),
            { Status: not (CampaignStatus.Draft or CampaignStatus.Scheduled) } launched => (
                null,
                new LaunchResult.AlreadyLaunched(launched.Status)
            ),
            var changed when changed.Version != version => (null, new LaunchResult.Changed(changed.Version)),
            var campaign => (campaign, null),
        };
    }
}

/// <summary>Scheduled → Draft: it can be written on again, and nothing starts by itself.</summary>
public sealed class UnscheduleCampaign(PortalDb db, CampaignNotifier notifier)
{
    public Task<TransitionResult> ExecuteAsync(Caller caller, Guid campaignId, CancellationToken cancellation) =>
        CampaignMove.ExecuteAsync(
            db,
            notifier,
            caller,
            campaignId,
            [CampaignStatus.Scheduled],
            CampaignStatus.Draft,
            "campaign.unscheduled",
            (command, campaign, token) =>
                command
                    .Db.Campaigns.Where(c => c.Id == campaign.Id)
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(c => c.ScheduledAt, (DateTimeOffset?)null)
                                .SetProperty(c => c.FromHeader, (string?)null)
                                .SetProperty(c => c.ReplyTo, (string?)null)
                                .SetProperty(c => c.LaunchedBy, (string?)null)
                                .SetProperty(c => c.StopReason, (StopReason?)null)
                                .SetProperty(c => c.StopDetail, (string?)null)
                                .SetProperty(c => c.Version, c => c.Version + 1),
                        token
                    ),
            cancellation
        );
}
