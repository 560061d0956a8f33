using Ledgerpost.Data;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Support;

/// <summary>
/// A migrated file, made once in a run, of which each test has a copy: to migrate one took longer than most tests. PostgreSQL
/// does the same by itself (<see cref="PostgreSqlServer.CreateAsync"/>).
/// </summary>
public static class SqliteTemplate
{
    private static readonly Lazy<Task<byte[]>> Migrated = new(MakeAsync);

    public static async Task CopyToAsync(string file) => await File.WriteAllBytesAsync(file, await Migrated.Value);

    /// <summary>The whole database as one file, what is still in its log included.</summary>
    public static async Task<byte[]> ReadAsync(string connectionString)
    {
        var copy = Path.Combine(Path.GetTempPath(), $"ledgerpost-copy-{Path.GetRandomFileName()}");
        await using (var connection = new SqliteConnection(connectionString))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "VACUUM INTO @copy";
            command.Parameters.AddWithValue("@copy", copy);
            await command.ExecuteNonQueryAsync();
        }

        var bytes = await File.ReadAllBytesAsync(copy);
        File.Delete(copy);
        return bytes;
    }

    /// <summary>What the engine opens its readers with, as it says itself: the name of their pool.</summary>
    public static string ReadersOf(PortalDb db)
    {
        using var context = db.Read(TenantScope.None);
        return context.Database.GetDbConnection().ConnectionString;
    }

    /// <summary>Of this file alone: what other tests count on their connections goes on being counted.</summary>
    /// <param name="readers"><see cref="ReadersOf"/>.</param>
    public static void ClearReaders(string readers)
    {
        using var pooled = new SqliteConnection(readers);
        SqliteConnection.ClearPool(pooled);
    }

    private static async Task<byte[]> MakeAsync()
    {
        var folder = Directory.CreateTempSubdirectory("ledgerpost-template-").FullName;
        var connectionString = $"Data Source={Path.Combine(folder, "portal.db")}";
        await using (
            var db = new PortalDb(connectionString, TimeProvider.System, new SeededIds(), TestDatabase.AuditKeys)
        )
        {
            await db.MigrateAsync(CancellationToken.None);
        }

        var bytes = await ReadAsync(connectionString);
        Directory.Delete(folder, recursive: true);
        return bytes;
    }
}
