using System.ComponentModel.DataAnnotations;
using AdminPortal.Api;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Ledgerpost.Programs;
using Ledgerpost.Segments;
using Ledgerpost.Suppression;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdminPortal.Features.Contacts;

/// <summary>Contacts, one by one and page by page.</summary>
internal static class ContactsApi
{
    private const ApiScopes Read = ApiScopes.Read | ApiScopes.Contacts;

    private const string Json = "application/json; charset=utf-8";

    private static readonly Dictionary<string, string?> None = [];

    public static void MapContactsApi(this IEndpointRouteBuilder api)
    {
        var contacts = api.MapGroup("/contacts").WithTags("Contacts");
        contacts
            .MapPost("", AddAsync)
            .RequireScope(ApiScopes.Contacts)
            .Creates<ContactShape>("addContact", "Adds a contact", ApiErrors.AlreadyExists);
        contacts
            .MapGet("", ListAsync)
            .RequireScope(Read)
            .Lists<ContactShape>("listContacts", "Lists contacts, newest first");
        contacts
            .MapGet("/{id:guid}", FindAsync)
            .RequireScope(Read)
            .Shows<ContactShape>("getContact", "Shows a contact");
        contacts
            .MapPatch("/{id:guid}", ChangeAsync)
            .RequireScope(ApiScopes.Contacts)
            .Changes<ContactShape>("changeContact", "Changes the fields that are sent", ApiErrors.AlreadyExists);
        contacts
            .MapDelete("/{id:guid}", DeleteAsync)
            .RequireScope(ApiScopes.Contacts)
            .Deletes("deleteContact", "Deletes a contact");
        contacts
            .MapPost("/{id:guid}/unsubscribe", UnsubscribeAsync)
            .RequireScope(ApiScopes.Contacts)
            .Acts<ContactShape>("unsubscribeContact", "Puts the contact's address on the suppression list");
        contacts
            .MapGet("/{id:guid}/record", RecordAsync)
            .RequireScope(ApiScopes.Admin)
            .Downloads("exportPerson", "Everything that is held about the person, as a JSON file", Json)
            .Problems(ApiErrors.NotFound);
        contacts
            .MapPost("/{id:guid}/erase", EraseAsync)
            .RequireScope(ApiScopes.Admin)
            .Acts<ErasedShape>(
                "erasePerson",
                "Forgets the person, whom nothing mails any more; it cannot be taken back",
                ApiErrors.MailInDoubt,
                ApiErrors.PersonIsMember,
                ApiErrors.ImportRunning
            );
    }

    private static Task<IResult> AddAsync(ApiBody<ContactBody> body, ApiCall call, AddContact add) =>
        call.RunAsync(
            (caller, token) => add.ExecuteAsync(caller, body.Value.ToInput(), token),
            (outcome, db, token) => AnswerAsync(StatusCodes.Status201Created, outcome, db, token)
        );

    private static async Task<Ok<ApiPage<ContactShape>>> ListAsync(
        PageRequest<Guid> page,
        ApiCall call,
        ContactList contacts,
        TagQuery tag,
        string? email,
        ApiQuery<bool> subscribed,
        ApiQuery<Guid> segment_id
    )
    {
        var filter = new ContactFilter(Tag: tag.Value, Subscribed: subscribed.Value, SegmentId: segment_id.Value);
        var rows = await contacts.NewestFirstAsync(
            call.Caller,
            filter,
            email,
            page.After,
            page.Take,
            call.Cancellation
        );
        return TypedResults.Ok(page.Page(rows, row => row.Id, ContactShape.Of));
    }

    private static async Task<IResult> FindAsync(Guid id, ApiCall call, ContactList contacts) =>
        await contacts.FindAsync(call.Caller, id, call.Cancellation) is { } found
            ? TypedResults.Ok(ContactShape.Of(found))
            : ApiErrors.Unknown("contact");

    private static async Task<IResult> ChangeAsync(
        Guid id,
        ApiBody<ContactPatch> body,
        ApiCall call,
        ContactList contacts,
        ChangeContact change
    ) =>
        await contacts.FindAsync(call.Caller, id, call.Cancellation) is { } seen
            ? await call.RunAsync(
                (caller, token) => change.ExecuteAsync(caller, id, seen.UpdatedAt, Merge(seen, body), token),
                (outcome, db, token) => AnswerAsync(StatusCodes.Status200OK, outcome, db, token)
            )
            : ApiErrors.Unknown("contact");

    private static ContactInput Merge(ContactRow seen, ApiBody<ContactPatch> body) =>
        new(
            body.Has("email") ? body.Value.Email : seen.Email,
            body.Has("first_name") ? body.Value.FirstName : seen.FirstName,
            body.Has("last_name") ? body.Value.LastName : seen.LastName,
            Tags: null,
            body.Has("fields") ? body.Value.Fields ?? None : null
        )
        {
            TagList = (body.Has("tags") ? body.Value.Tags : seen.Tags) ?? [],
        };

