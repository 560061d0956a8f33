using System.Data.Common;
using Ledgerpost.Data;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Bench;

/// <summary>One portal's empty database and its folder, on either kind; gone when disposed.</summary>
internal sealed class Store : IAsyncDisposable
{
    private readonly PostgreSqlServer? _server;

    private Store(string folder, PostgreSqlServer? server, string connectionString)
    {
        Folder = folder;
        _server = server;
        ConnectionString = connectionString;
    }

    /// <summary>Also for logs and the stand-in's files.</summary>
    public string Folder { get; }

    public string ConnectionString { get; }

    public DatabaseProvider Provider => _server is null ? DatabaseProvider.Sqlite : DatabaseProvider.PostgreSql;

    public string Name => NameOf(Provider);

    public static string NameOf(DatabaseProvider provider) =>
        provider == DatabaseProvider.Sqlite ? "SQLite" : "PostgreSQL";

    /// <param name="server">Null for SQLite.</param>
    public static async Task<Store> CreateAsync(PostgreSqlServer? server)
    {
        var folder = Directory.CreateTempSubdirectory("ledgerpost-bench-").FullName;
        Directory.CreateDirectory(DataFolder(folder, 1));
        var connectionString = server is null
            ? $"Data Source={Path.Combine(DataFolder(folder, 1), "portal.db")}"
            : await server.CreateAsync();
        return new Store(folder, server, connectionString);
    }

    public string DataFolder(int instance) => DataFolder(Folder, instance);

    /// <summary>Past the product, as durable as the product's own connections.</summary>
    public async Task<DbConnection> OpenAsync()
    {
        if (_server is not null)
        {
            var server = new NpgsqlConnection(PostgreSqlServer.AsAdministrator(ConnectionString));
            await server.OpenAsync();
            return server;
        }

        var file = new SqliteConnection(ConnectionString + ";Pooling=False");
        await file.OpenAsync();
        await file.ExecuteAsync("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;");
        return file;
    }

    public async ValueTask DisposeAsync()
    {
        SqliteConnection.ClearAllPools();
        if (_server is not null)
        {
            await _server.DropAsync(ConnectionString);
        }

        Directory.Delete(Folder, recursive: true);
    }

    private static string DataFolder(string folder, int instance) => Path.Combine(folder, $"data{instance}");
}

/// <summary>The same on both databases: parameters are @name.</summary>
internal static class Sql
{
    public static DbCommand Command(this DbConnection connection, string text, params (string, object)[] values)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Texts of this project.
        command.CommandText = text;
#pragma warning restore CA2100
        command.CommandTimeout = 0;
        foreach (var (name, value) in values)
        {
            command.Add(name, value);
        }

        return command;
    }

    public static DbParameter Add(this DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = (name, value);
        command.Parameters.Add(parameter);
        return parameter;
    }

    public static async Task<int> ExecuteAsync(
        this DbConnection connection,
        string text,
        params (string, object)[] values
    )
    {
        await using var command = connection.Command(text, values);
        return await command.ExecuteNonQueryAsync();
    }
}
