namespace Ledgerpost.Data;

/// <summary>
/// What a context may see. Immutable and always passed explicitly: there is no ambient tenant, so two browser tabs
/// with two tenants cannot mix.
/// </summary>
public sealed record TenantScope
{
    private TenantScope(Guid tenantId, bool allTenants)
    {
        TenantId = tenantId;
        AllTenants = allTenants;
    }

    /// <summary>Sees no tenant's data; for the tables that belong to the installation (users, tenants, accounts).</summary>
    public static TenantScope None { get; } = new(Guid.Empty, allTenants: false);

    /// <summary>
    /// Sees every tenant. Only for the engine's own cross-tenant work (claiming chunks, applying events, start-up);
    /// an architecture test lists who may use it.
    /// </summary>
    public static TenantScope Installation { get; } = new(Guid.Empty, allTenants: true);

    public Guid TenantId { get; }

    public bool AllTenants { get; }

    public static TenantScope For(Guid tenantId) =>
        tenantId == Guid.Empty
            ? throw new ArgumentException("A tenant's scope needs the tenant's id.", nameof(tenantId))
            : new TenantScope(tenantId, allTenants: false);

    public bool Covers(Guid tenantId) => AllTenants || (tenantId == TenantId && tenantId != Guid.Empty);
}

/// <summary>Data that belongs to one tenant; its primary key starts with the tenant's id.</summary>
public interface ITenantOwned
{
    Guid TenantId { get; }
}
