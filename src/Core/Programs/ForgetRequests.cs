using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Programs;

/// <summary>Deletes the records of requests whose time is over. Those that sent something have none.</summary>
public sealed class ForgetRequests(PortalDb portal)
{
    /// <summary>Rows of one transaction, and those that end at the same instant as the last of them.</summary>
    public const int AtOnce = 1000;

    /// <returns>How many were deleted; from <see cref="AtOnce"/> on there may be more.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        if (portal.Time.MayNotForget())
        {
            return 0;
        }

        var last = portal.Time.GetUtcNow();
        await using (var context = portal.Read(TenantScope.Installation))
        {
            var oldest = Until(context, last).OrderBy(record => record.ExpiresAt);
            if (!await oldest.AnyAsync(cancellation))
            {
                return 0;
            }

            // Up to the instant of the last of so many: a statement that walks along the index.
            last =
                await oldest.Skip(AtOnce - 1).Select(record => record.ExpiresAt).FirstOrDefaultAsync(cancellation)
                ?? last;
        }

        return await portal.WriteBesideOthersAsync(
            TenantScope.Installation,
            (db, token) => Until(db, last).ExecuteDeleteAsync(token),
            cancellation
        );
    }

    private static IQueryable<IdempotencyRecord> Until(PortalDbContext db, DateTimeOffset last) =>
        db.IdempotencyRecords.Where(record => record.ExpiresAt <= last);
}
