using System.Data.Common;
using System.Globalization;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using UnitTests.Support;

namespace UnitTests.Isolation;

/// <summary>
/// SQL by hand, past every layer of the program: the keys of the tables themselves refuse a child of another tenant's parent, and
/// where the parent may be everybody's, a trigger beside the key does.
/// </summary>
public sealed class ForeignKeyTests
{
    /// <summary>Parents of which none is another tenant's: the tenant itself, and people, who belong to none.</summary>
    private static readonly Type[] NobodyElses = [typeof(Tenant), typeof(PortalUser)];

    [Fact]
    public async Task EveryForeignKey_IntoTenantData_RefusesAnothersParent_InInsertAndUpdate()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = await FillAsync(database);
        var before = await database.Db.DumpAsync(south.Id);
        var keys = Keys(database).Where(key => !NobodyElses.Contains(key.PrincipalEntityType.ClrType)).ToList();

        Assert.True(keys.Count >= 15, $"The model has only {keys.Count} keys.");
        await using var connection = await OpenAsync(database);
        var refused = new List<string>();
        foreach (var key in keys)
        {
            foreach (var sql in new[] { Update(key), Insert(key) })
            {
                Assert.True(await IsRefusedAsync(connection, sql, north.Id, south.Id), $"{key}: not refused: {sql}");
                refused.Add(sql);
            }
        }

