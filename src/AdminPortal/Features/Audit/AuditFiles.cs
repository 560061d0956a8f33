using AdminPortal.Account;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;

namespace AdminPortal.Features.Audit;

/// <summary>
/// A log as a file for the browser, filtered as the page is. The tenant wall lets only members come to a tenant's; the
/// installation's own is for operators.
/// </summary>
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
        routes
            .MapGet(
                "/operator/audit/export.csv",
                ([AsParameters] AuditFileRequest request) => DownloadAsOperatorAsync(request, AuditFormat.Csv)
            )
            .RequireAuthorization(AccountPolicies.Operator);
        routes
            .MapGet(
                "/operator/audit/export.json",
                ([AsParameters] AuditFileRequest request) => DownloadAsOperatorAsync(request, AuditFormat.Json)
            )
            .RequireAuthorization(AccountPolicies.Operator);
    }

    private static async Task<IResult> DownloadAsync(AuditFileRequest request, AuditFormat format)
    {
        var (http, directory, export) = request;
        var person = http.User;
        var address = request.AddressOf((string)http.GetRouteValue("slug")!);
        if (
            person.UserId() is not { } userId
            || await directory.EnterAsync(userId, person.SessionId(), address.Slug!, http.RequestAborted)
                is not { NeedsSecondFactor: false } tenant
        )
        {
            return TypedResults.NotFound();
        }

        var zone = TimeZoneInfo.TryFindSystemTimeZoneById(tenant.TimeZone, out var known) ? known : TimeZoneInfo.Utc;
        var caller = new Caller(TenantScope.For(tenant.TenantId), person.AsMember());
        return await AuditFile.DownloadAsync(
            http,
            name => export.ExecuteAsync(caller, address.Filter(zone), name, http.RequestAborted),
            format
        );
    }

    private static async Task<IResult> DownloadAsOperatorAsync(AuditFileRequest request, AuditFormat format)
    {
        var (http, _, export) = request;
        var filter = request.AddressOf(slug: null).Filter(TimeZoneInfo.Utc);
        try
        {
            return await AuditFile.DownloadAsync(
                http,
                name => export.ExecuteAsync(http.User.AsOperator(), filter, name, http.RequestAborted),
                format
            );
        }
        catch (AccessDeniedException)
        {
            // No operator any more since they signed in.
            return TypedResults.NotFound();
        }
    }
}

/// <summary>What the page's address says, and what it is answered with.</summary>
internal sealed record AuditFileRequest(HttpContext Http, TenantDirectory Directory, ExportAuditLog Export)
{
    public AuditAddress AddressOf(string? slug) =>
        new(slug, Query("actor"), Query("action"), Query("target"), Query("from"), Query("to"), Before: null);

    private string? Query(string name) => Http.Request.Query[name].ToString() is { Length: > 0 } value ? value : null;
}
