using System.Net;
using System.Net.Sockets;
using AdminPortal.Hosting;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using UnitTests.Support;

namespace UnitTests.Hosting;

/// <summary>A PostgreSQL that is not there when the portal starts, and the verbs that it does not have there.</summary>
public sealed class DatabaseAtStartTests
{
    [Fact]
    public async Task Start_WithoutItsDatabase_EndsWithWhatToDo_AfterItsPatience()
    {
        var folder = RealHost.NewFolder();

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() =>
            RealHost.StartAsync(
                folder,
                Patience(TimeSpan.Zero),
                keepFolder: true,
                RealHost.OnPostgreSql($"Host=127.0.0.1;Port={FreePort()};Database=x;Username=x")
            )
        );

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("did not answer", refused.Message, StringComparison.Ordinal);
        Assert.Contains("start the portal again", refused.Message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [PostgreSqlFact]
    public async Task Start_WhileItsDatabaseRestarts_WaitsForIt()
    {
        var folder = RealHost.NewFolder();
        var database = new NpgsqlConnectionStringBuilder(await PostgreSqlServer.CreateAsync());
        await using var way = new Way(database.Host!, database.Port, refused: 3);
        database.Port = way.Port;
        database.Host = "127.0.0.1";

        await using (
            var host = await RealHost.StartAsync(
                folder,
                Patience(TimeSpan.FromMinutes(1)),
                keepFolder: true,
                RealHost.OnPostgreSql(database.ConnectionString)
            )
        )
        {
            await using var db = host.Get<PortalDb>().Read(TenantScope.None);
            Assert.Equal(1, await db.Installation.CountAsync());
        }

        Assert.Contains(
            RealHost.LogLines(folder),
            line => line.Contains("the start waits for it", StringComparison.Ordinal)
        );
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("backup", "--to", "pg_dump")]
    [InlineData("restore", "--from", "pg_restore")]
    public async Task Verb_OnPostgreSql_NamesPostgreSqlsOwnTool_AndEndsWithCode2(
        string verb,
        string option,
        string tool
    )
    {
        var folder = RealHost.NewFolder();

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() =>
            RunAsync(folder, "Host=127.0.0.1;Database=x;Username=x", verb, option, "x")
        );

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(tool, refused.Message, StringComparison.Ordinal);
        Assert.Equal(verb == "restore", refused.Message.Contains("restore --done", StringComparison.Ordinal));
        Directory.Delete(folder, recursive: true);
    }

    [PostgreSqlFact]
    public async Task RestoreDone_OnPostgreSql_PausesAllSending_AndRaisesTheEpoch()
    {
        var folder = RealHost.NewFolder();
        var database = await PostgreSqlServer.CreateAsync();
        await using (
            await RealHost.StartAsync(folder, configure: null, keepFolder: true, RealHost.OnPostgreSql(database))
        ) { }

        var said = await RunAsync(folder, database, "restore", "--done");

        Assert.Contains("All sending is paused", said, StringComparison.Ordinal);
        await using var host = await RealHost.StartAsync(
            folder,
            configure: null,
            keepFolder: false,
            RealHost.OnPostgreSql(database)
        );
        await using var db = host.Get<PortalDb>().Read(TenantScope.None);
        var row = await db.Installation.SingleAsync();
        Assert.Equal(HoldReason.Restored, row.Hold);
        Assert.True(row.Epoch > 1);
    }

    [PostgreSqlFact]
    public async Task RestoreDone_OnAnEmptyDatabase_SaysSo()
    {
        var folder = RealHost.NewFolder();
        var database = await PostgreSqlServer.CreateAsync(migrated: false);

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() =>
            RunAsync(folder, database, "restore", "--done")
        );

        Assert.Contains("this database is empty", refused.Message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
        await PostgreSqlServer.DropAsync(database);
    }

    private static Action<WebApplicationBuilder> Patience(TimeSpan atMost) =>
        builder => builder.Services.AddSingleton(new StartPatience(atMost));

    private static async Task<string> RunAsync(string folder, string database, params string[] verb)
    {
        await using var output = new StringWriter();
        await Verbs.RunAsync(
            [
                .. verb,
                $"--contentRoot={RealHost.ContentRoot()}",
                "--environment=Development",
                $"--Portal:DataDirectory={folder}",
                $"--Audit:Key={Convert.ToBase64String(TestDatabase.AuditKey)}",
                .. RealHost.OnPostgreSql(database),
            ],
            output,
            TextWriter.Null,
            TimeProvider.System
        );
        return output.ToString();
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>The way to a database: the first connections are cut, as by one that is still starting.</summary>
    private sealed class Way : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _end = new();
        private readonly Task _running;

        public Way(string host, int port, int refused)
        {
            _listener.Start();
            _running = RunAsync(host, port, refused);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            _listener.Dispose();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _end.Dispose();
        }

        private async Task RunAsync(string host, int port, int refused)
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_end.Token);
                if (refused-- > 0)
                {
                    client.Dispose();
                    continue;
                }

                var server = new TcpClient();
                await server.ConnectAsync(host, port, _end.Token);
                _ = PumpAsync(client, server);
                _ = PumpAsync(server, client);
            }
        }

        private async Task PumpAsync(TcpClient from, TcpClient to)
        {
            try
            {
                await from.GetStream().CopyToAsync(to.GetStream(), _end.Token);
            }
            catch (Exception exception)
                when (exception
                        is IOException
                            or OperationCanceledException
                            or ObjectDisposedException
                            or InvalidOperationException
                )
            {
                // The other side is gone.
            }

            from.Dispose();
            to.Dispose();
        }
    }
}
