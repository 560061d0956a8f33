using System.Net;
using System.Security.Claims;
using Ledgerpost.Identity;
using Microsoft.AspNetCore.Authentication;

namespace AdminPortal.Account;

/// <summary>
/// Adds where the request came from. A circuit takes its principal from the request that opened it, so this is how the
/// audit log of an interactive page knows the address; it is never stored in the cookie.
/// </summary>
internal sealed class RequestOrigin(IHttpContextAccessor http) : IClaimsTransformation
{
    public Task<ClaimsPrincipal> TransformAsync(ClaimsPrincipal principal)
    {
        var address = Shown(http.HttpContext?.Connection.RemoteIpAddress);
        if (address is null || principal.HasClaim(claim => claim.Type == PortalPrincipal.FromClaim))
        {
            return Task.FromResult(principal);
        }

        var person = principal.Clone();
        person.AddIdentity(new ClaimsIdentity([new Claim(PortalPrincipal.FromClaim, address)]));
        return Task.FromResult(person);
    }

    /// <summary>Of a request, whether or not somebody is signed in.</summary>
    public static Origin Of(HttpContext? context) =>
        context is null
            ? Origin.Nowhere
            : new Origin(
                Shown(context.Connection.RemoteIpAddress),
                BrowserName.Of(context.Request.Headers.UserAgent.ToString())
            );

    private static string? Shown(IPAddress? address) =>
        address is null ? null
        : address.IsIPv4MappedToIPv6 ? address.MapToIPv4().ToString()
        : address.ToString();
}
