using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Deletion;

/// <summary>The last entry of a deleted tenant's log, and what the installation's log keeps of it.</summary>
internal static class TenantEnd
{
    public static async Task WriteAsync(
        PortalDbContext db,
        Tenant tenant,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var id = tenant.Id.ToString();
        var last = await db
            .AuditEntries.Where(row => row.TenantId == tenant.Id)
            .MaxAsync(row => row.Sequence, cancellation);
        // What was written since the rest was erased; the end names them all.
        await ErasedEntries.EraseAsync(db, tenant.Id, 1, last, cancellation);
        var details = new ErasedEntries(
            [
                [1, last],
            ],
            tenant.DeletionRemoved
        );
        await AppendAsync(tenant.Id, ErasedEntries.TenantDeleted, "", details);
        await db.SaveChangesAsync(cancellation);
        var seal = await db
            .AuditEntries.Where(row => row.TenantId == tenant.Id && row.Sequence == last + 1)
            .Select(row => row.Hash)
            .SingleAsync(cancellation);
        await AppendAsync(
            Guid.Empty,
            ErasedEntries.TenantDeleted,
            tenant.Name,
            new
            {
                tenant.Slug,
                begun_at = tenant.DeletionBegunAt,
                rows = tenant.DeletionRemoved,
                log_entries = last + 1,
                log_end = Convert.ToHexStringLower(seal!),
            }
        );

        Task AppendAsync(Guid log, string action, string name, object about) =>
            AuditLog.AppendAsync(db, log, Actor.System, now, action, "tenant", id, name, about, cancellation);
    }
}
