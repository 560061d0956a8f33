using AdminPortal.Api;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;

namespace AdminPortal.Features.Campaigns;

/// <summary>Pause, continue, cancel: three moves of one kind.</summary>
internal static class CampaignMoves
{
    public static IReadOnlyList<(string Verb, Delegate Action)> All { get; } =
    [("pause", PauseAsync), ("continue", ContinueAsync), ("cancel", CancelAsync)];

    public static string Summary(string verb) =>
        verb switch
        {
            "pause" => "Stops after the calls in flight",
            "continue" => "Goes on in the same run",
            _ => "Ends it for good; whoever is pending is not mailed",
        };

    private static Task<IResult> PauseAsync(Guid id, ApiCall call, PauseCampaign pause, CampaignAnswers campaigns) =>
        MoveAsync(id, call, pause.ExecuteAsync, campaigns);

    private static Task<IResult> ContinueAsync(Guid id, ApiCall call, ContinueCampaign go, CampaignAnswers campaigns) =>
        MoveAsync(id, call, go.ExecuteAsync, campaigns);

    private static Task<IResult> CancelAsync(Guid id, ApiCall call, CancelCampaign cancel, CampaignAnswers campaigns) =>
        MoveAsync(id, call, cancel.ExecuteAsync, campaigns);

    private static async Task<IResult> MoveAsync(
        Guid id,
        ApiCall call,
        Func<Caller, Guid, CancellationToken, Task<TransitionResult>> move,
        CampaignAnswers campaigns
    ) =>
        await campaigns.IsOneAsync(call.Caller.Scope, id, call.Cancellation)
            ? await call.RunAsync(
                (caller, token) => move(caller, id, token),
                async (result, db, token) =>
                    result switch
                    {
                        { Won: true } => await campaigns.ReadAsync(db, id, token),
                        { Status: { } status } => ApiErrors.NotInThisState.Say(
                            "Nothing was changed: the campaign does not stand where this can be done.",
                            new { id, state = status }
                        ),
                        _ => ApiErrors.Unknown("campaign"),
                    }
            )
            : ApiErrors.Unknown("campaign");
}
