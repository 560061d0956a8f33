using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Hosting;

/// <summary>
/// What every answer forbids the browser: scripts of others and scripts in the page's text, frames around the portal, guesses
/// about a file's kind, telling other sites its addresses.
/// </summary>
internal sealed class SecurityHeaders(
    RequestDelegate next,
    PortalOptions portal,
    IHostEnvironment environment,
    EndpointDataSource routes
)
{
    // Known when all routes are mapped, which is after this was made.
    private readonly Lazy<string> _policy = new(() => Policy(routes));

    // Development is plain http on a person's own machine: the promise of https would outlive it, for every port of localhost.
    private readonly bool _onlyHttps =
        !environment.IsDevelopment() && portal.PublicUrl.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    public Task InvokeAsync(HttpContext http)
    {
        // At the last moment: an error page begins by clearing what was there, and a page that is stricter has said so by then.
        http.Response.OnStarting(() =>
        {
            Write(http);
            return Task.CompletedTask;
        });
        return next(http);
    }

    private void Write(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = _policy.Value;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        // Addresses name tenants.
        headers.TryAdd("Referrer-Policy", "same-origin");
        if (_onlyHttps)
        {
            headers.StrictTransportSecurity = "max-age=31536000";
        }
    }

    /// <remarks>
    /// Styles may stand in the text: components place things by style attributes, and a mail in its preview frame, which inherits
    /// this policy, has no others. Its pictures are why pictures may come from anywhere; the frame's own policy is stricter
    /// (<see cref="Features.Campaigns.Compose.PreviewFrame"/>).
    /// </remarks>
    private static string Policy(EndpointDataSource routes) =>
        "default-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; connect-src 'self'; font-src 'self'; "
        + "img-src 'self' data: https: http:; style-src 'self' 'unsafe-inline'; script-src 'self'"
        + ImportMap(routes);

    /// <summary>
    /// The one script in a page's text says where modules are. It is named by its hash: a number made for each answer would make two
    /// answers to the same question different, and what must not be told apart could not be compared.
    /// </summary>
    private static string ImportMap(EndpointDataSource routes) =>
        routes
            .Endpoints.Select(route => route.Metadata.GetMetadata<ImportMapDefinition>())
            .FirstOrDefault(map => map is not null)
            is { } map
            ? $" 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(map.ToString().ReplaceLineEndings("\n"))))}'"
            : "";
}
