using System.ComponentModel.DataAnnotations;
using AdminPortal.Api;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Ledgerpost.Templates;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace AdminPortal.Features.Templates;

/// <summary>Subject and content to begin campaigns with.</summary>
internal static class TemplatesApi
{
    private const ApiScopes Read = ApiScopes.Read | ApiScopes.Send;

    public static void MapTemplatesApi(this IEndpointRouteBuilder api)
    {
        var templates = api.MapGroup("/templates").WithTags("Templates");
        templates
            .MapPost("", CreateAsync)
            .RequireScope(ApiScopes.Send)
            .WithMetadata(new RequestSizeLimitAttribute(ApiServices.MaxContentBody))
            .Creates<TemplateShape>("createTemplate", "Makes a template");
        templates
            .MapGet("", ListAsync)
            .RequireScope(Read)
            .Lists<TemplateSummaryShape>("listTemplates", "Lists templates, newest first, without their content");
        templates
            .MapGet("/{id:guid}", FindAsync)
            .RequireScope(Read)
            .Shows<TemplateShape>("getTemplate", "Shows a template with its content");
        templates
            .MapPut("/{id:guid}", ChangeAsync)
            .RequireScope(ApiScopes.Send)
            .WithMetadata(new RequestSizeLimitAttribute(ApiServices.MaxContentBody))
            .Changes<TemplateShape>("replaceTemplate", "Replaces the whole of a template; campaigns keep their copies");
        templates
            .MapDelete("/{id:guid}", DeleteAsync)
            .RequireScope(ApiScopes.Send)
            .Deletes("deleteTemplate", "Deletes a template; campaigns keep their copies");
    }

    private static Task<IResult> CreateAsync(ApiBody<TemplateBody> body, ApiCall call, CreateTemplate create) =>
        call.RunAsync(
            (caller, token) => create.ExecuteAsync(caller, body.Value.ToInput(), token),
            (outcome, db, token) => AnswerAsync(StatusCodes.Status201Created, outcome, db, token)
        );

    private static async Task<Ok<ApiPage<TemplateSummaryShape>>> ListAsync(
        PageRequest<Guid> page,
        ApiCall call,
        TemplateList templates
    )
    {
        var read = await templates.ExecuteAsync(call.Caller.Scope, page.After, page.Take, call.Cancellation);
        return TypedResults.Ok(page.Page(read.Rows, row => row.Id, TemplateSummaryShape.Of));
    }

    private static async Task<IResult> FindAsync(Guid id, ApiCall call, TemplateList templates) =>
        await templates.FindAsync(call.Caller.Scope, id, call.Cancellation) is { } found
            ? TypedResults.Ok(TemplateShape.Of(found))
            : ApiErrors.Unknown("template");

    private static Task<IResult> ChangeAsync(
        Guid id,
        ApiBody<TemplateReplacement> body,
        ApiCall call,
        ChangeTemplate change
    ) =>
        call.RunAsync(
            (caller, token) => change.ExecuteAsync(caller, id, body.Value.Version, body.Value.ToInput(), token),
            (outcome, db, token) => AnswerAsync(StatusCodes.Status200OK, outcome, db, token)
        );

    private static Task<IResult> DeleteAsync(Guid id, ApiCall call, DeleteTemplate delete) =>
        call.RunAsync(
            (caller, token) => delete.ExecuteAsync(caller, id, token),
            (outcome, db, token) => AnswerAsync(StatusCodes.Status204NoContent, outcome, db, token)
        );

    private static async Task<CommandAnswer> AnswerAsync(
        int status,
        TemplateOutcome outcome,
        PortalDbContext db,
        CancellationToken cancellation
    ) =>
        outcome switch
        {
            TemplateOutcome.Saved saved => ApiAnswers.Of(
                status,
                TemplateShape.Of((await TemplateList.FindAsync(db, saved.TemplateId, cancellation))!),
                $"/templates/{saved.TemplateId}"
            ),
            TemplateOutcome.Deleted => ApiAnswers.NoContent,
            TemplateOutcome.Invalid invalid => ApiErrors.Fields(invalid.Problems),
            TemplateOutcome.ChangedMeanwhile changed => ApiErrors.Changed.Say(
                "Nothing was saved: somebody changed the template since that version was read.",
                new { changed.Version }
            ),
            _ => ApiErrors.Unknown("template"),
        };
}

/// <summary>A new template.</summary>
/// <param name="Html">With merge fields, as {{first_name}} or, for a contact's own field, {{fields.town}}.</param>
/// <param name="Text">The plain-text part; made from the HTML when it is not sent.</param>
internal sealed record TemplateBody(
    [property: Required] string? Name,
    string? Subject,
    [property: Required] string? Html,
    string? Text
) : IChecked, ILookedUp
{
    public TemplateInput ToInput() => new(Name, Subject, Html, Text);

    public async Task<IEnumerable<FieldError>> LookUpAsync(BodyLookUp look) =>
        await TemplateNames.ProblemAsync(look.Db, Name, except: null, look.Cancellation) is { } taken ? [taken] : [];

    public IEnumerable<FieldError> Check() => ToInput().Problems();
}

/// <summary>The whole of a template.</summary>
/// <param name="Version">The one that was read: an older one changes nothing. Not sent: whatever stands there is replaced.</param>
internal sealed record TemplateReplacement(
    [property: Required] string? Name,
    string? Subject,
    [property: Required] string? Html,
    string? Text,
    int? Version
) : IChecked, ILookedUp
{
    public TemplateInput ToInput() => new(Name, Subject, Html, Text);

    public async Task<IEnumerable<FieldError>> LookUpAsync(BodyLookUp look) =>
        await TemplateNames.ProblemAsync(look.Db, Name, look.Id, look.Cancellation) is { } taken ? [taken] : [];

    public IEnumerable<FieldError> Check() => ToInput().Problems();
}

/// <param name="Version">1 for a new one, raised by each change.</param>
internal sealed record TemplateSummaryShape(
    Guid Id,
    string Name,
    string Subject,
    int Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt
)
{
    public static TemplateSummaryShape Of(TemplateRow row) =>
        new(row.Id, row.Name, row.Subject, row.Version, row.CreatedAt, row.UpdatedAt);
}

/// <param name="Version">1 for a new one, raised by each change.</param>
internal sealed record TemplateShape(
    Guid Id,
    string Name,
    string Subject,
    string Html,
    string? Text,
    int Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt
)
{
    public static TemplateShape Of(Template row) =>
        new(row.Id, row.Name, row.Subject, row.Html, row.Text, row.Version, row.CreatedAt, row.UpdatedAt);
}
