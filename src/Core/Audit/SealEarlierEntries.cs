using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Audit;

/// <summary>
/// Seals the logs of a database from before there were seals, once, at its first start with them. A log that has a sealed
/// entry is never touched: what was put between by hand stays unsealed and is found.
/// </summary>
internal static class SealEarlierEntries
{
    private const int AtOnce = 1000;

    public static async Task ExecuteAsync(PortalDb portal, CancellationToken cancellation)
    {
        await using (var read = portal.Read(TenantScope.Installation))
        {
            if ((await UnsealedAsync(read, cancellation)).Count == 0)
            {
                // Nothing is written, and nobody waits, at any start but the first.
                return;
            }
        }

        await portal.WriteAsync(
            TenantScope.Installation,
            async (db, token) =>
            {
                foreach (var log in await UnsealedAsync(db, token))
                {
                    await SealAsync(db, log, token);
                }
            },
            cancellation
        );
    }

    /// <summary>Logs whose first entry is not sealed, and none of the others.</summary>
    private static Task<List<Guid>> UnsealedAsync(PortalDbContext db, CancellationToken cancellation) =>
        db
            .AuditEntries.Where(entry => entry.Hash == null && entry.Sequence == 1)
            .Select(entry => entry.TenantId)
            .Where(log => !db.AuditEntries.Any(entry => entry.TenantId == log && entry.Hash != null))
            .ToListAsync(cancellation);

    private static async Task SealAsync(PortalDbContext db, Guid log, CancellationToken cancellation)
    {
        AuditEntry? last = null;
        while (true)
        {
            var after = last?.Sequence ?? 0;
            var page = await db
                .AuditEntries.Where(entry => entry.TenantId == log && entry.Sequence > after)
                .OrderBy(entry => entry.Sequence)
                .Take(AtOnce)
                .ToListAsync(cancellation);
            foreach (var entry in page)
            {
                last = AuditChain.Seal(db.AuditKeys, last, entry);
            }

            await db.SaveChangesAsync(cancellation);
            db.ChangeTracker.Clear();
            if (page.Count < AtOnce)
            {
                return;
            }
        }
    }
}
