using AdminPortal.Api;
using Ledgerpost.Programs;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;

namespace AdminPortal.Features.Campaigns;

/// <summary>Resume partial, for programs: what it would do, and doing it.</summary>
internal static class ResumeApi
{
    public static void MapResume(this RouteGroupBuilder campaigns)
    {
        campaigns
            .MapGet("/{id:guid}/resume-preview", PreviewAsync)
            .RequireScope(ApiScopes.Read | ApiScopes.Send)
            .Shows<ResumePreviewShape>("previewResume", "Says whom a resume would mail, and who is left out and why");
        campaigns
            .MapPost("/{id:guid}/resume", ResumeAsync)
            .RequireScope(ApiScopes.Send)
            .Begins<CampaignShape>(
                "resumeCampaign",
                "Mails whoever waits in a partial campaign, and nobody twice; a repeat is answered with its present state (200 once it stands still)",
                sends: true,
                ApiErrors.NotFound,
                ApiErrors.NotResumable
            )
            .Produces<CampaignShape>(StatusCodes.Status200OK);
    }

    private static async Task<IResult> PreviewAsync(Guid id, ApiCall call, ResumePreview preview) =>
        await preview.ExecuteAsync(call.Caller.Scope, id, call.Cancellation) is { } found
            ? TypedResults.Ok(ResumePreviewShape.Of(found))
            : ApiErrors.Unknown("campaign");

    private static async Task<IResult> ResumeAsync(
        Guid id,
        ApiBody<ResumeBody> body,
        ApiCall call,
        CampaignPages pages,
        ResumeCampaign resume,
        CampaignAnswers campaigns
    ) =>
        await pages.FindAsync(call.Caller.Scope, id, call.Cancellation) is { Campaign: var seen }
            ? await call.RunAsync(
                (caller, token) => resume.ExecuteAsync(caller, id, body.Value.ToRequest(seen.CurrentRun), token),
                (result, _, _) =>
                    Task.FromResult<CommandAnswer>(
                        result switch
                        {
                            ResumeResult.Resumed => campaigns.Sent(id),
                            ResumeResult.NotResumable not => ApiErrors.NotResumable.Say(
                                "Nothing was sent: only a partial campaign that nobody has resumed or continued since can be resumed.",
                                new
                                {
                                    id,
                                    state = not.Status,
                                    run = not.CurrentRun,
                                }
                            ),
                            _ => ApiErrors.Unknown("campaign"),
                        }
                    ),
                sends: true,
                present: call.PresentAsync(campaigns)
            )
            : ApiErrors.Unknown("campaign");
}

/// <param name="Run">The run that the preview showed; a newer one by then is refused. Null: the present one.</param>
/// <param name="IncludeJoined">Also take contacts who joined the audience since.</param>
/// <param name="IncludeFailed">Also send again what the provider accepted, failed to send and never delivered.</param>
internal sealed record ResumeBody(int? Run, bool? IncludeJoined, bool? IncludeFailed) : IOptionalBody
{
    public ResumeRequest ToRequest(int currentRun) =>
        new(Run ?? currentRun, IncludeJoined == true, IncludeFailed == true);
}

internal sealed record ResumePreviewShape(
    int Run,
    int Accepted,
    int InDoubt,
    int Unknown,
    int WillSend,
    IReadOnlyList<ReasonCount> Excluded,
    int Refused,
    int FailedAfterAcceptance,
    int JoinedSince
)
{
    public static ResumePreviewShape Of(ResumePreviewResult result) =>
        new(
            result.CurrentRun,
            result.Accepted,
            result.InDoubt,
            result.Unknown,
            result.WillSend,
            result.Excluded,
            result.Refused,
            result.FailedAfterAcceptance,
            result.JoinedSince
        );
}
