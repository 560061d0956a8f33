using Ledgerpost.Data;
using Ledgerpost.Data.PostgreSql;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using UnitTests.Support;

namespace UnitTests.Data;

/// <summary>The wall between tenants as PostgreSQL itself keeps it, against SQL that no filter has touched.</summary>
public sealed class RowSecurityTests
{
    private const string IsTheTenants =
        $"\"TenantId\" = nullif(current_setting('{RowSecurity.Setting}', true), '')::uuid";

    /// <summary>Whose the policy is, and both its clauses, as the portal makes it.</summary>
    private const string Tenants = $"TO {RowSecurity.TenantRole} USING ({IsTheTenants}) WITH CHECK ({IsTheTenants})";

    [PostgreSqlFact]
    public async Task SqlWithoutAFilter_InATenantsTransaction_ReadsAndWritesNothingOfAnother()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        await database.AddContactsAsync(north, 3);
        await database.AddContactsAsync(south, 2);

        var (seen, changed, deleted) = await database.Db.WriteAsync(
            south.Scope,
            async (db, token) =>
                (
                    await db
                        .Database.SqlQuery<long>($"""SELECT count(*) AS "Value" FROM "Contacts" """)
                        .SingleAsync(token),
                    await db.Database.ExecuteSqlAsync($"""UPDATE "Contacts" SET "FirstName" = 'X'""", token),
                    await db.Database.ExecuteSqlAsync($"""DELETE FROM "SenderIdentities" """, token)
                ),
            CancellationToken.None
        );

