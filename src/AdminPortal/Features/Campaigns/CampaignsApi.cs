using AdminPortal.Api;
using AdminPortal.Hosting;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace AdminPortal.Features.Campaigns;

/// <summary>Campaigns from the draft to the last resume.</summary>
internal static class CampaignsApi
{
    private const ApiScopes Read = ApiScopes.Read | ApiScopes.Send;

    public static void MapCampaignsApi(this IEndpointRouteBuilder api)
    {
        var campaigns = api.MapGroup("/campaigns").WithTags("Campaigns");
        campaigns
            .MapPost("", ComposeAsync)
            .RequireScope(ApiScopes.Send)
            .WithMetadata(new RequestSizeLimitAttribute(ApiServices.MaxContentBody))
            .Creates<CampaignShape>(
                "createCampaign",
                "Makes a campaign, and sends it at once when asked (then 202, and 200 for a repeat once it stands still)",
                ApiErrors.IdempotencyKeyRequired,
                ApiErrors.NotFound,
                ApiErrors.NotLaunchable,
                ApiErrors.NotResumable,
                ApiErrors.AlreadyFollowed
            )
            .Produces<CampaignShape>(StatusCodes.Status200OK)
            .Produces<CampaignShape>(StatusCodes.Status202Accepted);
        campaigns
            .MapGet("", ListAsync)
            .RequireScope(Read)
            .Lists<CampaignShape>("listCampaigns", "Lists campaigns, newest first");
        campaigns
            .MapGet("/{id:guid}", FindAsync)
            .RequireScope(Read)
            .Shows<CampaignShape>("getCampaign", "Shows a campaign with its numbers");
        campaigns
            .MapPatch("/{id:guid}", ChangeAsync)
            .RequireScope(ApiScopes.Send)
            .WithMetadata(new RequestSizeLimitAttribute(ApiServices.MaxContentBody))
            .Changes<CampaignShape>(
                "changeCampaign",
                "Changes a draft, or when a campaign is sent",
                ApiErrors.NotADraft,
                ApiErrors.NotLaunchable
            );
        campaigns
            .MapDelete("/{id:guid}", DeleteAsync)
            .RequireScope(ApiScopes.Send)
            .Deletes("deleteCampaign", "Deletes a draft", ApiErrors.NotADraft);
        campaigns
            .MapPost("/{id:guid}/send", SendAsync)
            .RequireScope(ApiScopes.Send)
            .Begins<CampaignShape>(
                "sendCampaign",
                "Launches a draft; a repeat is answered with its present state (200 once it stands still)",
                sends: true,
                ApiErrors.NotFound,
                ApiErrors.AlreadyLaunched,
                ApiErrors.NotLaunchable,
                ApiErrors.Changed
            )
            .Produces<CampaignShape>(StatusCodes.Status200OK);
        campaigns
            .MapPost("/{id:guid}/duplicate", DuplicateAsync)
            .RequireScope(ApiScopes.Send)
            .Creates<CampaignShape>(
                "duplicateCampaign",
                "Makes a draft with the content of a campaign in any state",
                ApiErrors.NotFound
            );
        foreach (var (verb, action) in CampaignMoves.All)
        {
            campaigns
                .MapPost($"/{{id:guid}}/{verb}", action)
                .RequireScope(ApiScopes.Send)
                .Acts<CampaignShape>($"{verb}Campaign", CampaignMoves.Summary(verb), ApiErrors.NotInThisState);
        }

        campaigns.MapContent();
        campaigns.MapUnknown();
        campaigns.MapResume();
        campaigns.MapLedger();
    }

    private static Task<IResult> ComposeAsync(
        ApiBody<CampaignBody> body,
        ApiCall call,
        ComposeCampaign compose,
        CampaignAnswers campaigns
    ) =>
        call.RunAsync(
            (caller, token) => compose.ExecuteAsync(caller, body.Value.ToRequest(), token),
            async (result, db, token) =>
                result switch
                {
                    ComposeResult.Created created => await campaigns.CreatedAsync(db, created.Id, token),
                    ComposeResult.Launched launched => campaigns.Sent(launched.Id),
                    ComposeResult.Scheduled scheduled => campaigns.Sent(scheduled.Id),
                    ComposeResult.Invalid invalid => ApiErrors.Fields(CampaignFields.Of(invalid.Problems)),
                    ComposeResult.NotLaunchable not => CampaignAnswers.NotLaunchable(not.Problems),
                    ComposeResult.SourceRefused { Reason: FollowUpResult.AlreadyFollowed first } =>
                        ApiErrors.AlreadyFollowed.Say(
                            "Another campaign continues this one already; resume that one when it is partial.",
                            new { id = first.Id }
                        ),
                    ComposeResult.SourceRefused { Reason: FollowUpResult.NotPartial not } => ApiErrors.NotResumable.Say(
                        "Nothing was made: only a partial campaign can be continued.",
                        new { state = not.Status }
                    ),
                    ComposeResult.SourceRefused { Reason: FollowUpResult.NobodyWaits } => ApiErrors.NotResumable.Say(
                        "Nothing was made: nobody is waiting in that campaign.",
                        new { state = CampaignStatus.Partial }
                    ),
                    _ => ApiErrors.Unknown("campaign to resume from"),
                },
            sends: body.Value.Send == true || body.Value.ScheduleAt is not null,
            present: call.PresentAsync(campaigns)
        );

