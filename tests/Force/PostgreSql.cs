using System.Diagnostics;
using System.Globalization;
using Bench;
using Npgsql;

namespace Force;

/// <summary>A throw-away server of its own, so that restarting it disturbs nobody else.</summary>
internal sealed class PostgreSql : IAsyncDisposable
{
    private readonly string _folder;
    private readonly string _connectionString;
    private int _last;

    private PostgreSql(string folder, string connectionString)
    {
        _folder = folder;
        _connectionString = connectionString;
    }

    public static async Task<PostgreSql> StartAsync()
    {
        var lines = (await ScriptAsync("start")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return new PostgreSql(lines[0], lines[1]);
    }

    /// <returns>The connection string of an empty database.</returns>
    public async Task<string> CreateAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"force_{Interlocked.Increment(ref _last)}");
        await ExecuteAsync($"CREATE DATABASE {name}", superuser: false);
        return new NpgsqlConnectionStringBuilder(_connectionString) { Database = name, MaxPoolSize = 30 }.ToString();
    }

    /// <summary>The server dies and comes back: connections break, open transactions are gone.</summary>
    public async Task RestartAsync() => await ScriptAsync("restart", _folder);

    /// <summary>The server stays; every connection of the portals is cut.</summary>
    public Task CutAsync() =>
        ExecuteAsync(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ledgerpost' AND pid <> pg_backend_pid()",
            superuser: true
        );

    public async ValueTask DisposeAsync() => await ScriptAsync("stop", _folder);

    private async Task ExecuteAsync(string sql, bool superuser)
    {
        var settings = new NpgsqlConnectionStringBuilder(_connectionString) { Pooling = false };
        settings.Username = superuser ? "administrator" : settings.Username;
        await using var connection = new NpgsqlConnection(settings.ToString());
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Texts of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<string> ScriptAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(ChildProcess.Root(), ".ci", "postgresql"), arguments)
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var process = Process.Start(start)!;
        // Not to the end of the stream: the server that it starts keeps it open.
        var lines = new List<string>();
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { } text)
            {
                lock (lines)
                {
                    lines.Add(text);
                }
            }
        };
        process.BeginOutputReadLine();
        while (!process.HasExited)
        {
            await Task.Delay(20);
        }

        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($".ci/postgresql {arguments[0]} failed with {process.ExitCode}.");
        }

        await Wait.UntilAsync(
            "the script has said where",
            () =>
            {
                lock (lines)
                {
                    return Task.FromResult(arguments[0] != "start" || lines.Count >= 2);
                }
            }
        );
        lock (lines)
        {
            return string.Join('\n', lines);
        }
    }
}