        Assert.Equal((2, 2, 1), (seen, changed, deleted));
        await using var ours = database.Db.Read(north.Scope);
        Assert.Equal(0, await ours.Contacts.CountAsync(contact => contact.FirstName == "X"));
        Assert.Equal(1, await ours.SenderIdentities.CountAsync());
    }

    [PostgreSqlFact]
    public async Task Sql_ThatInsertsForAnotherTenant_IsRefused()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var id = database.Ids.New();

        var refused = await Assert.ThrowsAnyAsync<Exception>(() =>
            database.Db.WriteAsync(
                south.Scope,
                (db, token) =>
                    db.Database.ExecuteSqlAsync(
                        $"""
                        INSERT INTO "SuppressedAddresses" ("TenantId", "Id", "NormalizedEmail", "Reason", "CreatedAt")
                        VALUES ({north.Id}, {id}, 'a@example.net', 'Manual', 0)
                        """,
                        token
                    ),
                CancellationToken.None
            )
        );

        Assert.Contains("row-level security", refused.ToString(), StringComparison.Ordinal);
    }

    [PostgreSqlFact]
    public async Task Read_WithoutATenant_SeesNothing_AndWithOne_OnlyItsOwn()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        await database.AddContactsAsync(north, 3);

        Assert.Equal(0, await CountAsync(TenantScope.None));
        Assert.Equal(0, await CountAsync(south.Scope));
        Assert.Equal(3, await CountAsync(north.Scope));
        // The pool hands the same connection to the next: nothing of the one before is left.
        Assert.Equal(0, await CountAsync(TenantScope.None));
        Assert.Equal(3, await CountAsync(TenantScope.Installation));

        async Task<long> CountAsync(TenantScope scope)
        {
            await using var db = database.Db.Read(scope);
            return await db.Database.SqlQuery<long>($"""SELECT count(*) AS "Value" FROM "Contacts" """).SingleAsync();
        }
    }

    [PostgreSqlFact]
    public async Task EveryTableOfTenants_HasItsPolicies_ForcedUponItsOwnerToo()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var db = database.Db.Read(TenantScope.None);
        var tables = db
            .Model.GetEntityTypes()
            .Where(entity => entity.ClrType.IsAssignableTo(typeof(ITenantOwned)))
            .Select(entity => entity.GetTableName()!)
            .Order(StringComparer.Ordinal);

        var walled = await RowsAsync(
            database,
            """
            SELECT c.relname FROM pg_class c
            WHERE c.relrowsecurity AND c.relforcerowsecurity AND (
                SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*' AND p.polwithcheck IS NOT NULL) = 2
            """
        );
        // Its owner, without a role: nothing.
        await database.AddTenantAsync("north");
        var asOwner = await RowsAsync(database, """SELECT "Id"::text FROM "SenderIdentities" """);

        Assert.Equal(tables, walled.Order(StringComparer.Ordinal));
        Assert.Empty(asOwner);
    }

    [PostgreSqlFact]
    public async Task KeysOfTheInstallation_CannotBeReadInATenantsName_NorInNobodys()
    {
        await using var database = await TestDatabase.CreateAsync();
        var north = await database.AddTenantAsync("north");

        foreach (var table in RowSecurity.NotInATenantsName)
        {
            Assert.Equal("0", await CountAsync(TenantScope.Installation, table));
            foreach (var scope in new[] { north.Scope, TenantScope.None })
            {
                var refused = await Assert.ThrowsAsync<PostgresException>(() => CountAsync(scope, table));
                Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
            }
        }

        // What an earlier version gave is taken back.
        await RowsAsync(database, $"""GRANT SELECT ON "DataProtectionKeys" TO {RowSecurity.TenantRole}""");
        await database.Db.MigrateAsync(CancellationToken.None);
        await Assert.ThrowsAsync<PostgresException>(() => CountAsync(TenantScope.None, "DataProtectionKeys"));

        async Task<string> CountAsync(TenantScope scope, string table)
        {
            await using var db = database.Db.Read(scope);
            await db.Database.OpenConnectionAsync();
            await using var command = db.Database.GetDbConnection().CreateCommand();
            command.CommandText = $"""SELECT count(*)::text FROM "{table}" """;
            return (string)(await command.ExecuteScalarAsync())!;
        }
    }

    [PostgreSqlFact]
    public async Task RolesOfTenantsAndOfTheInstallation_OwnNothing_AndBypassNoWall()
    {
        await using var database = await TestDatabase.CreateAsync();

        var owned = await RowsAsync(
            database,
            $"""
            SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
            WHERE r.rolname IN ('{RowSecurity.TenantRole}', '{RowSecurity.InstallationRole}')
            """
        );
        var mighty = await RowsAsync(
            database,
            $"""
            SELECT rolname FROM pg_roles
            WHERE rolname IN ('{RowSecurity.TenantRole}', '{RowSecurity.InstallationRole}')
                AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolcanlogin)
            """
        );

        Assert.Empty(owned);
        Assert.Empty(mighty);
    }

    [PostgreSqlFact]
    public async Task Start_WithARoleThatMayBypassTheWall_IsRefused()
    {
        await using var database = await TestDatabase.CreateAsync();

        await RowsAsync(database, $"""ALTER TABLE "Contacts" OWNER TO {RowSecurity.TenantRole}""", mayCreate: true);
        var refused = await Assert.ThrowsAsync<DatabaseUnsafeException>(() =>
            database.Db.MigrateAsync(CancellationToken.None)
        );
        Assert.Contains(RowSecurity.TenantRole, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>As a table has it that a migration has just made: nobody has to be asked, and it stands before anybody is let in.</summary>
    [PostgreSqlTheory]
    [InlineData("""ALTER TABLE "Contacts" DISABLE ROW LEVEL SECURITY""")]
    [InlineData("""ALTER TABLE "Contacts" NO FORCE ROW LEVEL SECURITY""")]
    [InlineData("""DROP POLICY tenant ON "Contacts" """)]
    [InlineData("""DROP POLICY installation ON "Contacts" """)]
    public async Task Start_WithATableWhoseWallIsNotThere_PutsItBack(string change)
    {
        const string Wall = """
            SELECT concat_ws(' ', c.relrowsecurity, c.relforcerowsecurity,
                (SELECT string_agg(p.polname::text, ' ' ORDER BY p.polname) FROM pg_policy p WHERE p.polrelid = c.oid))
            FROM pg_class c WHERE c.oid = '"Contacts"'::regclass
            """;
        await using var database = await TestDatabase.CreateAsync();
        await RowsAsync(database, change);
        Assert.NotEqual("t t installation tenant", Assert.Single(await RowsAsync(database, Wall)));

        await database.Db.MigrateAsync(CancellationToken.None);

        Assert.Equal("t t installation tenant", Assert.Single(await RowsAsync(database, Wall)));
    }

    /// <summary>One thing is another in each: the clause of what is read, and of what is written; whose it is; for which command; its kind.</summary>
    /// <param name="policy">What has to be dropped for a start.</param>
    [PostgreSqlTheory]
    [InlineData("tenant", """ALTER POLICY tenant ON "Contacts" USING (true)""")]
    [InlineData("tenant", """ALTER POLICY tenant ON "Contacts" WITH CHECK (true)""")]
    [InlineData("tenant", """ALTER POLICY tenant ON "Contacts" TO public""")]
    [InlineData(
        "tenant",
        $"""DROP POLICY tenant ON "Contacts"; CREATE POLICY tenant ON "Contacts" FOR UPDATE {Tenants}"""
    )]
    [InlineData(
        "tenant",
        $"""DROP POLICY tenant ON "Contacts"; CREATE POLICY tenant ON "Contacts" AS RESTRICTIVE {Tenants}"""
    )]
    [InlineData("renamed", """ALTER POLICY tenant ON "Contacts" RENAME TO renamed""")]
    [InlineData("installation", """ALTER POLICY installation ON "Contacts" USING (true)""")]
    [InlineData("installation", """ALTER POLICY installation ON "Contacts" WITH CHECK (true)""")]
    [InlineData("installation", """ALTER POLICY installation ON "Contacts" TO public""")]
    [InlineData("other", """CREATE POLICY other ON "Contacts" USING (true)""")]
    public async Task Start_WithAPolicyThatSaysSomethingElse_IsRefused_UntilItIsDropped(string policy, string change)
    {
        await using var database = await TestDatabase.CreateAsync();
        await RowsAsync(database, change);

        var refused = await Assert.ThrowsAsync<DatabaseUnsafeException>(() =>
            database.Db.MigrateAsync(CancellationToken.None)
        );

        Assert.StartsWith("The table Contacts has no row-level", refused.Message, StringComparison.Ordinal);
        await RowsAsync(database, $"""DROP POLICY {policy} ON "Contacts" """);
        await database.Db.MigrateAsync(CancellationToken.None);
    }

    [Theory]
    [InlineData("No Reset On Close=true")]
    [InlineData("Multiplexing=true")]
    public void ConnectionString_ThatKeepsARoleForTheNext_IsRefused(string setting) =>
        Assert.Throws<DatabaseUnsafeException>(() =>
            new PortalDb(
                $"Host=nowhere.test;Database=x;{setting}",
                TimeProvider.System,
                new SeededIds(),
                TestDatabase.AuditKeys,
                provider: DatabaseProvider.PostgreSql
            )
        );

    /// <summary>As the login of the connection string, which owns the tables.</summary>
    private static async Task<List<string>> RowsAsync(TestDatabase database, string sql, bool mayCreate = false)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        if (mayCreate)
        {
            await using var grant = new NpgsqlCommand(
                $"GRANT CREATE ON SCHEMA public TO {RowSecurity.TenantRole}",
                connection
            );
            await grant.ExecuteNonQueryAsync();
        }

        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }
}
