using System.Net;
using Microsoft.AspNetCore.Http;

namespace ResendEmulator.Control;

/// <summary>
/// The panel and the control API have no password. They answer to this machine alone, under a loopback name (another
/// name that points here is a foreign page's trick), and take changes from no other site's page.
/// </summary>
public static class LocalOnly
{
    public static Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (!IsOurs(http.Request.Path) || IsAllowed(http))
        {
            return next(http);
        }

        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        return http.Response.WriteAsync(
            "The emulator's panel answers only to pages of this machine.",
            http.RequestAborted
        );
    }

    private static bool IsOurs(PathString path) =>
        path.Value is "/" || path.StartsWithSegments("/emulator", StringComparison.OrdinalIgnoreCase);

    private static bool IsSame(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var page)
        && string.Equals(page.Authority, host.Value, StringComparison.OrdinalIgnoreCase);

    private static bool IsAllowed(HttpContext http)
    {
        var from = http.Connection.RemoteIpAddress;
        var host = http.Request.Host.Host;
        var byName =
            string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
        if (!byName || (from is not null && !IPAddress.IsLoopback(from)))
        {
            return false;
        }

        if (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method))
        {
            return true;
        }

        var site = http.Request.Headers["Sec-Fetch-Site"].ToString();
        var origin = http.Request.Headers.Origin.ToString();
        return site is ("" or "same-origin" or "none") && (origin.Length == 0 || IsSame(origin, http.Request.Host));
    }
}