    private static Task<IResult> DeleteAsync(Guid id, ApiCall call, DeleteContacts delete) =>
        call.RunAsync(
            (caller, token) => delete.ExecuteAsync(caller, new SelectedContacts(id), confirmed: 1, token),
            outcome => outcome is BulkOutcome.Done ? ApiAnswers.NoContent : ApiErrors.Unknown("contact")
        );

    private static Task<IResult> UnsubscribeAsync(Guid id, ApiCall call, UnsubscribeContact unsubscribe) =>
        call.RunAsync(
            (caller, token) => unsubscribe.ExecuteAsync(caller, id, token),
            (outcome, db, token) => AnswerAsync(StatusCodes.Status200OK, outcome, db, token)
        );

    private static async Task<IResult> RecordAsync(Guid id, HttpContext http, ApiCall call, ExportPerson export)
    {
        if (await export.ExecuteAsync(call.Caller, id, call.Cancellation) is not { } document)
        {
            return ApiErrors.Unknown("contact");
        }

        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.File(document, Json, "personal-data.json");
    }

    private static Task<IResult> EraseAsync(Guid id, ApiCall call, ErasePerson erase) =>
        call.RunAsync((caller, token) => erase.ExecuteAsync(caller, id, token), Answer);

    private static CommandAnswer Answer(ErasePersonResult result) =>
        result switch
        {
            ErasePersonResult.Erased erased => ApiAnswers.Of(StatusCodes.Status200OK, ErasedShape.Of(erased)) with
            {
                HidesKey = true,
            },
            ErasePersonResult.InDoubt doubt => ApiErrors.MailInDoubt.Say(
                $"Nothing was erased: whether a mail to this person went out is not known yet, and it may have to be sent again as it is. At most {doubt.AtMost.TotalHours:0} hours after its first try that is over; erase them then."
            ),
            ErasePersonResult.IsMember => ApiErrors.PersonIsMember.Say(
                "Nothing was erased: this person is a member of the organisation. An owner removes them first."
            ),
            ErasePersonResult.ImportRunning => ApiErrors.ImportRunning.Say(
                "Nothing was erased: an import is running, and may bring this person back. Erase them when it has ended."
            ),
            _ => ApiErrors.Unknown("contact"),
        };

    private static async Task<CommandAnswer> AnswerAsync(
        int status,
        ContactOutcome outcome,
        PortalDbContext db,
        CancellationToken cancellation
    ) =>
        outcome switch
        {
            ContactOutcome.Saved saved => ApiAnswers.Of(
                status,
                ContactShape.Of((await ContactList.FindAsync(db, saved.ContactId, cancellation))!),
                $"/contacts/{saved.ContactId}"
            ),
            ContactOutcome.Invalid invalid => ApiErrors.Fields(invalid.Errors),
            ContactOutcome.AddressTaken taken => ApiErrors.AlreadyExists.Say(
                "There is a contact with this address already; change that one.",
                new { id = taken.ContactId }
            ),
            ContactOutcome.NotFound => ApiErrors.Unknown("contact"),
            _ => ApiErrors.Changed.Say("Somebody changed the contact at the same moment. Read it and try again."),
        };
}

/// <summary>A new contact.</summary>
internal sealed record ContactBody(
    [property: Required] string? Email,
    string? FirstName,
    string? LastName,
    IReadOnlyList<string>? Tags,
    IReadOnlyDictionary<string, string?>? Fields
) : IChecked
{
    public ContactInput ToInput() => new(Email, FirstName, LastName, null, Fields) { TagList = Tags ?? [] };

    public IEnumerable<FieldError> Check() => ToInput().Problems();
}

/// <summary>What is to change of a contact; what is not sent stays.</summary>
internal sealed record ContactPatch(
    string? Email,
    string? FirstName,
    string? LastName,
    IReadOnlyList<string>? Tags,
    IReadOnlyDictionary<string, string?>? Fields
) : ICheckedByItsCommand
{
    public IEnumerable<FieldError> Faults(Func<string, bool> has) =>
        new ContactInput(Email, FirstName, LastName, null, Fields) { TagList = Tags ?? [] }
            .Problems()
            .Where(problem => problem.Field != nameof(Email) || has("email"));
}

/// <param name="Subscribed">False: on the suppression list, and not mailed.</param>
internal sealed record ContactShape(
    Guid Id,
    string Email,
    string? FirstName,
    string? LastName,
    IReadOnlyDictionary<string, string> Fields,
    IReadOnlyList<string> Tags,
    bool Subscribed,
    DateTimeOffset CreatedAt
)
{
    public static ContactShape Of(ContactRow row) =>
        new(
            row.Id,
            row.Email,
            row.FirstName,
            row.LastName,
            row.Fields,
            row.Tags,
            row.Suppression is null,
            row.CreatedAt
        );
}

/// <summary>What was forgotten with the person.</summary>
/// <param name="Mails">Rows of ledgers, which stay without name and address.</param>
/// <param name="Entries">Of the audit log, which stay without name and details.</param>
internal sealed record ErasedShape(int Mails, int Entries)
{
    public static ErasedShape Of(ErasePersonResult.Erased erased) => new(erased.Mails, erased.Entries);
}
