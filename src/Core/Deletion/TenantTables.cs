using System.Globalization;
using System.Runtime.CompilerServices;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Ledgerpost.Deletion;

/// <summary>
/// Every table that holds rows of tenants, out of the model itself, so that a new one cannot be forgotten; but for the log,
/// which nothing is ever deleted from.
/// </summary>
public sealed class TenantTables
{
    private readonly IReadOnlyList<Table> _tables;

    /// <exception cref="InvalidOperationException">Tables point at each other in a circle.</exception>
    public TenantTables(IModel model)
    {
        var left = model
            .GetEntityTypes()
            .Where(entity => entity.ClrType.IsAssignableTo(typeof(ITenantOwned)))
            .Where(entity => entity.ClrType != typeof(AuditEntry))
            .OrderBy(entity => entity.GetTableName(), StringComparer.Ordinal)
            .ToList();
        var order = new List<Table>();
        while (left.Count > 0)
        {
            // Who points at others goes before them.
            var next =
                left.Find(entity =>
                    !left.Exists(other =>
                        other != entity && other.GetForeignKeys().Any(key => key.PrincipalEntityType == entity)
                    )
                ) ?? throw new InvalidOperationException("Tenants' tables point at each other in a circle.");
            left.Remove(next);
            order.Add(Table.Of(next));
        }

        _tables = order;
    }

    /// <summary>In the order in which they can be emptied.</summary>
    public IReadOnlyList<string> Names => [.. _tables.Select(table => table.Name)];

    public async Task<long> CountAsync(
        PortalDbContext db,
        string table,
        Guid tenantId,
        CancellationToken cancellation
    ) =>
        await db.FirstAsync(
            FormattableStringFactory.Create(Named(table).Count, tenantId),
            row => row.GetInt64(0),
            cancellation
        );

    public Task<bool> HasAnyAsync(PortalDbContext db, string table, Guid tenantId, CancellationToken cancellation) =>
        db.AnyAsync(FormattableStringFactory.Create(Named(table).Any, tenantId), cancellation);

    /// <returns>How many rows are gone now.</returns>
    public Task<int> DeleteAsync(
        PortalDbContext db,
        string table,
        Guid tenantId,
        int atMost,
        CancellationToken cancellation
    ) => db.ExecuteAsync(FormattableStringFactory.Create(Named(table).Delete, tenantId, atMost), cancellation);

    private Table Named(string table) => _tables.First(candidate => candidate.Name == table);

    private sealed record Table(string Name, string Count, string Any, string Delete)
    {
        public static Table Of(IEntityType entity)
        {
            var name = entity.GetTableName()!;
            var columns = string.Join(
                ", ",
                entity
                    .FindPrimaryKey()!
                    .Properties.Select(property =>
                        string.Create(CultureInfo.InvariantCulture, $"\"{property.GetColumnName()}\"")
                    )
            );
            return new Table(
                name,
                $$"""SELECT COUNT(*) FROM "{{name}}" WHERE "TenantId" = {0}""",
                $$"""SELECT 1 FROM "{{name}}" WHERE "TenantId" = {0} LIMIT 1""",
                $$"""
                DELETE FROM "{{name}}" WHERE "TenantId" = {0} AND ({{columns}}) IN (
                    SELECT {{columns}} FROM "{{name}}" WHERE "TenantId" = {0} LIMIT {1})
                """
            );
        }
    }
}
