using AdminPortal.Api;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Sending;

namespace AdminPortal.Features.Campaigns;

/// <summary>A PATCH that says when a campaign is sent: the field stands alone, because it is a press of a button.</summary>
internal static class CampaignSchedule
{
    public const string Field = ScheduleCampaign.Field;

    private static readonly string[] Others = ["name", "subject", "html", "text", "sender_id", "audience"];

    /// <param name="has">Whether a field was sent, by its name in JSON.</param>
    public static IEnumerable<FieldError> Problems(Func<string, bool> has) =>
        has(Field) && Others.Any(has)
            ? [new FieldError(Field, "Send it alone: first change the draft, then schedule what stands there.")]
            : [];

    public static async Task<IResult> ChangeAsync(
        Campaign seen,
        ApiBody<CampaignPatch> body,
        ApiCall call,
        ScheduleCampaign schedule,
        UnscheduleCampaign unschedule,
        CampaignAnswers campaigns
    ) =>
        body.Value.ScheduleAt is { } at
            ? await call.RunAsync(
                (caller, token) => schedule.ExecuteAsync(caller, seen.Id, seen.Version, at, token),
                async (result, db, token) =>
                    result switch
                    {
                        ScheduleResult.Scheduled => await campaigns.ReadAsync(db, seen.Id, token),
                        ScheduleResult.Invalid invalid => ApiErrors.Fields(invalid.Problems),
                        ScheduleResult.Refused { Reason: LaunchResult.NotLaunchable not } =>
                            CampaignAnswers.NotLaunchable(not.Problems),
                        ScheduleResult.Refused { Reason: LaunchResult.AlreadyLaunched already } => NotADraft(
                            already.Status
                        ),
                        ScheduleResult.Refused { Reason: LaunchResult.Changed } => ApiErrors.Changed.Say(
                            "Nothing was scheduled: somebody saved the draft at the same moment. Read it and try again."
                        ),
                        _ => ApiErrors.Unknown("campaign"),
                    }
            )
            : await call.RunAsync(
                (caller, token) => unschedule.ExecuteAsync(caller, seen.Id, token),
                async (result, db, token) =>
                    result switch
                    {
                        { Won: true } or { Status: CampaignStatus.Draft } => await campaigns.ReadAsync(
                            db,
                            seen.Id,
                            token
                        ),
                        { Status: { } status } => NotADraft(status),
                        _ => ApiErrors.Unknown("campaign"),
                    }
            );

    private static ApiProblem NotADraft(CampaignStatus status) =>
        ApiErrors.NotADraft.Say("Nothing was changed: it has been launched.", new { state = status });
}
