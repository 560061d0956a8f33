using System.Data.Common;
using System.Net;
using Microsoft.Data.Sqlite;
using Npgsql;
using UnitTests.Support;

namespace UnitTests.Hosting;

/// <summary>What whoever watches over the process is told.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task Readiness_IsThatOfTheDatabase_AndLifeIsNot()
    {
        await using var host = await RealHost.StartAsync();
        using var watcher = host.Browser();
        Assert.Equal((HttpStatusCode.OK, "ready"), await AskAsync(watcher, "ready"));
        await ChangeAsync(host, "ALTER TABLE \"Installation\" RENAME TO \"Elsewhere\"");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "not ready"), await AskAsync(watcher, "ready"));
        Assert.Equal((HttpStatusCode.OK, "live"), await AskAsync(watcher, "live"));
        await ChangeAsync(host, "ALTER TABLE \"Elsewhere\" RENAME TO \"Installation\"");
        Assert.Equal((HttpStatusCode.OK, "ready"), await AskAsync(watcher, "ready"));
    }

    /// <summary>As the database's owner, who is not the portal.</summary>
    private static async Task ChangeAsync(RealHost host, string statement)
    {
        var to = RealHost.ConnectionString(host.Folder);
        await using DbConnection owner = PostgreSqlServer.IsChosen
            ? new NpgsqlConnection(to)
            : new SqliteConnection(to);
        await owner.OpenAsync();
        await using var command = owner.CreateCommand();
        command.CommandText = statement;
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<(HttpStatusCode Status, string Says)> AskAsync(HttpClient watcher, string what)
    {
        using var answer = await watcher.GetAsync($"/healthz/{what}");
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
