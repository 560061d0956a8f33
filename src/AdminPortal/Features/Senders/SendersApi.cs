using System.ComponentModel.DataAnnotations;
using AdminPortal.Api;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Ledgerpost.Senders;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdminPortal.Features.Senders;

/// <summary>Who mail comes from: an address at one of the domains.</summary>
internal static class SendersApi
{
    public static void MapSendersApi(this IEndpointRouteBuilder api)
    {
        var senders = api.MapGroup("/senders").WithTags("Senders");
        senders
            .MapPost("", AddAsync)
            .RequireScope(ApiScopes.Admin)
            .CreatesWithoutLocation<SenderShape>("addSender", "Adds a sender");
        senders
            .MapGet("", ListAsync)
            .RequireScope(ApiScopes.Read | ApiScopes.Send | ApiScopes.Admin)
            .Lists<SenderShape>("listSenders", "Lists senders, newest first");
        senders
            .MapPatch("/{id:guid}", ChangeAsync)
            .RequireScope(ApiScopes.Admin)
            .Changes<SenderShape>(
                "changeSender",
                "Changes the fields that are sent, for campaigns launched from now on"
            );
        senders
            .MapDelete("/{id:guid}", RemoveAsync)
            .RequireScope(ApiScopes.Admin)
            .Deletes("removeSender", "Takes a sender away", ApiErrors.InUse);
    }

    private static Task<IResult> AddAsync(ApiBody<SenderBody> body, ApiCall call, AddSender add) =>
        call.RunAsync(
            (caller, token) => add.ExecuteAsync(caller, body.Value.ToInput(), token),
            (outcome, db, token) => AnswerAsync(StatusCodes.Status201Created, outcome, db, token)
        );

    private static async Task<Ok<ApiPage<SenderShape>>> ListAsync(
        PageRequest<Guid> page,
        ApiCall call,
        SenderOverview senders
    )
    {
        var rows = await senders.SendersAsync(call.Caller, page.After, page.Take, call.Cancellation);
        return TypedResults.Ok(page.Page(rows, row => row.Id, SenderShape.Of));
    }

    private static Task<IResult> ChangeAsync(Guid id, ApiBody<SenderPatch> body, ApiCall call, ChangeSender change) =>
        call.RunAsync(
            (caller, token) =>
                change.ExecuteAsync(
                    caller,
                    id,
                    kept => new SenderNaming(
                        body.Has("display_name") ? body.Value.DisplayName : kept.DisplayName,
                        body.Has("reply_to") ? body.Value.ReplyTo : kept.ReplyTo
                    ),
                    token
                ),
            (outcome, db, token) => AnswerAsync(StatusCodes.Status200OK, outcome, db, token)
        );

    private static Task<IResult> RemoveAsync(Guid id, ApiCall call, RemoveSender remove) =>
        call.RunAsync(
            (caller, token) => remove.ExecuteAsync(caller, id, token),
            (outcome, db, token) => AnswerAsync(StatusCodes.Status204NoContent, outcome, db, token)
        );

    private static async Task<CommandAnswer> AnswerAsync(
        int status,
        SenderOutcome outcome,
        PortalDbContext db,
        CancellationToken cancellation
    ) =>
        outcome switch
        {
            SenderOutcome.Saved saved => ApiAnswers.Of(
                status,
                SenderShape.Of((await SenderOverview.FindSenderAsync(db, saved.SenderId, cancellation))!)
            ),
            SenderOutcome.Removed => ApiAnswers.NoContent,
            SenderOutcome.Invalid invalid => ApiErrors.Fields(invalid.Errors),
            SenderOutcome.InUse used => ApiErrors.InUse.Say(
                "Nothing was removed: campaigns that are not finished go out as this sender.",
                new { used.Campaigns }
            ),
            _ => ApiErrors.Unknown("sender"),
        };
}

/// <summary>A new sender.</summary>
/// <param name="LocalPart">What stands before the @.</param>
internal sealed record SenderBody(
    [property: Required] Guid? DomainId,
    [property: Required] string? LocalPart,
    string? DisplayName,
    string? ReplyTo
) : ILookedUp
{
    public SenderInput ToInput() => new(DomainId ?? Guid.Empty, LocalPart, DisplayName, ReplyTo);

    public async Task<IEnumerable<FieldError>> LookUpAsync(BodyLookUp look) =>
        await AddSender.ProblemsAsync(look.Db, ToInput(), look.Cancellation);
}

/// <summary>What is to change of a sender; what is not sent stays, and null takes it away.</summary>
internal sealed record SenderPatch(string? DisplayName, string? ReplyTo) : ICheckedByItsCommand
{
    public IEnumerable<FieldError> Faults(Func<string, bool> has) => new SenderNaming(DisplayName, ReplyTo).Problems();
}

internal sealed record SenderShape(Guid Id, Guid DomainId, string Address, string? DisplayName, string? ReplyTo)
{
    public static SenderShape Of(SenderView view) =>
        new(view.Id, view.DomainId, view.Address, view.DisplayName, view.ReplyTo);
}
