using System.Globalization;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace UnitTests.Support;

/// <summary>What tenants have in a database, out of the model: whatever table there is, or comes.</summary>
public static class TenantTables
{
    /// <summary>How many rows of the tenant each table has.</summary>
    public static async Task<IReadOnlyDictionary<string, long>> CountRowsAsync(this PortalDb portal, Guid tenantId)
    {
        await using var db = portal.Read(TenantScope.Installation);
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var entity in InOrder(db.Model))
        {
            counts[entity.GetTableName()!] = await CountAsync(db, entity, tenantId);
        }

        return counts;
    }

    public static Task<IReadOnlyDictionary<string, long>> CountRowsAsync(this TestDatabase database, Guid tenantId) =>
        database.Db.CountRowsAsync(tenantId);

    /// <summary>Every row of the tenant, every column, as text: the table's name, and the columns in the model's order.</summary>
    public static async Task<IReadOnlyList<string>> DumpAsync(this PortalDb portal, Guid tenantId)
    {
        await using var db = portal.Read(TenantScope.Installation);
        var lines = new List<string>();
        foreach (var entity in InOrder(db.Model))
        {
            var table = entity.GetTableName()!;
            var columns = entity.GetProperties().Select(property => property.GetColumnName()).ToList();
            var rows = await RowsAsync(
                db,
                $"""SELECT {string.Join(", ", columns.Select(name => $"\"{name}\""))} FROM "{table}" """,
                tenantId
            );
            lines.AddRange(
                rows.Select(row => $"{table} {string.Join(' ', columns.Zip(row, (name, value) => $"{name}={value}"))}")
                    .Order(StringComparer.Ordinal)
            );
        }

        return lines;
    }

    public static Task<IReadOnlyList<string>> DumpAsync(this TestDatabase database, Guid tenantId) =>
        database.Db.DumpAsync(tenantId);

    /// <summary>Tables of tenants; who is pointed at comes first.</summary>
    public static IReadOnlyList<IEntityType> InOrder(IModel model)
    {
        var left = model.GetEntityTypes().Where(e => e.ClrType.IsAssignableTo(typeof(ITenantOwned))).ToList();
        var order = new List<IEntityType>();
        while (left.Count > 0)
        {
            var next = left.First(entity =>
                !entity
                    .GetForeignKeys()
                    .Any(key => key.PrincipalEntityType != entity && left.Contains(key.PrincipalEntityType))
            );
            left.Remove(next);
            order.Add(next);
        }

        return order;
    }

    /// <summary>A tenant's rows of one table, tracked.</summary>
    public static Task<List<ITenantOwned>> RowsAsync(PortalDbContext db, IEntityType entity, Guid tenantId) =>
        (
            (IQueryable<ITenantOwned>)
                typeof(PortalDbContext)
                    .GetMethod(nameof(DbContext.Set), 1, [])!
                    .MakeGenericMethod(entity.ClrType)
                    .Invoke(db, [])!
        )
            .Where(row => row.TenantId == tenantId)
            .ToListAsync();

    public static async Task<long> CountAsync(PortalDbContext db, IEntityType entity, Guid tenantId) =>
        long.Parse(
            (await RowsAsync(db, $"""SELECT COUNT(*) FROM "{entity.GetTableName()}" """, tenantId))[0][0],
            CultureInfo.InvariantCulture
        );

    private static async Task<List<string[]>> RowsAsync(PortalDbContext db, string select, Guid tenantId)
    {
        await db.Database.OpenConnectionAsync();
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.Transaction = db.Database.CurrentTransaction?.GetDbTransaction();
#pragma warning disable CA2100 // Names out of the model.
        command.CommandText = $"{select} WHERE \"TenantId\" = @tenant";
#pragma warning restore CA2100
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = ("tenant", tenantId);
        command.Parameters.Add(parameter);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string[]>();
        while (await reader.ReadAsync())
        {
            rows.Add([
                .. Enumerable
                    .Range(0, reader.FieldCount)
                    .Select(i =>
                        reader.GetValue(i) is byte[] bytes
                            ? Convert.ToHexString(bytes)
                            : Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture)!
                    ),
            ]);
        }

        return rows;
    }
}
