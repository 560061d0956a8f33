using System.ComponentModel.DataAnnotations;
using AdminPortal.Api;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Ledgerpost.Suppression;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdminPortal.Features.Suppression;

/// <summary>Addresses that are not mailed, whether there is a contact with one or not.</summary>
internal static class SuppressionsApi
{
    public static void MapSuppressionsApi(this IEndpointRouteBuilder api)
    {
        var suppressions = api.MapGroup("/suppressions").WithTags("Suppressions");
        suppressions
            .MapPost("", AddAsync)
            .RequireScope(ApiScopes.Send | ApiScopes.Admin)
            .CreatesWithoutLocation<SuppressionShape>(
                "addSuppression",
                "Puts an address on the list; 200 when it stands there already, for this or a weightier reason"
            )
            .Produces<SuppressionShape>(StatusCodes.Status200OK);
        suppressions
            .MapGet("", ListAsync)
            .RequireScope(ApiScopes.Read)
            .Lists<SuppressionShape>("listSuppressions", "Lists suppressed addresses, newest first");
        suppressions
            .MapDelete("/{id:guid}", RemoveAsync)
            .RequireScope(ApiScopes.Admin)
            .Deletes(
                "removeSuppression",
                "Takes an address off the list: its contact is mailed again; 404 once a weightier reason, with an id of its own, stands there"
            );
    }

    private static Task<IResult> AddAsync(ApiBody<SuppressionBody> body, ApiCall call, AddSuppression add) =>
        call.RunAsync(
            (caller, token) =>
                add.ExecuteAsync(caller, body.Value.Email, body.Value.Reason!.Value, body.Value.Note, token),
            (outcome, db, token) => AnswerAsync(body.Value.Email!, outcome, db, token)
        );

    private static async Task<Ok<ApiPage<SuppressionShape>>> ListAsync(
        PageRequest<Guid> page,
        ApiCall call,
        SuppressionList suppressions,
        string? email,
        ApiQuery<SuppressionReason> reason
    )
    {
        var rows = await suppressions.NewestFirstAsync(
            call.Caller,
            email,
            reason.Value,
            page.After,
            page.Take,
            call.Cancellation
        );
        return TypedResults.Ok(page.Page(rows, row => row.Id, SuppressionShape.Of));
    }

    private static Task<IResult> RemoveAsync(Guid id, ApiCall call, RemoveSuppression remove) =>
        call.RunAsync(
            (caller, token) => remove.ExecuteAsync(caller, id, token),
            outcome => outcome is SuppressionOutcome.Removed ? ApiAnswers.NoContent : ApiErrors.Unknown("suppression")
        );

    private static async Task<CommandAnswer> AnswerAsync(
        string email,
        SuppressionOutcome outcome,
        PortalDbContext db,
        CancellationToken cancellation
    ) =>
        outcome is SuppressionOutcome.Invalid invalid
            ? ApiErrors.Fields(invalid.Errors)
            : ApiAnswers.Of(
                outcome is SuppressionOutcome.Added ? StatusCodes.Status201Created : StatusCodes.Status200OK,
                SuppressionShape.Of(await SuppressionList.GetAsync(db, email, cancellation))
            );
}

/// <summary>An address that is to be left alone.</summary>
/// <param name="Reason"><c>unsubscribed</c> or <c>manual</c>; the others are the provider's to report.</param>
/// <param name="Note">Where it came from, for whoever asks later.</param>
internal sealed record SuppressionBody(
    [property: Required] string? Email,
    [property: Required] SuppressionReason? Reason,
    string? Note
) : IChecked
{
    public IEnumerable<FieldError> Check() => AddSuppression.Problems(Email, Reason, Note);
}

internal sealed record SuppressionShape(
    Guid Id,
    string Email,
    SuppressionReason Reason,
    string? Detail,
    DateTimeOffset CreatedAt
)
{
    public static SuppressionShape Of(SuppressionRow row) =>
        new(row.Id, row.Email, row.Reason, row.Detail, row.CreatedAt);
}
