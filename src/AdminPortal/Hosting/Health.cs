using Ledgerpost.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AdminPortal.Hosting;

/// <summary>For whoever watches over the process: whether it runs, and whether it can do its work.</summary>
internal static class Health
{
    /// <summary>Then a database counts as one that does not answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz/live", () => TypedResults.Text("live")).AllowAnonymous();
        routes.MapGet("/healthz/ready", ReadyAsync).AllowAnonymous();
    }

    /// <summary>It says no more than yes or no: anybody may ask. The log says why not.</summary>
    private static async Task<ContentHttpResult> ReadyAsync(
        PortalDb portal,
        TimeProvider time,
        ILogger<PortalStart> logger,
        CancellationToken cancellation
    )
    {
        using var over = new CancellationTokenSource(Patience, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellation);
        try
        {
            await using var db = portal.Read(TenantScope.None);
            // Its one row is made when the database has been migrated.
            if (await db.Installation.AnyAsync(stop.Token))
            {
                return TypedResults.Text("ready");
            }
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested)
        {
            logger.LogWarning(exception, "Not ready: the database does not answer.");
        }

        return TypedResults.Text("not ready", statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
