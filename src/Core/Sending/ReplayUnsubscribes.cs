using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
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
                var added = await HoldErasedAsync(
                    context,
                    [.. known.Where(row => tenants.Contains(row.TenantId))],
                    token
                );
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

    /// <summary>
    /// Of who was erased since the backup only a keyed hash is left, and this database has the address itself again: it is what the
    /// rules compare, so it goes on the list too, until the person is erased once more.
    /// </summary>
    private async Task<int> HoldErasedAsync(
        PortalDbContext context,
        IReadOnlyList<SuppressedAddress> known,
        CancellationToken cancellation
    )
    {
        var erased = known
            .Where(row => ErasedPeople.IsForm(row.NormalizedEmail))
            .ToDictionary(row => (row.TenantId, row.NormalizedEmail));
        if (erased.Count == 0)
        {
            return 0;
        }

        var tenants = erased.Keys.Select(key => key.TenantId).Distinct().ToList();
        var hashes = await AddressHashes.OfAsync(context, cancellation);
        var here = new HashSet<(Guid TenantId, string Email)>();
        var contacts = context
            .Contacts.Where(row => tenants.Contains(row.TenantId))
            .Select(row => new { row.TenantId, row.NormalizedEmail });
        var waiting = context
            .Recipients.Where(row => tenants.Contains(row.TenantId) && row.State == RecipientState.Pending)
            .Select(row => new { row.TenantId, row.NormalizedEmail });
        foreach (var addresses in new[] { contacts, waiting })
        {
            await foreach (var one in addresses.AsAsyncEnumerable().WithCancellation(cancellation))
            {
                if (erased.ContainsKey((one.TenantId, ErasedPeople.Form(hashes, one.TenantId, one.NormalizedEmail))))
                {
                    here.Add((one.TenantId, one.NormalizedEmail));
                }
            }
        }

        var added = 0;
        foreach (var (tenantId, email) in here)
        {
            var row = erased[(tenantId, ErasedPeople.Form(hashes, tenantId, email))];
            added += await Suppress.AddAsync(
                context,
                tenantId,
                email,
                row.Reason,
                row.Detail,
                row.CreatedAt,
                db.Ids,
                cancellation
            )
                ? 1
                : 0;
        }

        return added;
    }
}
