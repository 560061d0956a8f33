using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>A tenant as operators see it.</summary>
public sealed record TenantRow(Guid Id, string Name, string Slug, string TimeZone, DateTimeOffset CreatedAt)
{
    /// <summary>Null for one that stays.</summary>
    public TenantDeletion? Deletion { get; init; }

    internal static TenantRow Of(Tenant tenant) =>
        new(tenant.Id, tenant.Name, tenant.Slug, tenant.TimeZone, tenant.CreatedAt)
        {
            Deletion = tenant.DeletionBegunAt is { } begun
                ? new TenantDeletion(begun, tenant.DeletionRows, tenant.DeletionRemoved)
                : null,
        };
}

/// <summary>How far a tenant's deletion is.</summary>
/// <param name="Rows">Null before they are counted, which waits for calls under way.</param>
public sealed record TenantDeletion(DateTimeOffset BegunAt, long? Rows, long Removed);

/// <summary>Every tenant of the installation, for operators.</summary>
public sealed class TenantList(PortalDb portal)
{
    /// <param name="after">The last id of the page before.</param>
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<IReadOnlyList<TenantRow>> NewestFirstAsync(
        Actor actor,
        Guid? after,
        int limit,
        CancellationToken cancellation
    )
    {
        await using var db = portal.Read(TenantScope.Installation);
        await portal.DemandOperatorToReadAsync(db, actor, nameof(TenantList), cancellation);
        var tenants = await db.Tenants.NewestFirst(row => row.Id, after).Take(limit).ToListAsync(cancellation);
        return [.. tenants.Select(TenantRow.Of)];
    }

    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<TenantRow?> FindAsync(Actor actor, Guid tenantId, CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.Installation);
        await portal.DemandOperatorToReadAsync(db, actor, nameof(TenantList), cancellation);
        return await db.Tenants.SingleOrDefaultAsync(row => row.Id == tenantId, cancellation) is { } tenant
            ? TenantRow.Of(tenant)
            : null;
    }
}
