using AdminPortal.Account;
using Ledgerpost.Tenancy;

namespace AdminPortal.Tenancy;

/// <summary>
/// A request for a tenant's page by somebody who is not its member gets the same answer as one for an address that does
/// not exist: status 404 and the same page. Operators are no exception.
/// </summary>
internal sealed class TenantWall(RequestDelegate next, TenantDirectory directory)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (
            PortalUrls.TenantSlugOf(http.Request.Path) is { } slug
            && http.User.UserId() is { } userId
            && await directory.EnterAsync(userId, slug, http.RequestAborted) is null
        )
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await next(http);
    }
}
