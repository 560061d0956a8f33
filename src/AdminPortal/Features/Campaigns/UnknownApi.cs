using System.ComponentModel.DataAnnotations;
using AdminPortal.Api;
using Ledgerpost.Programs;
using Ledgerpost.Sending;

namespace AdminPortal.Features.Campaigns;

/// <summary>Calls of which it is not known what became of them, and the two decisions about each.</summary>
internal static class UnknownApi
{
    public static void MapUnknown(this RouteGroupBuilder campaigns)
    {
        campaigns
            .MapGet("/{id:guid}/unknown", ListAsync)
            .RequireScope(ApiScopes.Read | ApiScopes.Send)
            .Lists<UnknownCallShape>(
                "listUnknown",
                "Lists the calls that wait for a proof or a decision, by their number"
            )
            .Problems(ApiErrors.NotFound);
        campaigns
            .MapPost("/{id:guid}/unknown", DecideAsync)
            .RequireScope(ApiScopes.Send)
            .Acts<CampaignShape>(
                "decideUnknown",
                "Decides of one call: its people count as sent, or are sent to again and may get the mail twice",
                ApiErrors.IdempotencyKeyRequired,
                ApiErrors.AlreadyDecided,
                ApiErrors.NotUnknown,
                ApiErrors.NotInThisState
            );
    }

    private static async Task<IResult> ListAsync(
        Guid id,
        PageRequest<int> page,
        ApiCall call,
        ListUnknown list,
        CampaignAnswers campaigns
    )
    {
        var scope = call.Caller.Scope;
        if (!await campaigns.IsOneAsync(scope, id, call.Cancellation))
        {
            return ApiErrors.Unknown("campaign");
        }

        var found = await list.ExecuteAsync(scope, id, call.Cancellation, page.After ?? 0, page.Take);
        return TypedResults.Ok(page.Page(found.Calls, row => row.Chunk, UnknownCallShape.Of));
    }

    private static async Task<IResult> DecideAsync(
        Guid id,
        ApiBody<DecisionBody> body,
        ApiCall call,
        DecideUnknown decide,
        CampaignAnswers campaigns
    ) =>
        await campaigns.IsOneAsync(call.Caller.Scope, id, call.Cancellation)
            ? await call.RunAsync(
                (caller, token) =>
                    decide.ExecuteAsync(caller, id, body.Value.Call!.Value, body.Value.Decision!.Value, token),
                async (result, db, token) =>
                    result switch
                    {
                        DecisionResult.Decided => await campaigns.ReadAsync(db, id, token),
                        DecisionResult.AlreadyDecided already => ApiErrors.AlreadyDecided.Say(
                            "Nothing was changed: the first decision about this call stands.",
                            new { decision = already.Decision, by = already.By }
                        ),
                        DecisionResult.NotUnknown => ApiErrors.NotUnknown.Say(
                            "Nothing was changed: what became of this call is known."
                        ),
                        DecisionResult.CannotSendAgain closed => ApiErrors.NotInThisState.Say(
                            "Nothing was changed: a campaign in this state sends to nobody any more.",
                            new { id, state = closed.Status }
                        ),
                        _ => ApiErrors.NotFound.Say("There is no call with this number in a campaign with this id."),
                    },
                sends: body.Value.Decision == UnknownDecision.SendAgain
            )
            : ApiErrors.Unknown("campaign");
}

/// <param name="Call">Its number, as the list has it.</param>
/// <param name="Decision">
/// <c>treat_as_sent</c>: they count as accepted, and if the call did not go through they never get the mail. <c>send_again</c>: they
/// wait again, and if it did go through they get the mail twice.
/// </param>
internal sealed record DecisionBody([property: Required] int? Call, [property: Required] UnknownDecision? Decision);

/// <summary>A call to the provider whose key protects nobody any more.</summary>
/// <param name="Call">Its number within the campaign.</param>
/// <param name="People">Of whom it is not known whether they got the mail.</param>
/// <param name="ProviderKey">To look for in the provider's log: a mail that stands there is the proof.</param>
/// <param name="Said">What the provider, or the network, said last; null when nothing ever came.</param>
internal sealed record UnknownCallShape(
    int Call,
    int Run,
    int People,
    DateTimeOffset? FirstTriedAt,
    DateTimeOffset? LastTriedAt,
    int Attempts,
    string? ProviderKey,
    string? Said
)
{
    public static UnknownCallShape Of(UnknownCall call) =>
        new(call.Chunk, call.Run, call.People, call.Since, call.Last, call.Attempts, call.Key, call.Said);
}
