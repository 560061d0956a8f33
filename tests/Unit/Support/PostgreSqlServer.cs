using Ledgerpost.Data;
using Npgsql;

namespace UnitTests.Support;

/// <summary>
/// The server that the environment names, for the same tests on the other database: LEDGERPOST_TEST_DATABASE=PostgreSql and
/// LEDGERPOST_TEST_POSTGRESQL, a connection string of a login that may make databases and roles. <c>./test.sh</c> sets both.
/// </summary>
public static class PostgreSqlServer
{
    private static readonly string Prefix = $"ledgerpost_{Environment.ProcessId}";
    private static readonly SemaphoreSlim OneAtATime = new(1, 1);
    private static Task? _template;
    private static int _last;

    /// <summary>Whether the tests of this run are on PostgreSQL.</summary>
    public static bool IsChosen { get; } =
        string.Equals(
            Environment.GetEnvironmentVariable("LEDGERPOST_TEST_DATABASE"),
            nameof(DatabaseProvider.PostgreSql),
            StringComparison.OrdinalIgnoreCase
        );

    public static string Administration { get; } =
        Environment.GetEnvironmentVariable("LEDGERPOST_TEST_POSTGRESQL") ?? "";

    /// <summary>A migrated database of the caller's own.</summary>
    /// <param name="migrated">False for an empty one.</param>
    /// <returns>Its connection string.</returns>
    public static async Task<string> CreateAsync(bool migrated = true)
    {
        var name = $"{Prefix}_{Interlocked.Increment(ref _last)}";
        await OneAtATime.WaitAsync();
        try
        {
            await (_template ??= MakeTemplateAsync());
            await ExecuteAsync(migrated ? $"CREATE DATABASE {name} TEMPLATE {Prefix}" : $"CREATE DATABASE {name}");
        }
        finally
        {
            OneAtATime.Release();
        }

        return ConnectionString(name);
    }

    /// <summary>The server is thrown away anyway: what cannot be dropped now, because it is being vacuumed, stays.</summary>
    public static async Task DropAsync(string connectionString)
    {
        var name = new NpgsqlConnectionStringBuilder(connectionString).Database;
        try
        {
            await ExecuteAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        }
        catch (PostgresException busy)
            when (busy.SqlState is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.ObjectInUse)
        {
            // See above.
        }
    }

    private static string ConnectionString(string database) =>
        new NpgsqlConnectionStringBuilder(Administration) { Database = database, MaxPoolSize = 20 }.ToString();

    private static async Task MakeTemplateAsync()
    {
        await ExecuteAsync($"CREATE DATABASE {Prefix}");
        var db = new PortalDb(
            ConnectionString(Prefix),
            TimeProvider.System,
            new SeededIds(),
            TestDatabase.AuditKeys,
            provider: DatabaseProvider.PostgreSql
        );
        await db.MigrateAsync(CancellationToken.None);
        await db.DisposeAsync();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => ExecuteAsync($"DROP DATABASE IF EXISTS {Prefix}").Wait(5000);
    }

    private static async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Administration);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>A test of what only SQLite has: the gate, its file, its log.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SqliteFactAttribute : FactAttribute
{
    public SqliteFactAttribute()
    {
        if (PostgreSqlServer.IsChosen)
        {
            Skip = "About SQLite alone.";
        }
    }
}

/// <summary>A test of what only PostgreSQL has, or that needs several instances on one database.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgreSqlFactAttribute : FactAttribute
{
    public PostgreSqlFactAttribute()
    {
        if (!PostgreSqlServer.IsChosen)
        {
            Skip = "About PostgreSQL alone.";
        }
    }
}

/// <inheritdoc cref="PostgreSqlFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgreSqlTheoryAttribute : TheoryAttribute
{
    public PostgreSqlTheoryAttribute()
    {
        if (!PostgreSqlServer.IsChosen)
        {
            Skip = "About PostgreSQL alone.";
        }
    }
}
