using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.OutgoingEvents;

/// <summary>Lets go of deliveries after thirty days, whatever became of them, and of deleted endpoints with theirs.</summary>
public sealed class ForgetDeliveries(PortalDb portal)
{
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    /// <summary>Rows of one transaction.</summary>
    public const int AtOnce = 1_000;

    /// <returns>How many rows were deleted.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        if (portal.Time.MayNotForget())
        {
            return 0;
        }

        List<EventEndpoint> endpoints;
        await using (var context = portal.Read(TenantScope.Installation))
        {
            endpoints = await context.EventEndpoints.AsNoTracking().ToListAsync(cancellation);
        }

        var gone = 0;
        foreach (var endpoint in endpoints)
        {
            int some;
            do
            {
                some = await SomeAsync(endpoint, cancellation);
                gone += some;
            } while (some > 0);

            if (endpoint.State == EndpointState.Deleted)
            {
                gone += await portal.WriteBesideOthersAsync(
                    TenantScope.For(endpoint.TenantId),
                    (db, token) =>
                        db
                            .EventEndpoints.Where(row => row.Id == endpoint.Id && row.State == EndpointState.Deleted)
                            .ExecuteDeleteAsync(token),
                    cancellation
                );
            }
        }

        return gone;
    }

    private async Task<int> SomeAsync(EventEndpoint endpoint, CancellationToken cancellation)
    {
        var scope = TenantScope.For(endpoint.TenantId);
        var before = portal.Time.GetUtcNow() - Kept;
        // Ids begin with their time, so that those of an endpoint lie in its order.
        var last =
            endpoint.State == EndpointState.Deleted
                ? Guid.AllBitsSet
                : Guid.Parse($"{Math.Max(0, before.ToUnixTimeMilliseconds()):X12}00000000000000000000");
        await using (var context = portal.Read(scope))
        {
            var oldest = Until(context, endpoint.Id, last).OrderBy(row => row.Id);
            if (!await oldest.AnyAsync(cancellation))
            {
                return 0;
            }

            // Up to the last of so many: a statement that walks along the index, and not through the table for each row.
            last = await oldest.Skip(AtOnce - 1).Select(row => (Guid?)row.Id).FirstOrDefaultAsync(cancellation) ?? last;
        }

        return await portal.WriteBesideOthersAsync(
            scope,
            (db, token) => Until(db, endpoint.Id, last).ExecuteDeleteAsync(token),
            cancellation
        );
    }

    private static IQueryable<EventDelivery> Until(PortalDbContext db, Guid endpointId, Guid last) =>
        db.EventDeliveries.Where(row => row.EndpointId == endpointId && row.Id.CompareTo(last) <= 0);
}
