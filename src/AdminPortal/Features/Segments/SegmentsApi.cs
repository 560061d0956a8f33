using AdminPortal.Api;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Ledgerpost.Segments;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdminPortal.Features.Segments;

/// <summary>Parts of the contacts: by a rule over their tags, or named one by one.</summary>
internal static class SegmentsApi
{
    private const ApiScopes Read = ApiScopes.Read | ApiScopes.Contacts;

    public static void MapSegmentsApi(this IEndpointRouteBuilder api)
    {
        var segments = api.MapGroup("/segments").WithTags("Segments");
        segments
            .MapPost("", CreateAsync)
            .RequireScope(ApiScopes.Contacts)
            .Creates<SegmentShape>(
                "createSegment",
                "Makes a segment; without a rule its contacts are named one by one"
            );
        segments
            .MapGet("", ListAsync)
            .RequireScope(Read)
            .Lists<SegmentShape>("listSegments", "Lists segments, newest first, uncounted");
        segments
            .MapGet("/{id:guid}", FindAsync)
            .RequireScope(Read)
            .Shows<SegmentShape>("getSegment", "Shows a segment with its size");
        segments
            .MapPatch("/{id:guid}", ChangeAsync)
            .RequireScope(ApiScopes.Contacts)
            .Changes<SegmentShape>("changeSegment", "Changes the fields that are sent");
        segments
            .MapDelete("/{id:guid}", DeleteAsync)
            .RequireScope(ApiScopes.Contacts)
            .Deletes("deleteSegment", "Deletes a segment; its contacts stay", ApiErrors.InUse);
        segments
            .MapPost("/{id:guid}/contacts", AddContactsAsync)
            .RequireScope(ApiScopes.Contacts)
            .Acts<AddedContactsShape>(
                "addSegmentContacts",
                "Puts contacts into a segment without a rule",
                ApiErrors.SegmentHasRule
            );
        segments
            .MapDelete("/{id:guid}/contacts/{contact_id:guid}", RemoveContactAsync)
            .RequireScope(ApiScopes.Contacts)
            .Deletes(
                "removeSegmentContact",
                "Takes a contact out of a segment without a rule; the contact stays",
                ApiErrors.SegmentHasRule
            );
    }

    private static Task<IResult> CreateAsync(ApiBody<SegmentBody> body, ApiCall call, CreateSegment create) =>
        call.RunAsync(
            (caller, token) => create.ExecuteAsync(caller, body.Value.ToInput(), token),
            (outcome, db, token) => AnswerAsync(StatusCodes.Status201Created, outcome, db, token)
        );

    private static async Task<Ok<ApiPage<SegmentShape>>> ListAsync(
        PageRequest<Guid> page,
        ApiCall call,
        SegmentList segments
    )
    {
        var rows = await segments.NewestFirstAsync(call.Caller, page.After, page.Take, call.Cancellation);
        return TypedResults.Ok(page.Page(rows, row => row.Id, row => SegmentShape.Of(row)));
    }

    private static async Task<IResult> FindAsync(Guid id, ApiCall call, SegmentList segments) =>
        await segments.FindAsync(call.Caller, id, call.Cancellation) is var (segment, size)
            ? TypedResults.Ok(SegmentShape.Of(segment, size))
            : ApiErrors.Unknown("segment");

    private static Task<IResult> ChangeAsync(Guid id, ApiBody<SegmentPatch> body, ApiCall call, ChangeSegment change) =>
        call.RunAsync(
            (caller, token) =>
                change.ExecuteAsync(caller, id, kept => SegmentRules.Merge(kept, body.Value, body.Has), token),
            (outcome, db, token) => AnswerAsync(StatusCodes.Status200OK, outcome, db, token)
        );

    private static Task<IResult> DeleteAsync(Guid id, ApiCall call, DeleteSegment delete) =>
        call.RunAsync(
            (caller, token) => delete.ExecuteAsync(caller, id, token),
            (outcome, db, token) => AnswerAsync(StatusCodes.Status204NoContent, outcome, db, token)
        );

    private static Task<IResult> AddContactsAsync(
        Guid id,
        ApiBody<SegmentContactsBody> body,
        ApiCall call,
        AddToSegment add
    ) =>
        call.RunAsync(
            (caller, token) => add.ExecuteAsync(caller, id, new SelectedContacts(body.Value.ContactIds!), token),
            outcome =>
                outcome is MembersOutcome.Done done
                    ? ApiAnswers.Of(StatusCodes.Status200OK, new AddedContactsShape(done.Count))
                    : Refusal(outcome)
        );

    private static Task<IResult> RemoveContactAsync(Guid id, Guid contact_id, ApiCall call, RemoveFromSegment remove) =>
        call.RunAsync(
            (caller, token) => remove.ExecuteAsync(caller, id, new SelectedContacts(contact_id), token),
            outcome =>
                outcome switch
                {
                    MembersOutcome.Done { Count: 0 } => ApiErrors.Unknown("contact in the segment"),
                    MembersOutcome.Done => ApiAnswers.NoContent,
                    _ => Refusal(outcome),
                }
        );

    private static CommandAnswer Refusal(MembersOutcome outcome) =>
        outcome switch
        {
            MembersOutcome.UnknownContacts unknown => ApiErrors.Fields([SegmentContactsBody.Unknown(unknown.Ids)]),
            MembersOutcome.HasARule => ApiErrors.SegmentHasRule.Say(
                "Nothing was done: who is in the segment follows from the tags of its rule."
            ),
            _ => ApiErrors.Unknown("segment"),
        };

    private static async Task<CommandAnswer> AnswerAsync(
        int status,
        SegmentOutcome outcome,
        PortalDbContext db,
        CancellationToken cancellation
    ) =>
        outcome switch
        {
            SegmentOutcome.Saved saved => ApiAnswers.Of(
                status,
                SegmentShape.Of((await SegmentList.FindAsync(db, saved.SegmentId, cancellation))!),
                $"/segments/{saved.SegmentId}"
            ),
            SegmentOutcome.Deleted => ApiAnswers.NoContent,
            SegmentOutcome.Invalid invalid => ApiErrors.Fields(SegmentRules.Errors(invalid.Errors)),
            SegmentOutcome.InUse used => ApiErrors.InUse.Say(
                "Nothing was deleted: campaigns still mean to mail it.",
                new { used.Campaigns }
            ),
            _ => ApiErrors.Unknown("segment"),
        };
}
