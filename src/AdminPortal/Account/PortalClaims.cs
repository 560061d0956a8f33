using System.Security.Claims;
using Ledgerpost.Identity;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace AdminPortal.Account;

/// <summary>Name and operator flag go into the cookie; they change with the security stamp.</summary>
internal sealed class PortalClaims(UserManager<PortalUser> users, IOptions<IdentityOptions> options)
    : UserClaimsPrincipalFactory<PortalUser>(users, options)
{
    protected override async Task<ClaimsIdentity> GenerateClaimsAsync(PortalUser user)
    {
        var identity = await base.GenerateClaimsAsync(user);
        identity.AddClaim(new Claim(PortalPrincipal.DisplayNameClaim, People.Name(user)));
        identity.AddClaim(new Claim(PortalPrincipal.OperatorClaim, user.IsOperator.ToString()));
        return identity;
    }
}

/// <summary>
/// Adds where the request came from. A circuit takes its principal from the request that opened it, so this is how the
/// audit log of an interactive page knows the address; it is never stored in the cookie.
/// </summary>
internal sealed class RequestOrigin(IHttpContextAccessor http) : IClaimsTransformation
{
    public Task<ClaimsPrincipal> TransformAsync(ClaimsPrincipal principal)
    {
        var address = http.HttpContext?.Connection.RemoteIpAddress;
        if (address is null || principal.HasClaim(claim => claim.Type == PortalPrincipal.FromClaim))
        {
            return Task.FromResult(principal);
        }

        var shown = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var person = principal.Clone();
        person.AddIdentity(new ClaimsIdentity([new Claim(PortalPrincipal.FromClaim, shown.ToString())]));
        return Task.FromResult(person);
    }
}
