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

    /// <summary>
    /// Removes the next rows along an index. Each part begins behind the one before: to begin anew would walk through the
    /// index entries of all that is gone, which PostgreSQL keeps until a vacuum.
    /// </summary>
    /// <param name="after">The end of the part before; null for the first.</param>
    /// <param name="atMost">1 or more.</param>
    public async Task<TablePart> DeleteAsync(
        PortalDbContext db,
        string table,
        Guid tenantId,
        IReadOnlyList<object>? after,
        int atMost,
        CancellationToken cancellation
    )
    {
        if (db.IsPostgreSql)
        {
            // What was written a moment ago is not in the planner's statistics yet, and it would walk through the whole table.
            await db.ExecuteAsync($"SET LOCAL enable_seqscan = off", cancellation);
        }

        var named = Named(table);
        var from = after ?? [];
        var end = await db.FirstAsync(
            FormattableStringFactory.Create(named.End(from.Count > 0), [tenantId, .. from, atMost - 1]),
            row => Enumerable.Range(0, row.FieldCount).Select(row.GetValue).ToArray(),
            cancellation
        );
        var removed = await db.ExecuteAsync(
            FormattableStringFactory.Create(
                named.Delete(from.Count > 0, end is not null),
                [tenantId, .. from, .. end ?? []]
            ),
            cancellation
        );
        return new TablePart(removed, end);
    }

    private Table Named(string table) => _tables.First(candidate => candidate.Name == table);

    /// <param name="Key">Within the tenant, in the order of an index.</param>
    private sealed record Table(string Name, IReadOnlyList<string> Key)
    {
        public string Count => $$"""SELECT COUNT(*) FROM "{{Name}}" WHERE "TenantId" = {0}""";

        public string Any => $$"""SELECT 1 FROM "{{Name}}" WHERE "TenantId" = {0} LIMIT 1""";

        /// <exception cref="InvalidOperationException">No index begins with the tenant.</exception>
        public static Table Of(IEntityType entity)
        {
            var primary = entity.FindPrimaryKey()!.Properties;
            // Whatever is found by something else alone has an index for the tenant's own.
            var along = entity
                .GetIndexes()
                .Select(index => index.Properties)
                .Prepend(primary)
                .FirstOrDefault(properties =>
                    properties[0].Name == nameof(ITenantOwned.TenantId)
                    && properties.All(property => !property.IsNullable)
                );
            return along is null
                ? throw new InvalidOperationException($"No index of {entity.GetTableName()} begins with the tenant.")
                : new Table(
                    entity.GetTableName()!,
                    [
                        .. along
                            .Union(primary)
                            .Where(property => property.Name != nameof(ITenantOwned.TenantId))
                            .Select(property => property.GetColumnName()),
                    ]
                );
        }

        /// <summary>The key of the last row of the next part; none where fewer are left.</summary>
        public string End(bool after) =>
            $$"""
                SELECT {{Columns}} FROM "{{Name}}" WHERE "TenantId" = {0}{{(after ? Compared(">", 1) : "")}}
                ORDER BY {{Columns}} LIMIT 1 OFFSET {{Place(after ? Key.Count + 1 : 1)}}
                """;

        public string Delete(bool after, bool upTo) =>
            $$"""DELETE FROM "{{Name}}" WHERE "TenantId" = {0}"""
            + (after ? Compared(">", 1) : "")
            + (upTo ? Compared("<=", after ? Key.Count + 1 : 1) : "");

        private string Columns => string.Join(", ", Key.Select(column => $"\"{column}\""));

        private string Compared(string how, int first) =>
            $" AND ({Columns}) {how} ({string.Join(", ", Key.Select((_, i) => Place(first + i)))})";

        private static string Place(int number) => string.Create(CultureInfo.InvariantCulture, $"{{{number}}}");
    }
}

/// <param name="Removed">So many rows are gone now.</param>
/// <param name="End">The key of the last of them, behind which the next part begins; null when the table is empty of the tenant.</param>
public sealed record TablePart(int Removed, IReadOnlyList<object>? End);