    private static async Task<Ok<ApiPage<CampaignShape>>> ListAsync(
        PageRequest<Guid> page,
        ApiCall call,
        CampaignPages pages,
        CampaignAnswers campaigns,
        ApiQuery<CampaignStatus> status
    )
    {
        var rows = await pages.ExecuteAsync(call.Caller.Scope, status.Value, page.After, page.Take, call.Cancellation);
        return TypedResults.Ok(page.Page(rows, row => row.Campaign.Id, campaigns.Shape));
    }

    private static async Task<IResult> FindAsync(
        Guid id,
        ApiCall call,
        CampaignPages pages,
        CampaignAnswers campaigns
    ) =>
        await pages.FindAsync(call.Caller.Scope, id, call.Cancellation) is { } found
            ? TypedResults.Ok(campaigns.Shape(found))
            : ApiErrors.Unknown("campaign");

    private static async Task<IResult> ChangeAsync(
        Guid id,
        ApiBody<CampaignPatch> body,
        ApiCall call,
        CampaignPages pages,
        SaveDraft save,
        ScheduleCampaign schedule,
        UnscheduleCampaign unschedule,
        CampaignAnswers campaigns
    ) =>
        await pages.FindAsync(call.Caller.Scope, id, call.Cancellation) is not { Campaign: var seen }
            ? ApiErrors.Unknown("campaign")
        : body.Has(CampaignSchedule.Field)
            ? await CampaignSchedule.ChangeAsync(seen, body, call, schedule, unschedule, campaigns)
        : await call.RunAsync(
            (caller, token) =>
                save.ExecuteAsync(caller, id, seen.Version, body.Value.Merge(DraftContent.Of(seen), body.Has), token),
            async (result, db, token) =>
                result switch
                {
                    SaveDraftResult.Saved => await campaigns.ReadAsync(db, id, token),
                    SaveDraftResult.Invalid invalid => ApiErrors.Fields(CampaignFields.Of(invalid.Problems)),
                    SaveDraftResult.NotADraft not => NotADraft(not.Status),
                    SaveDraftResult.Conflict => ApiErrors.Changed.Say(
                        "Somebody saved the draft at the same moment. Read it and try again."
                    ),
                    _ => ApiErrors.Unknown("campaign"),
                }
        );

    private static Task<IResult> DeleteAsync(Guid id, ApiCall call, DeleteDraft delete) =>
        call.RunAsync(
            (caller, token) => delete.ExecuteAsync(caller, id, token),
            result =>
                result switch
                {
                    DeleteDraftResult.Deleted => ApiAnswers.NoContent,
                    DeleteDraftResult.NotADraft => ApiErrors.NotADraft.Say(
                        "Nothing was deleted: what was sent stays in the ledger. Cancel it instead."
                    ),
                    _ => ApiErrors.Unknown("campaign"),
                }
        );

    private static async Task<IResult> SendAsync(
        Guid id,
        ApiCall call,
        CampaignPages pages,
        LaunchCampaign launch,
        CampaignAnswers campaigns
    ) =>
        await pages.FindAsync(call.Caller.Scope, id, call.Cancellation) is { Campaign: var seen }
            ? await call.RunAsync<LaunchResult?>(
                async (caller, token) => await launch.ExecuteAsync(caller, id, seen.Version, token),
                (result, _, _) =>
                    Task.FromResult<CommandAnswer>(
                        result switch
                        {
                            null or LaunchResult.Launched => campaigns.Sent(id),
                            LaunchResult.NotLaunchable not => CampaignAnswers.NotLaunchable(not.Problems),
                            LaunchResult.AlreadyLaunched already => ApiErrors.AlreadyLaunched.Say(
                                "Nothing was sent again. Read the campaign to see how far it is; if it is partial, resume it.",
                                new { id, state = already.Status }
                            ),
                            LaunchResult.Changed => ApiErrors.Changed.Say(
                                "Nothing was sent: somebody saved the draft at the same moment. Read it and try again."
                            ),
                            _ => ApiErrors.Unknown("campaign"),
                        }
                    ),
                sends: true,
                present: call.PresentAsync(campaigns)
            )
            : ApiErrors.Unknown("campaign");

    private static Task<IResult> DuplicateAsync(
        Guid id,
        ApiCall call,
        DuplicateCampaign duplicate,
        CampaignAnswers campaigns
    ) =>
        call.RunAsync(
            (caller, token) => duplicate.ExecuteAsync(caller, id, token),
            async (copy, db, token) =>
                copy is { } made ? await campaigns.CreatedAsync(db, made, token) : ApiErrors.Unknown("campaign")
        );

    private static ApiProblem NotADraft(CampaignStatus status) =>
        ApiErrors.NotADraft.Say("Nothing was changed: its content is what is being mailed.", new { state = status });
}
