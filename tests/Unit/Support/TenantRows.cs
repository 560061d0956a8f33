using System.Globalization;
using System.Runtime.CompilerServices;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace UnitTests.Support;

/// <summary>All that tenants have in a database, out of the model: whatever table there is, or comes.</summary>
public static class TenantRows
{
    /// <summary>Puts rows into every table of tenants that has none of this tenant's yet.</summary>
    public static Task FillAsync(this TestDatabase database, TestTenant tenant, int rows = 3) =>
        database.Db.WriteAsync(
            TenantScope.Installation,
            async (db, token) =>
            {
                var filler = new Filler(database, tenant);
                foreach (var entity in InOrder(db.Model))
                {
                    if (await CountAsync(db, entity, tenant.Id) > 0)
                    {
                        await filler.TakeAsync(db, entity);
                        continue;
                    }

                    for (var i = 0; i < rows; i++)
                    {
                        filler.Add(db, entity, i);
                    }

                    await db.SaveChangesAsync(token);
                }
            },
            CancellationToken.None
        );

    /// <summary>How many rows of the tenant each table has.</summary>
    public static async Task<IReadOnlyDictionary<string, long>> CountRowsAsync(
        this TestDatabase database,
        Guid tenantId
    )
    {
        await using var db = database.Db.Read(TenantScope.Installation);
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var entity in InOrder(db.Model))
        {
            counts[entity.GetTableName()!] = await CountAsync(db, entity, tenantId);
        }

        return counts;
    }

    /// <summary>Every row of the tenant, every column, as text.</summary>
    public static async Task<IReadOnlyList<string>> DumpAsync(this TestDatabase database, Guid tenantId)
    {
        await using var db = database.Db.Read(TenantScope.Installation);
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

    /// <summary>Tables of tenants; who is pointed at comes first.</summary>
    private static List<IEntityType> InOrder(IModel model)
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

    private static async Task<long> CountAsync(PortalDbContext db, IEntityType entity, Guid tenantId) =>
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

    private sealed class Filler(TestDatabase database, TestTenant tenant)
    {
        private readonly Dictionary<string, List<object>> _made = new(StringComparer.Ordinal);
        private int _texts;

        /// <summary>Rows that are there already are pointed to as well.</summary>
        public async Task TakeAsync(PortalDbContext db, IEntityType entity)
        {
            var rows =
                (IQueryable<ITenantOwned>)
                    typeof(PortalDbContext)
                        .GetMethod(nameof(DbContext.Set), 1, [])!
                        .MakeGenericMethod(entity.ClrType)
                        .Invoke(db, [])!;
            _made[entity.Name] = [.. await rows.Where(row => row.TenantId == tenant.Id).Take(3).ToListAsync()];
        }

        public void Add(PortalDbContext db, IEntityType entity, int place)
        {
            var row = RuntimeHelpers.GetUninitializedObject(entity.ClrType);
            var entry = db.Entry(row);
            foreach (var property in entity.GetProperties())
            {
                entry.Property(property.Name).CurrentValue = ValueOf(entity, property, place);
            }

            if (row is OwnAccount own)
            {
                // An account is one tenant's, and of a tenant's one holds.
                entry.Property(nameof(own.AccountId)).CurrentValue = AddAccount(db);
                own.IsCurrent = place == 0;
            }

            entry.State = EntityState.Added;
            if (!_made.TryGetValue(entity.Name, out var rows))
            {
                _made[entity.Name] = rows = [];
            }

            rows.Add(row);
        }

        private Guid AddAccount(PortalDbContext db)
        {
            var account = new ProviderAccount
            {
                Id = database.Ids.New(),
                OwnerId = tenant.Id,
                BaseUrl = "http://provider.test",
                KeyFingerprint = "own",
                CreatedAt = database.Time.GetUtcNow(),
            };
            db.ProviderAccounts.Add(account);
            return account.Id;
        }

        private object? ValueOf(IEntityType entity, IProperty property, int place)
        {
            if (property.Name == nameof(ITenantOwned.TenantId))
            {
                return tenant.Id;
            }

            if (property.GetContainingForeignKeys().FirstOrDefault(key => key.Properties[^1] == property) is { } last)
            {
                return Pointed(last, last.Properties.Count - 1, place);
            }

            if (property.GetContainingForeignKeys().FirstOrDefault() is { } key1)
            {
                return Pointed(key1, key1.Properties.ToList().IndexOf(property), place);
            }

            var type = Nullable.GetUnderlyingType(property.ClrType) ?? property.ClrType;
            return type switch
            {
                _ when type == typeof(Guid) => database.Ids.New(),
                _ when type == typeof(string) => Text(property),
                _ when type == typeof(int) => place + 1,
                _ when type == typeof(long) => (long)place + 1,
                _ when type == typeof(bool) => true,
                _ when type == typeof(DateTimeOffset) => database.Time.GetUtcNow(),
                _ when type == typeof(byte[]) => new byte[] { 1, 2, (byte)place },
                _ when type.IsEnum => Enum.GetValues(type).GetValue(0),
                _ => throw new InvalidOperationException($"{entity.Name}.{property.Name} has a type without a value."),
            };
        }

        private object? Pointed(IForeignKey key, int index, int place)
        {
            var principal = key.PrincipalEntityType;
            if (principal.ClrType == typeof(Tenant))
            {
                return tenant.Id;
            }

            if (principal.ClrType == typeof(ProviderAccount))
            {
                return database.AccountId;
            }

            if (principal.ClrType == typeof(PortalUser))
            {
                return tenant.People.Values.ElementAt(place);
            }

            if (principal.ClrType == typeof(SendingDomain))
            {
                return index == 0 ? tenant.Id : tenant.DomainId;
            }

            var rows = _made[principal.Name];
            var row = rows[place % rows.Count];
            return key.PrincipalKey.Properties[index].PropertyInfo!.GetValue(row);
        }

        private string Text(IProperty property)
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"{tenant.Slug}-{_texts++}");
            return property.GetMaxLength() is { } most && text.Length > most ? text[^most..] : text;
        }
    }
}