        Assert.Equal(2 * keys.Count, refused.Count);
        Assert.Equal(before, await database.Db.DumpAsync(south.Id));
    }

    [Fact]
    public async Task Account_OfTheInstallation_OrTheTenantsOwn_IsTaken()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = await FillAsync(database);
        await using var connection = await OpenAsync(database);
        var tables = Keys(database)
            .Where(key => key.PrincipalEntityType.ClrType == typeof(ProviderAccount))
            .Select(key => key.DeclaringEntityType)
            .ToList();

        Assert.True(tables.Count >= 5, $"Only {tables.Count} tables name an account.");
        foreach (var table in tables)
        {
            // Its secrets hang on an own account's row, which stays at its own.
            string[] owners =
                table.ClrType == typeof(OwnAccount)
                    ? ["\"OwnerId\" = @north"]
                    : ["\"OwnerId\" = @north", "\"OwnerId\" IS NULL AND @north <> @south"];
            foreach (var owner in owners)
            {
                var sql =
                    $"UPDATE \"{table.GetTableName()}\" SET \"AccountId\" = (SELECT \"Id\" FROM \"ProviderAccounts\" WHERE {owner} LIMIT 1) WHERE \"TenantId\" = @north";
                Assert.False(await IsRefusedAsync(connection, sql, north.Id, south.Id), sql);
            }
        }
    }

    /// <summary>The account at which a domain was before is no key, and yet proves that a key opens it.</summary>
    [Theory]
    [InlineData("\"OwnerId\" = @south", true)]
    [InlineData("\"OwnerId\" = @north", false)]
    [InlineData("\"OwnerId\" IS NULL", false)]
    public async Task AccountThatADomainHasLeft_IsNoOtherTenants(string owner, bool refused)
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = await FillAsync(database);
        await using var connection = await OpenAsync(database);

        Assert.Equal(
            refused,
            await IsRefusedAsync(
                connection,
                $"UPDATE \"SendingDomains\" SET \"LeftAccountId\" = (SELECT \"Id\" FROM \"ProviderAccounts\" WHERE {owner} LIMIT 1) WHERE \"TenantId\" = @north AND @north <> @south",
                north.Id,
                south.Id
            )
        );
    }

    /// <summary>It comes in before anybody knows whose mail it is about; then it is the account's owner's, and nobody else's.</summary>
    [Fact]
    public async Task Event_OfAnOwnAccount_IsNobodys_AndThenItsOwnersAlone()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = await FillAsync(database);
        await using var connection = await OpenAsync(database);
        const string OfSouths = "(SELECT \"Id\" FROM \"ProviderAccounts\" WHERE \"OwnerId\" = @south LIMIT 1)";

        Assert.False(
            await IsRefusedAsync(
                connection,
                $"UPDATE \"WebhookMessages\" SET \"TenantId\" = '{Guid.Empty}', \"AccountId\" = {OfSouths} WHERE \"TenantId\" = @north",
                north.Id,
                south.Id
            )
        );
        Assert.True(
            await IsRefusedAsync(
                connection,
                $"UPDATE \"WebhookMessages\" SET \"TenantId\" = @north WHERE \"AccountId\" = {OfSouths}",
                north.Id,
                south.Id
            )
        );
        Assert.False(
            await IsRefusedAsync(
                connection,
                $"UPDATE \"WebhookMessages\" SET \"TenantId\" = @south WHERE \"AccountId\" = {OfSouths} AND \"TenantId\" <> @north",
                north.Id,
                south.Id
            )
        );
    }

    /// <summary>
    /// As an older version left it, or an older dump that was put back: events of own accounts are nobody's yet, there are no
    /// triggers, and on PostgreSQL their functions are still there.
    /// </summary>
    [Fact]
    public async Task Migration_OfAnOlderDatabase_GivesEventsToTheirOwner_AndBuildsTheWalls()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = await FillAsync(database);
        await using var connection = await OpenAsync(database);
        await AccountTriggers.TakeBackAsync(database);
        Assert.False(
            await IsRefusedAsync(
                connection,
                $"UPDATE \"WebhookMessages\" SET \"TenantId\" = '{Guid.Empty}', \"AccountId\" = (SELECT \"Id\" FROM \"ProviderAccounts\" WHERE \"OwnerId\" = @north LIMIT 1) WHERE \"TenantId\" = @north AND @north <> @south",
                north.Id,
                south.Id
            )
        );

        await database.Db.MigrateAsync(CancellationToken.None);

        Assert.True(
            await IsRefusedAsync(
                connection,
                "UPDATE \"WebhookMessages\" SET \"TenantId\" = @south WHERE \"TenantId\" = @north",
                north.Id,
                south.Id
            )
        );
    }

    /// <summary>Or rows that were right would be wrong, and nothing would look at them again.</summary>
    [Theory]
    [InlineData("SET \"OwnerId\" = @north WHERE \"OwnerId\" = @south")]
    [InlineData("SET \"OwnerId\" = NULL WHERE \"OwnerId\" IN (@north, @south)")]
    [InlineData("SET \"OwnerId\" = @north WHERE \"OwnerId\" IS NULL AND @north <> @south")]
    public async Task OwnerOfAnAccount_IsNeverAnother(string change)
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = await FillAsync(database);
        await using var connection = await OpenAsync(database);

        Assert.True(await IsRefusedAsync(connection, $"UPDATE \"ProviderAccounts\" {change}", north.Id, south.Id));
    }

    private static async Task<(TestTenant North, TestTenant South)> FillAsync(TestDatabase database)
    {
        var north = await database.AddTenantAsync("north");
        var south = await database.AddTenantAsync("south");
        await CanaryRows.AddAsync(database.Db, north.Id, "north-canary");
        await CanaryRows.AddAsync(database.Db, south.Id, "south-canary");
        return (north, south);
    }

    private static List<IForeignKey> Keys(TestDatabase database)
    {
        using var db = database.Db.Read(TenantScope.Installation);
        return [.. TenantTables.InOrder(db.Model).SelectMany(table => table.GetForeignKeys())];
    }

    // As the owner of the tables, whom no row-level security and no trigger of EF Core's stands before.
    private static async Task<DbConnection> OpenAsync(TestDatabase database)
    {
        DbConnection connection = PostgreSqlServer.IsChosen
            ? new Npgsql.NpgsqlConnection(database.ConnectionString)
            : new Microsoft.Data.Sqlite.SqliteConnection(database.ConnectionString + ";Foreign Keys=True");
        await connection.OpenAsync();
        if (PostgreSqlServer.IsChosen)
        {
            await using var role = connection.CreateCommand();
            role.CommandText = "SET ROLE ledgerpost_installation";
            await role.ExecuteNonQueryAsync();
        }

        return connection;
    }

    private static async Task<bool> IsRefusedAsync(DbConnection connection, string sql, Guid north, Guid south)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        Add(command, "north", north);
        Add(command, "south", south);
        try
        {
            var touched = await command.ExecuteNonQueryAsync();
            // Some keys are looked at when the transaction ends.
            await transaction.CommitAsync();
            Assert.True(touched > 0, "Nothing was there to change: " + sql);
            return false;
        }
        catch (DbException refused)
        {
            return refused switch
            {
                Npgsql.PostgresException { SqlState: "23503" } => true,
                // Of a key, and of a trigger.
                Microsoft.Data.Sqlite.SqliteException { SqliteExtendedErrorCode: 787 or 1811 } => true,
                _ => throw new InvalidOperationException(sql, refused),
            };
        }
    }

    private static void Add(DbCommand command, string name, Guid value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = command is Npgsql.NpgsqlCommand ? value : value.ToString().ToUpperInvariant();
        command.Parameters.Add(parameter);
    }

    /// <summary>North's row gets the id of South's parent.</summary>
    private static string Update(IForeignKey key)
    {
        var table = key.DeclaringEntityType.GetTableName();
        var sets = Pairs(key).Select(pair => $"\"{pair.Column}\" = {FromSouth(key, pair.Of)}");
        return $"UPDATE \"{table}\" SET {string.Join(", ", sets)} WHERE \"TenantId\" = @north";
    }

    /// <summary>A copy of North's row under another key, with the id of South's parent.</summary>
    private static string Insert(IForeignKey key)
    {
        var type = key.DeclaringEntityType;
        var table = StoreObjectIdentifier.Table(type.GetTableName()!, type.GetSchema());
        var foreign = Pairs(key)
            .ToDictionary(pair => pair.Column, pair => FromSouth(key, pair.Of), StringComparer.Ordinal);
        var unique = type.FindPrimaryKey()!
            .Properties.Concat(type.GetIndexes().Where(index => index.IsUnique).SelectMany(index => index.Properties))
            .ToHashSet();
        var columns = type.GetProperties()
            .Select(column => (Property: column, Name: column.GetColumnName(table)!))
            .ToList();
        var values = columns.Select(column =>
            foreign.TryGetValue(column.Name, out var value) ? value
            : column.Property.Name == nameof(ITenantOwned.TenantId) || !unique.Contains(column.Property)
                ? $"\"{column.Name}\""
            : Another(column.Property, column.Name)
        );
        return string.Create(
            CultureInfo.InvariantCulture,
            $"INSERT INTO \"{type.GetTableName()}\" ({string.Join(", ", columns.Select(column => $"\"{column.Name}\""))}) SELECT {string.Join(", ", values)} FROM \"{type.GetTableName()}\" WHERE \"TenantId\" = @north LIMIT 1"
        );
    }

    // Only of the child's own key; a key that is another parent's too stays what it is.
    private static string Another(IProperty column, string name)
    {
        var type = Nullable.GetUnderlyingType(column.ClrType) ?? column.ClrType;
        return column.IsForeignKey() ? $"\"{name}\""
            : type == typeof(Guid) ? (PostgreSqlServer.IsChosen ? "gen_random_uuid()" : "upper(hex(randomblob(16)))")
            : type == typeof(string) ? $"'another'"
            : type == typeof(int) || type == typeof(long) ? $"\"{name}\" + 1"
            : $"\"{name}\"";
    }

    private static IEnumerable<(string Column, string Of)> Pairs(IForeignKey key)
    {
        var child = StoreObjectIdentifier.Table(
            key.DeclaringEntityType.GetTableName()!,
            key.DeclaringEntityType.GetSchema()
        );
        var parent = StoreObjectIdentifier.Table(
            key.PrincipalEntityType.GetTableName()!,
            key.PrincipalEntityType.GetSchema()
        );
        return key
            .Properties.Zip(key.PrincipalKey.Properties)
            .Where(pair => pair.First.Name != nameof(ITenantOwned.TenantId))
            .Select(pair => (pair.First.GetColumnName(child)!, pair.Second.GetColumnName(parent)!));
    }

    private static string FromSouth(IForeignKey key, string column)
    {
        var parent = key.PrincipalEntityType;
        var owner = parent.ClrType == typeof(ProviderAccount) ? "OwnerId" : "TenantId";
        return $"(SELECT \"{column}\" FROM \"{parent.GetTableName()}\" WHERE \"{owner}\" = @south LIMIT 1)";
    }
}
