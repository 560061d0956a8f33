using System.Text.Json;
using AdminPortal.Api;
using Ledgerpost.Audit;
using Ledgerpost.Programs;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdminPortal.Features.Audit;

/// <summary>A tenant's log: who did what, when, from where.</summary>
internal static class AuditApi
{
    public static void MapAuditApi(this IEndpointRouteBuilder api)
    {
        var audit = api.MapGroup("/audit").WithTags("Audit");
        audit
            .MapGet("", ListAsync)
            .RequireScope(ApiScopes.Admin)
            .Lists<AuditShape>("listAudit", "Lists entries of the audit log, newest first");
        audit
            .MapGet("/export", ExportAsync)
            .RequireScope(ApiScopes.Admin)
            .Downloads(
                "exportAudit",
                "Entries of the audit log as a file, CSV or JSON, newest first",
                AuditFile.CsvType,
                AuditFile.JsonType
            );
    }

    private static async Task<Ok<ApiPage<AuditShape>>> ListAsync(
        PageRequest<long> page,
        ApiCall call,
        AuditQuery audit,
        string? actor,
        string? action,
        string? target,
        ApiQuery<DateTimeOffset> from,
        ApiQuery<DateTimeOffset> to
    )
    {
        var filter = new AuditFilter(actor, action, target, from.Value, to.Value);
        var read = await audit.ReadAsync(call.Caller.Scope, filter, page.After, call.Cancellation, page.Take);
        return TypedResults.Ok(page.Page(read.Entries, entry => entry.Sequence, AuditShape.Of));
    }

    private static Task<IResult> ExportAsync(
        HttpContext http,
        ApiCall call,
        ExportAuditLog export,
        ApiQuery<AuditFormat> format,
        string? actor,
        string? action,
        string? target,
        ApiQuery<DateTimeOffset> from,
        ApiQuery<DateTimeOffset> to
    ) =>
        AuditFile.DownloadAsync(
            http,
            name =>
                export.ExecuteAsync(
                    call.Caller,
                    new AuditFilter(actor, action, target, from.Value, to.Value),
                    name,
                    call.Cancellation
                ),
            format.Value ?? AuditFormat.Csv
        );
}

/// <param name="Sequence">1, 2, 3 ... without gaps in a tenant's log.</param>
/// <param name="Action">The target's kind, a dot, a verb in the past: campaign.launched.</param>
/// <param name="Details">What changed; differs by action.</param>
/// <param name="From">The address that the command came from; null for the portal's own acts.</param>
/// <param name="Session">The sign-in in which a person acted; null for others.</param>
internal sealed record AuditShape(
    long Sequence,
    DateTimeOffset At,
    AuditActorShape Actor,
    string Action,
    AuditTargetShape Target,
    JsonElement? Details,
    string? From,
    Guid? Session
)
{
    public static AuditShape Of(AuditEntry entry) =>
        new(
            entry.Sequence,
            entry.At,
            new AuditActorShape(entry.ActorKind, entry.ActorId, entry.ActorName, entry.OnBehalfOf),
            entry.Action,
            new AuditTargetShape(entry.TargetKind, entry.TargetId, entry.TargetName),
            entry.Details is null ? null : JsonSerializer.Deserialize<JsonElement>(entry.Details),
            entry.From,
            entry.SessionId
        );
}

/// <param name="Id">Of a person or a key; null for others.</param>
/// <param name="OnBehalfOf">For whom a program or the command line acted; null for oneself.</param>
internal sealed record AuditActorShape(ActorKind Kind, Guid? Id, string Name, string? OnBehalfOf);

internal sealed record AuditTargetShape(string Kind, string Id, string Name);
