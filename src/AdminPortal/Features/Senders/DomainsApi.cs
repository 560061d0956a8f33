using System.ComponentModel.DataAnnotations;
using AdminPortal.Api;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Ledgerpost.Senders;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdminPortal.Features.Senders;

/// <summary>Domains to send from, with the DNS records that prove them.</summary>
internal static class DomainsApi
{
    private const ApiScopes Read = ApiScopes.Read | ApiScopes.Admin;

    public static void MapDomainsApi(this IEndpointRouteBuilder api)
    {
        var domains = api.MapGroup("/domains").WithTags("Domains");
        domains
            .MapPost("", AddAsync)
            .RequireScope(ApiScopes.Admin)
            .Creates<DomainShape>(
                "addDomain",
                "Adds a domain here and at the mail provider",
                ApiErrors.ProviderRefused
            );
        domains
            .MapGet("", ListAsync)
            .RequireScope(Read)
            .Lists<DomainShape>("listDomains", "Lists domains, newest first");
        domains
            .MapGet("/{id:guid}", FindAsync)
            .RequireScope(Read)
            .Shows<DomainShape>("getDomain", "Shows a domain with its DNS records, as last asked");
        domains
            .MapPost("/{id:guid}/verify", VerifyAsync)
            .RequireScope(ApiScopes.Admin)
            .Acts<DomainShape>(
                "verifyDomain",
                "Asks the mail provider to look at the DNS records again",
                ApiErrors.ProviderRefused
            );
        domains
            .MapDelete("/{id:guid}", RemoveAsync)
            .RequireScope(ApiScopes.Admin)
            .Deletes("removeDomain", "Takes away a domain and its senders", ApiErrors.InUse);
    }

    private static Task<IResult> AddAsync(ApiBody<DomainBody> body, ApiCall call, AddSendingDomain add) =>
        call.RunAsync(
            (caller, token) =>
                add.ExecuteAsync(caller, body.Value.Name, body.Value.Region ?? DomainBody.Default, token),
            (outcome, db, token) =>
                outcome is DomainOutcome.Refused refused
                    ? Task.FromResult<CommandAnswer>(ApiErrors.Fields([new("name", refused.Reason)]))
                    : AnswerAsync(StatusCodes.Status201Created, outcome, db, token)
        );

    private static async Task<Ok<ApiPage<DomainShape>>> ListAsync(
        PageRequest<Guid> page,
        ApiCall call,
        SenderOverview senders
    )
    {
        var rows = await senders.DomainsAsync(call.Caller, page.After, page.Take, call.Cancellation);
        return TypedResults.Ok(page.Page(rows, row => row.Id, DomainShape.Of));
    }

    private static async Task<IResult> FindAsync(Guid id, ApiCall call, SenderOverview senders) =>
        await senders.FindDomainAsync(call.Caller, id, call.Cancellation) is { } found
            ? TypedResults.Ok(DomainShape.Of(found))
            : ApiErrors.Unknown("domain");

    private static Task<IResult> VerifyAsync(Guid id, ApiCall call, CheckSendingDomain check) =>
        call.RunAsync(
            (caller, token) => check.ExecuteAsync(caller, id, token),
            (outcome, db, token) => AnswerAsync(StatusCodes.Status200OK, outcome, db, token)
        );

    private static Task<IResult> RemoveAsync(Guid id, ApiCall call, RemoveSendingDomain remove) =>
        call.RunAsync(
            (caller, token) => remove.ExecuteAsync(caller, id, token),
            (outcome, db, token) => AnswerAsync(StatusCodes.Status200OK, outcome, db, token)
        );

    private static async Task<CommandAnswer> AnswerAsync(
        int status,
        DomainOutcome outcome,
        PortalDbContext db,
        CancellationToken cancellation
    )
    {
        switch (outcome)
        {
            case DomainOutcome.Removed:
                return ApiAnswers.NoContent;
            case DomainOutcome.InUse used:
                return ApiErrors.InUse.Say(
                    "Nothing was removed: campaigns that are not finished go out from it.",
                    new { used.Campaigns }
                );
            case DomainOutcome.Refused refused:
                return ApiErrors.ProviderRefused.Say(refused.Reason);
        }

        // Also while the provider does not answer: the domain is kept here, and a verification asks again.
        var id =
            (outcome as DomainOutcome.Known)?.DomainId ?? (outcome as DomainOutcome.Waiting)?.DomainId ?? Guid.Empty;
        return await SenderOverview.FindDomainAsync(db, id, cancellation) is { } found
            ? ApiAnswers.Of(status, DomainShape.Of(found), $"/domains/{id}")
            : ApiErrors.Unknown("domain");
    }
}

/// <summary>A new domain.</summary>
/// <param name="Region">Where mail is sent from, us-east-1 unless it is sent; cannot be changed later.</param>
internal sealed record DomainBody([property: Required] string? Name, string? Region) : IChecked
{
    public const string Default = "us-east-1";

    public IEnumerable<FieldError> Check()
    {
        if (AddSendingDomain.Parse(Name, out var reason) is null)
        {
            yield return new FieldError(nameof(Name), reason);
        }

        if (Region is not null && !AddSendingDomain.Regions.Contains(Region, StringComparer.Ordinal))
        {
            yield return new FieldError(
                nameof(Region),
                $"Must be one of {string.Join(", ", AddSendingDomain.Regions)}."
            );
        }
    }
}

/// <param name="Records">What the mail provider asks for; empty until it has answered.</param>
/// <param name="CheckedAt">When it was last asked.</param>
internal sealed record DomainShape(
    Guid Id,
    string Name,
    string Region,
    DomainStatus Status,
    IReadOnlyList<DnsRecordShape> Records,
    DateTimeOffset? CheckedAt
)
{
    public static DomainShape Of(DomainView view) =>
        new(view.Id, view.Name, view.Region, view.Status, [.. view.Records.Select(DnsRecordShape.Of)], view.CheckedAt);
}

/// <param name="Record">What it is for: SPF, DKIM ...</param>
/// <param name="Priority">Only of an MX.</param>
internal sealed record DnsRecordShape(
    string Record,
    string Type,
    string Name,
    string Value,
    int? Priority,
    string Ttl,
    string Status
)
{
    public static DnsRecordShape Of(DnsRecord record) =>
        new(
            record.Record,
            record.Type,
            record.Name,
            record.Value,
            record.Priority,
            record.Ttl ?? "Auto",
            record.Status ?? "not_started"
        );
}
