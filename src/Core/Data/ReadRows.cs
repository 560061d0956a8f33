using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Ledgerpost.Data;

/// <summary>
/// Looks at every row of a tenant that EF Core makes an object of, as it leaves the database: one outside the context's scope, by
/// whichever way the query came past its filter, stops the work. What is read as SQL into other shapes (<see cref="Statements"/>), and
/// what a query selects that is no entity, does not come by here.
/// </summary>
internal sealed class ReadRows : IMaterializationInterceptor
{
    // One for all: each set of interceptors would have services of its own.
    public static readonly ReadRows Checked = new();

    private ReadRows() { }

    public object InitializedInstance(MaterializationInterceptionData materializationData, object entity)
    {
        if (
            entity is ITenantOwned owned
            && materializationData.Context is PortalDbContext db
            && !db.Scope.Covers(owned.TenantId)
        )
        {
            var name = materializationData.EntityType.ClrType.Name;
            db.Safety?.Fired(SafetyMechanism.ForeignRowRead, name);
            throw new ForeignTenantException(name, "read");
        }

        return entity;
    }
}
