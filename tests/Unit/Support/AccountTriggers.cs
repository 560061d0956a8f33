using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace UnitTests.Support;

/// <summary>
/// What lets a row name no account of another tenant's, and no account change its owner: taken away, as whoever owns the tables
/// may, so that what stands behind it is seen.
/// </summary>
internal static class AccountTriggers
{
    private const string OfSqlite = """
        DROP TRIGGER "SendingDomains_account_inserted"; DROP TRIGGER "SendingDomains_account_updated";
        DROP TRIGGER "SendingDomains_left_account_inserted"; DROP TRIGGER "SendingDomains_left_account_updated";
        DROP TRIGGER "OwnAccounts_account_inserted"; DROP TRIGGER "OwnAccounts_account_updated";
        DROP TRIGGER "Runs_account_inserted"; DROP TRIGGER "Runs_account_updated";
        DROP TRIGGER "Chunks_account_inserted"; DROP TRIGGER "Chunks_account_updated";
        DROP TRIGGER "WebhookMessages_account_inserted"; DROP TRIGGER "WebhookMessages_account_updated";
        DROP TRIGGER "ProviderAccounts_owner";
        """;

    private const string OfPostgreSql = """
        DO $$ DECLARE one record; BEGIN
            FOR one IN SELECT t.tgname, t.tgrelid::regclass AS place FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
                WHERE p.proname IN ('refuse_anothers_account', 'refuse_another_owner')
            LOOP EXECUTE format('DROP TRIGGER %I ON %s', one.tgname, one.place); END LOOP;
        END $$;
        """;

    private const string Forgotten =
        """DELETE FROM "__EFMigrationsHistory" WHERE "MigrationId" LIKE '%\_AccountWalls' ESCAPE '\';""";

    public static Task DropAsync(TestDatabase database) =>
        RunAsync(database, OfSqlite, "DROP FUNCTION refuse_anothers_account, refuse_another_owner CASCADE");

    /// <summary>As an older dump leaves it that was put back over a newer database: on PostgreSQL the functions are still there.</summary>
    public static Task TakeBackAsync(TestDatabase database) =>
        RunAsync(database, OfSqlite + Forgotten, OfPostgreSql + Forgotten);

    private static async Task RunAsync(TestDatabase database, string sqlite, string postgreSql)
    {
        if (PostgreSqlServer.IsChosen)
        {
            await using var connection = new NpgsqlConnection(database.ConnectionString);
            await connection.OpenAsync();
#pragma warning disable CA2100 // This class's own text.
            await using var command = new NpgsqlCommand(postgreSql, connection);
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync();
            return;
        }

        await database.Db.WriteAsync(
            TenantScope.Installation,
            (db, token) => db.Database.ExecuteSqlRawAsync(sqlite, token),
            CancellationToken.None
        );
    }
}
