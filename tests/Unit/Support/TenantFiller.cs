using System.Globalization;
using System.Runtime.CompilerServices;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace UnitTests.Support;

/// <summary>Rows for a tenant in every table, out of the model.</summary>
public static class TenantFiller
{
    /// <summary>Puts rows into every table of tenants that has none of this tenant's yet.</summary>
    public static Task FillAsync(this TestDatabase database, TestTenant tenant, int rows = 3) =>
        database.Db.WriteAsync(
            TenantScope.Installation,
            async (db, token) =>
            {
                var filler = new Filler(database, tenant);
                foreach (var entity in TenantTables.InOrder(db.Model))
                {
                    if (await TenantTables.CountAsync(db, entity, tenant.Id) > 0)
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

    private sealed class Filler(TestDatabase database, TestTenant tenant)
    {
        private readonly Dictionary<string, List<object>> _made = new(StringComparer.Ordinal);
        private int _texts;

        /// <summary>Rows that are there already are pointed to as well.</summary>
        public async Task TakeAsync(PortalDbContext db, IEntityType entity)
        {
            _made[entity.Name] = [.. (await TenantTables.RowsAsync(db, entity, tenant.Id)).Take(3)];
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
