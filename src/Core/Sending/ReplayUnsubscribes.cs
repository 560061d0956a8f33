using Ledgerpost.Data;
using Ledgerpost.Suppression;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// After a restore: whoever asked not to be mailed since the backup is still in the database that was put aside, where
/// that can be read. Only ever adds.
/// </summary>
public sealed class ReplayUnsubscribes(PortalDb db)
{
    /// <returns>How many addresses were put on the lists again.</returns>
    public async Task<int> ExecuteAsync(PortalDb aside, CancellationToken cancellation)
    {
        List<SuppressedAddress> known;
        await using (var old = aside.Read(TenantScope.Installation))
        {
            known = await old.SuppressedAddresses.ToListAsync(cancellation);
        }

        return await db.WriteAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                var tenants = await context.Tenants.Select(tenant => tenant.Id).ToListAsync(token);
                var added = 0;
                foreach (var row in known.Where(row => tenants.Contains(row.TenantId)))
                {
                    added += await Suppress.AddAsync(
                        context,
                        row.TenantId,
                        row.NormalizedEmail,
                        row.Reason,
                        row.Detail,
                        row.CreatedAt,
                        db.Ids,
                        token
                    )
                        ? 1
                        : 0;
                }

                return added;
            },
            cancellation
        );
    }
}
