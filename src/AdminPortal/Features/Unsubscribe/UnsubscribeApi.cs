using Ledgerpost.Unsubscribe;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdminPortal.Features.Unsubscribe;

/// <summary>
/// A recipient's page: no account, no cookie, no script. GET changes nothing, since mail scanners open every link; POST
/// unsubscribes, by the page's button or by the mail program's one click (RFC 8058).
/// </summary>
public static class UnsubscribeApi
{
    public static void MapUnsubscribe(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/u/{token}", ShowAsync).AllowAnonymous();
        routes.MapPost("/u/{token}", UnsubscribeAsync).AllowAnonymous().DisableAntiforgery();
    }

    private static async Task<RazorComponentResult<UnsubscribePage>> ShowAsync(
        string token,
        UnsubscribeByLink links,
        HttpContext http,
        CancellationToken cancellation
    ) => Page(http, await links.LookAsync(token, cancellation));

    private static async Task<RazorComponentResult<UnsubscribePage>> UnsubscribeAsync(
        string token,
        UnsubscribeByLink links,
        HttpContext http,
        CancellationToken cancellation
    )
    {
        await links.ExecuteAsync(token, http.Connection.RemoteIpAddress?.ToString(), cancellation);
        return Page(http, await links.LookAsync(token, cancellation));
    }

    private static RazorComponentResult<UnsubscribePage> Page(HttpContext http, UnsubscribeView? view)
    {
        // The address of this page is a secret of its recipient.
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        http.Response.Headers.CacheControl = "no-store";
        return new RazorComponentResult<UnsubscribePage>(new Dictionary<string, object?> { ["View"] = view })
        {
            StatusCode = view is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK,
        };
    }
}
