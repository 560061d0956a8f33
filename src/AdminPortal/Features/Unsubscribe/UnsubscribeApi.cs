using AdminPortal.Hosting;
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

    private static async Task<IResult> ShowAsync(
        string token,
        UnsubscribeByLink links,
        FailedAttempts attempts,
        HttpContext http,
        CancellationToken cancellation
    ) => Page(http, attempts, await links.LookAsync(token, cancellation));

    private static async Task<IResult> UnsubscribeAsync(
        string token,
        UnsubscribeByLink links,
        FailedAttempts attempts,
        HttpContext http,
        CancellationToken cancellation
    )
    {
        await links.ExecuteAsync(token, http.Connection.RemoteIpAddress?.ToString(), cancellation);
        return Page(http, attempts, await links.LookAsync(token, cancellation));
    }

    private static IResult Page(HttpContext http, FailedAttempts attempts, UnsubscribeView? view)
    {
        if (view is null)
        {
            // Only now: a mail provider's one clicks come from few addresses, and everybody's from a proxy's.
            if (attempts.IsShut(Door.Unsubscribe, http))
            {
                return TypedResults.Text(
                    "Too many links that are not known came from your network address. Open the one from your mail again in a minute.",
                    statusCode: StatusCodes.Status429TooManyRequests
                );
            }

            attempts.Failed(Door.Unsubscribe, http);
        }

        // The address of this page is a secret of its recipient.
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        http.Response.Headers.CacheControl = "no-store";
        return new RazorComponentResult<UnsubscribePage>(new Dictionary<string, object?> { ["View"] = view })
        {
            StatusCode = view is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK,
        };
    }
}
