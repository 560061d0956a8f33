using AdminPortal.Account;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdminPortal.Features.Audit;

/// <summary>The log as a file for the browser, filtered as the page is. The tenant wall lets only members come here.</summary>
internal static class AuditFiles
{
    public static void MapAuditFiles(this IEndpointRouteBuilder routes)
    {
        routes
            .MapGet(
                "/t/{slug}/audit/export.csv",
                ([AsParameters] AuditFileRequest request) => DownloadAsync(request, AuditFormat.Csv)
            )
            .RequireAuthorization();
        routes
            .MapGet(
                "/t/{slug}/audit/export.json",
                ([AsParameters] AuditFileRequest request) => DownloadAsync(request, AuditFormat.Json)
            )
            .RequireAuthorization();
    }

    private static async Task<IResult> DownloadAsync(AuditFileRequest request, AuditFormat format)
    {
        var person = request.Http.User;
        if (
            person.UserId() is not { } userId
            || await request.Directory.EnterAsync(userId, person.SessionId(), request.Slug, request.Http.RequestAborted)
                is not { NeedsSecondFactor: false } tenant
        )
        {
            return TypedResults.NotFound();
        }

        var zone = TimeZoneInfo.TryFindSystemTimeZoneById(tenant.TimeZone, out var known) ? known : TimeZoneInfo.Utc;
        return await AuditFile.DownloadAsync(
            request.Http,
            request.Export,
            new Caller(TenantScope.For(tenant.TenantId), person.AsMember()),
            request.Address.Filter(zone),
            format
        );
    }
}

/// <summary>What the page's address says, and what it is answered with.</summary>
internal sealed record AuditFileRequest(HttpContext Http, TenantDirectory Directory, ExportAuditLog Export)
{
    public string Slug => (string)Http.GetRouteValue("slug")!;

    public AuditAddress Address =>
        new(Slug, Query("actor"), Query("action"), Query("target"), Query("from"), Query("to"), Before: null);

    private string? Query(string name) => Http.Request.Query[name].ToString() is { Length: > 0 } value ? value : null;
}
