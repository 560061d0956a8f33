using AdminPortal.Api;
using Ledgerpost.Contacts;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Ledgerpost.Segments;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace AdminPortal.Features.Contacts;

/// <summary>Contacts as files: in, with a report to come back for, and out.</summary>
internal static class ContactImportsApi
{
    private const string Field = "file";
    private const string Csv = "text/csv; charset=utf-8";

    // What stands around the file in a multipart body.
    private const long Envelope = 64 * 1024;

    public static void MapContactImportsApi(this IEndpointRouteBuilder api)
    {
        var contacts = api.MapGroup("/contacts").WithTags("Contacts");
        contacts
            .MapPost("/imports", StartAsync)
            .RequireScope(ApiScopes.Contacts)
            .WithMetadata(new RequestSizeLimitAttribute(ImportFiles.MaxBytes + Envelope))
            .Accepts<ImportForm>("multipart/form-data")
            .Begins<ImportShape>(
                "importContacts",
                "Takes a CSV file, whose first line holds the names of its columns, and imports it in the background",
                sends: false
            );
        contacts
            .MapGet("/imports/{id:guid}", FindAsync)
            .RequireScope(ApiScopes.Read | ApiScopes.Contacts)
            .Shows<ImportShape>("getImport", "Shows how far an import is and what became of its lines");
        contacts
            .MapGet("/export", Export)
            .RequireScope(ApiScopes.Read | ApiScopes.Contacts)
            .Downloads("exportContacts", "Contacts as a CSV file, newest first", Csv);
    }

    private static async Task<IResult> StartAsync(HttpContext http, ApiCall call, StartImport start)
    {
        var (file, problem) = await UploadedFile.OpenAsync(http, Field);
        if (file is null)
        {
            return problem!;
        }

        await using (file)
        {
            return await call.RunAsync(
                (caller, token) => start.ExecuteAsync(caller, file.Name, file, token),
                AnswerAsync
            );
        }
    }

    private static async Task<CommandAnswer> AnswerAsync(
        ImportOutcome outcome,
        PortalDbContext db,
        CancellationToken cancellation
    ) =>
        outcome switch
        {
            ImportOutcome.Started started => ApiAnswers.Of(
                StatusCodes.Status202Accepted,
                ImportShape.Of((await ImportReport.FindAsync(db, started.ImportId, cancellation))!, [])
            ),
            // As one is whose length was said before.
            ImportOutcome.Refused { IsTooLarge: true } large => ApiErrors.BodyTooLarge.Say(large.Reason),
            ImportOutcome.Refused refused => ApiErrors.Fields([new FieldError(Field, refused.Reason)]),
            _ => throw new InvalidOperationException($"{outcome} has no answer."),
        };

    private static async Task<IResult> FindAsync(Guid id, ApiCall call, ImportReport report)
    {
        if (await report.FindAsync(call.Caller, id, call.Cancellation) is not { } found)
        {
            return ApiErrors.Unknown("import");
        }

        var rejected = await report.LinesAsync(
            call.Caller,
            id,
            ImportLineOutcome.Rejected,
            offset: 0,
            ImportReport.MaxPageSize,
            call.Cancellation
        );
        return TypedResults.Ok(ImportShape.Of(found, rejected.Rows));
    }

    private static PushStreamHttpResult Export(
        HttpContext http,
        ApiCall call,
        ContactExport export,
        TagQuery tag,
        string? email,
        ApiQuery<bool> subscribed,
        ApiQuery<Guid> segment_id
    )
    {
        // Read before the answer begins: the file is written when the handler is over.
        var caller = call.Caller;
        var filter = new ContactFilter(Tag: tag.Value, Subscribed: subscribed.Value, SegmentId: segment_id.Value);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Stream(
            content => export.WriteAsync(caller, filter, email, content, http.RequestAborted),
            Csv,
            "contacts.csv"
        );
    }
}

/// <param name="File">CSV in UTF-8, at most 200 MB; the first line holds the names of the columns.</param>
internal sealed record ImportForm(FileBytes File);

/// <param name="Lines">Lines of people read so far, the line of column names not counted.</param>
/// <param name="Errors">The first 200 of the rejected lines.</param>
/// <param name="Problem">Why a failed import stopped.</param>
internal sealed record ImportShape(
    Guid Id,
    ImportStatus Status,
    string FileName,
    int Lines,
    int Accepted,
    int Updated,
    int Duplicates,
    int Rejected,
    IReadOnlyList<ImportLineShape> Errors,
    string? Problem,
    DateTimeOffset CreatedAt,
    DateTimeOffset? FinishedAt
)
{
    public static ImportShape Of(ImportView import, IReadOnlyList<ImportLineView> rejected) =>
        new(
            import.Id,
            import.Status,
            import.FileName,
            import.Lines,
            import.Accepted,
            import.Updated,
            import.Duplicates,
            import.Rejected,
            [.. rejected.Select(line => new ImportLineShape(line.Line, line.Email, line.Reason))],
            import.Problem,
            import.CreatedAt,
            import.FinishedAt
        );
}

/// <param name="Line">As an editor counts: the line of column names is 1.</param>
/// <param name="Email">In its compared form; empty where the line has no address.</param>
internal sealed record ImportLineShape(int Line, string Email, string Reason);
