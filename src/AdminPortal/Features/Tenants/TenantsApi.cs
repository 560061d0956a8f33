using System.ComponentModel.DataAnnotations;
using AdminPortal.Api;
using AdminPortal.Features.Settings;
using Ledgerpost.Contacts;
using Ledgerpost.Deletion;
using Ledgerpost.Programs;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdminPortal.Features.Tenants;

/// <summary>Tenants, for operators' keys: that they are there, and nothing of their content.</summary>
internal static class TenantsApi
{
    public static void MapTenantsApi(this IEndpointRouteBuilder api)
    {
        var tenants = api.MapGroup("/tenants").WithTags("Tenants").RequireOperatorKey();
        tenants
            .MapPost("", CreateAsync)
            .Creates<TenantShape>("createTenant", "Makes a tenant, without an owner", ApiErrors.AlreadyExists);
        tenants.MapGet("", ListAsync).Lists<TenantShape>("listTenants", "Lists tenants, newest first");
        tenants.MapGet("/{id:guid}", FindAsync).Shows<TenantShape>("getTenant", "Shows a tenant");
        tenants
            .MapPatch("/{id:guid}", ChangeAsync)
            .Changes<TenantShape>("changeTenant", "Changes the fields that are sent; the slug stays");
        tenants
            .MapDelete("/{id:guid}", DeleteAsync)
            .Begins<TenantShape>(
                "deleteTenant",
                "Deletes a tenant with all that it has; nothing more is sent from the answer on, and its rows go by and by",
                sends: false,
                ApiErrors.NotFound
            );
        tenants
            .MapPost("/{id:guid}/api-keys", CreateKeyAsync)
            .CreatesWithoutLocation<ApiKeyShape>(
                "createFirstApiKey",
                "Makes the first key of a tenant that has no owner yet",
                ApiErrors.NotFound,
                ApiErrors.HasOwner,
                ApiErrors.HasKey
            );
    }

    private static Task<IResult> CreateAsync(ApiBody<TenantBody> body, ApiCall call, CreateTenant create) =>
        call.RunAsOperatorAsync(
            (actor, record, token) => create.ExecuteAsync(actor, body.Value.ToInput(), record, token),
            outcome =>
                outcome switch
                {
                    CreateTenantResult.Created created => ApiAnswers.Of(
                        StatusCodes.Status201Created,
                        TenantShape.Of(created.Tenant),
                        $"/tenants/{created.TenantId}"
                    ),
                    CreateTenantResult.SlugTaken taken => ApiErrors.AlreadyExists.Say(
                        "Nothing was made: another tenant has this slug already. Send another slug.",
                        new { id = taken.TenantId }
                    ),
                    CreateTenantResult.Invalid invalid => ApiErrors.Fields(invalid.Errors),
                    _ => throw new InvalidOperationException($"{outcome} has no answer."),
                }
        );

    private static async Task<Ok<ApiPage<TenantShape>>> ListAsync(
        PageRequest<Guid> page,
        ApiCall call,
        TenantList tenants
    )
    {
        var rows = await tenants.NewestFirstAsync(call.Actor, page.After, page.Take, call.Cancellation);
        return TypedResults.Ok(page.Page(rows, row => row.Id, TenantShape.Of));
    }

    private static async Task<IResult> FindAsync(Guid id, ApiCall call, TenantList tenants) =>
        await tenants.FindAsync(call.Actor, id, call.Cancellation) is { } found
            ? TypedResults.Ok(TenantShape.Of(found))
            : ApiErrors.Unknown("tenant");

    private static Task<IResult> ChangeAsync(
        Guid id,
        ApiBody<TenantPatch> body,
        ApiCall call,
        ChangeTenantAsOperator change
    ) =>
        call.RunAsOperatorAsync(
            (actor, record, token) => change.ExecuteAsync(actor, id, body.Value.ToChange(), record, token),
            outcome =>
                outcome switch
                {
                    ChangeTenantResult.Done done => ApiAnswers.Of(StatusCodes.Status200OK, TenantShape.Of(done.Tenant)),
                    ChangeTenantResult.Invalid invalid => ApiErrors.Fields(invalid.Errors),
                    _ => ApiErrors.Unknown("tenant"),
                }
        );

    private static Task<IResult> DeleteAsync(Guid id, ApiCall call, DeleteTenant delete) =>
        call.RunAsOperatorAsync(
            (actor, record, token) => delete.ExecuteAsync(actor, id, name: null, record, token),
            outcome =>
                outcome is DeleteTenantResult.Begun begun
                    ? ApiAnswers.Of(StatusCodes.Status202Accepted, TenantShape.Of(begun.Tenant), $"/tenants/{id}")
                    : ApiErrors.Unknown("tenant")
        );

    private static Task<IResult> CreateKeyAsync(
        Guid id,
        ApiBody<ApiKeyBody> body,
        ApiCall call,
        CreateFirstApiKey create
    ) =>
        call.RunAsOperatorAsync(
            (actor, record, token) => create.ExecuteAsync(actor, id, body.Value.ToInput(), record, token),
            outcome => ApiKeyAnswers.Of(outcome, "tenant")
        );
}

/// <summary>A new tenant.</summary>
/// <param name="Slug">Its part of the portal's addresses; made out of the name when it is not sent.</param>
internal sealed record TenantBody([property: Required] string? Name, string? Slug) : IChecked
{
    public TenantInput ToInput() => new(Name, Slug);

    public IEnumerable<FieldError> Check() => ToInput().Problems();
}

/// <summary>What is to change of a tenant; what is not sent stays.</summary>
/// <param name="TimeZone">IANA name, such as Europe/Berlin.</param>
internal sealed record TenantPatch(string? Name, string? TimeZone) : IChecked
{
    public TenantChange ToChange() => new(Name, TimeZone);

    public IEnumerable<FieldError> Check() => ToChange().Problems();
}

/// <param name="Status">Active, or deleting: then nothing is sent, nobody is let in, and it is gone when it is not found any more.</param>
/// <param name="Deletion">Only while it is being deleted.</param>
internal sealed record TenantShape(
    Guid Id,
    string Name,
    string Slug,
    string TimeZone,
    DateTimeOffset CreatedAt,
    TenantStatus Status,
    TenantDeletionShape? Deletion
)
{
    public static TenantShape Of(TenantRow row) =>
        new(
            row.Id,
            row.Name,
            row.Slug,
            row.TimeZone,
            row.CreatedAt,
            row.Deletion is null ? TenantStatus.Active : TenantStatus.Deleting,
            row.Deletion is { } deletion
                ? new TenantDeletionShape(deletion.BegunAt, deletion.Rows, deletion.Removed)
                : null
        );
}

internal enum TenantStatus
{
    Active,
    Deleting,
}

/// <param name="Rows">How many rows it had; null before they are counted.</param>
/// <param name="Removed">How many of them are gone.</param>
internal sealed record TenantDeletionShape(DateTimeOffset BegunAt, long? Rows, long Removed);
