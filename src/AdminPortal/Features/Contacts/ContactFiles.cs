using AdminPortal.Account;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdminPortal.Features.Contacts;

/// <summary>Files about contacts, for the browser. The tenant wall lets only members come here.</summary>
internal static class ContactFiles
{
    public static void MapContactFiles(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/t/{slug}/contacts/imports/{id:guid}/rejected.csv", RejectedAsync).RequireAuthorization();
        routes.MapGet("/contacts-sample.csv", Sample).RequireAuthorization();
    }

    private static async Task<IResult> RejectedAsync(
        string slug,
        Guid id,
        HttpContext http,
        TenantDirectory directory,
        ImportReport report,
        CancellationToken cancellation
    )
    {
        if (
            http.User.UserId() is not { } userId
            || await directory.EnterAsync(userId, http.User.SessionId(), slug, cancellation)
                is not { NeedsSecondFactor: false } tenant
        )
        {
            return TypedResults.NotFound();
        }

        var caller = new Caller(TenantScope.For(tenant.TenantId), http.User.AsMember());
        if (await report.FindAsync(caller, id, cancellation) is null)
        {
            return TypedResults.NotFound();
        }

        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Stream(
            content => report.WriteRejectedAsync(caller, id, content, cancellation),
            "text/csv; charset=utf-8",
            "rejected-lines.csv"
        );
    }

    private static FileContentHttpResult Sample() =>
        TypedResults.File(
            "email,first_name,last_name,tags\r\nada@example.net,Ada,Lovelace,\"news; beta\"\r\ngrace@example.net,Grace,Hopper,news\r\n"u8.ToArray(),
            "text/csv; charset=utf-8",
            "contacts-sample.csv"
        );
}
