using AdminPortal.Account;
using Ledgerpost.Tenancy;

namespace AdminPortal.Tenancy;

/// <summary>
/// A request for a tenant's page by somebody who is not its member gets the same answer as one for an address that does
/// not exist: status 404 and the same page. Operators are no exception. A member who has shown no second factor where the
/// tenant asks for one is led to where they set it up.
/// </summary>
internal sealed class TenantWall(RequestDelegate next, TenantDirectory directory)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (PortalUrls.TenantSlugOf(http.Request.Path) is { } slug && http.User.UserId() is { } userId)
        {
            var tenant = await directory.EnterAsync(userId, http.User.SessionId(), slug, http.RequestAborted);
            if (tenant is null)
            {
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            if (tenant.NeedsSecondFactor)
            {
                http.Response.Redirect(PortalUrls.You(needed: slug));
                return;
            }
        }

        await next(http);
    }
}
