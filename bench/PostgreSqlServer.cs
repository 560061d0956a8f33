using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Bench;

/// <summary>A throw-away server that is as durable as one that is kept: .ci/postgresql start durable.</summary>
internal sealed class PostgreSqlServer : IAsyncDisposable
{
    private static readonly string[] Settings =
    [
        "server_version",
        "fsync",
        "synchronous_commit",
        "full_page_writes",
        "autovacuum",
        "shared_buffers",
        "max_wal_size",
    ];

    private readonly string _folder;
    private readonly string _connectionString;
    private int _last;

    private PostgreSqlServer(string folder, string connectionString)
    {
        _folder = folder;
        _connectionString = connectionString;
    }

    public static async Task<PostgreSqlServer> StartAsync()
    {
        var output = Path.GetTempFileName();
        try
        {
            // Into a file: the server that the script starts would keep a pipe open.
            await ScriptAsync($"start durable > '{output}'");
            var lines = await File.ReadAllLinesAsync(output);
            return new PostgreSqlServer(lines[0], lines[1]);
        }
        finally
        {
            File.Delete(output);
        }
    }

    /// <summary>Who may do everything, whom no row security holds back.</summary>
    public static string AsAdministrator(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Username = "administrator" }.ToString();

    /// <summary>An empty database of the portal's own login.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"bench_{++_last}");
        await ExecuteAsync($"CREATE DATABASE {name}");
        return new NpgsqlConnectionStringBuilder(_connectionString) { Database = name, MaxPoolSize = 50 }.ToString();
    }

    public async Task DropAsync(string connectionString)
    {
        NpgsqlConnection.ClearAllPools();
        await ExecuteAsync(
            $"DROP DATABASE {new NpgsqlConnectionStringBuilder(connectionString).Database} WITH (FORCE)"
        );
    }

    /// <summary>What it ran with, as it says itself.</summary>
    public async Task<string> DescribeAsync()
    {
        var all = new List<string>();
        foreach (var name in Settings)
        {
            all.Add($"{name} {await ExecuteAsync($"SHOW {name}")}");
        }

        return string.Join(", ", all);
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await ScriptAsync($"stop '{_folder}'");
    }

    private async Task<object?> ExecuteAsync(string sql)
    {
        var settings = new NpgsqlConnectionStringBuilder(_connectionString) { Pooling = false };
        await using var connection = new NpgsqlConnection(settings.ToString());
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Texts of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync();
    }

    private static async Task ScriptAsync(string arguments)
    {
        var script = Path.Combine(ChildProcess.Root(), ".ci", "postgresql");
        using var process = Process.Start("bash", ["-c", $"'{script}' {arguments}"]);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($".ci/postgresql {arguments} failed with {process.ExitCode}.");
        }
    }
}
