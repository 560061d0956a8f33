using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Programs;

/// <summary>Deletes the records of requests whose time is over. Those that sent something have none.</summary>
public sealed class ForgetRequests(PortalDb portal)
{
    /// <summary>Rows of one transaction.</summary>
    public const int AtOnce = 1000;

    /// <returns>How many were deleted; at most <see cref="AtOnce"/>.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellation) =>
        portal.Time.MayNotForget()
            ? 0
            : await portal.WriteBesideOthersAsync(
                TenantScope.Installation,
                (db, token) =>
                {
                    var now = portal.Time.GetUtcNow();
                    var over = db
                        .IdempotencyRecords.Where(record => record.ExpiresAt < now)
                        .OrderBy(record => record.ExpiresAt)
                        .Take(AtOnce);
                    return over.ExecuteDeleteAsync(token);
                },
                cancellation
            );
}
