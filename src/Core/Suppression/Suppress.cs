using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Suppression;

/// <summary>Puts one address on a tenant's list inside the caller's transaction; again and again does no harm.</summary>
public static class Suppress
{
    /// <returns>True when the list changed.</returns>
    public static async Task<bool> AddAsync(
        PortalDbContext db,
        Guid tenantId,
        string normalizedEmail,
        SuppressionReason reason,
        string? detail,
        DateTimeOffset now,
        IIds ids,
        CancellationToken cancellation
    )
    {
        // Not yet saved rows count too: two events of one transaction may name one address.
        var row =
            db.SuppressedAddresses.Local.FirstOrDefault(r =>
                r.TenantId == tenantId && r.NormalizedEmail == normalizedEmail
            )
            ?? await db
                .SuppressedAddresses.Where(r => r.TenantId == tenantId && r.NormalizedEmail == normalizedEmail)
                .ForUpdate()
                .SingleOrDefaultAsync(cancellation);
        if (row is null)
        {
            db.SuppressedAddresses.Add(
                new SuppressedAddress
                {
                    TenantId = tenantId,
                    Id = ids.New(),
                    NormalizedEmail = normalizedEmail,
                    Reason = reason,
                    Detail = detail,
                    CreatedAt = now,
                }
            );
            return true;
        }

        if (row.Reason >= reason)
        {
            return false;
        }

        row.Reason = reason;
        row.Detail = detail;
        return true;
    }
}
