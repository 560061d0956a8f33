using System.Net.Sockets;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using UnitTests.Support;

namespace UnitTests.Data;

/// <summary>Statements over a whole ledger take minutes; here each takes longer than a connection that waits for a second.</summary>
public sealed class LongStatementTests
{
    [PostgreSqlFact]
    public async Task TransactionThatIsAlone_TakesItsTime_AndWaitsAsLongForAnother_WithoutBeginningAgain()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var campaign = database.Ids.New();
        await using var holder = new NpgsqlConnection(database.ConnectionString);
        await holder.OpenAsync();
        await ExecuteAsync(holder, $"SELECT pg_advisory_lock(hashtextextended('campaign/{campaign:N}', 0))");
        await using var first = Impatient(database);
        await using var second = Impatient(database);

        var writes = Task.WhenAll(WriteAsync(first), WriteAsync(second));
        await ExecuteAsync(holder, $"SELECT pg_sleep(3)");
        await ExecuteAsync(holder, $"SELECT pg_advisory_unlock_all()");
        await writes;

        Assert.Equal(0, first.Safety.CountOf(SafetyMechanism.TransactionAgain));
        Assert.Equal(0, second.Safety.CountOf(SafetyMechanism.TransactionAgain));

        // By EF Core, and as SQL that is written as it stands.
        Task WriteAsync(PortalDb db) =>
            db.WriteAsync(
                tenant.Scope,
                async (context, token) =>
                {
                    await context.Database.ExecuteSqlAsync($"SELECT pg_sleep(1.3)", token);
                    await context.LockCampaignAsync(campaign, token);
                },
                CancellationToken.None
            );
    }

    [PostgreSqlFact]
    public async Task Start_WaitsForAnothersMigrations_HoweverLongTheyTake()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var other = new NpgsqlConnection(database.ConnectionString);
        await other.OpenAsync();
        await ExecuteAsync(other, $"SELECT pg_advisory_lock(hashtextextended('ledgerpost/schema', 0))");
        await using var db = Impatient(database);

        var start = db.MigrateAsync(CancellationToken.None);
        await ExecuteAsync(other, $"SELECT pg_sleep(1.5)");
        Assert.False(start.IsCompleted);
        await ExecuteAsync(other, $"SELECT pg_advisory_unlock_all()");

        await start;
    }

    [Fact]
    public async Task Server_OnASocketOfTheMachinesOwn_IsSpokenTo()
    {
        var folder = Directory.CreateTempSubdirectory("ledgerpost-").FullName;
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(folder, ".s.PGSQL.5432")));
        listener.Listen();
        await using var db = Open($"Host={folder};Username=x;Database=x");

        var start = db.MigrateAsync(CancellationToken.None);
        using (var server = await listener.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(30)))
        {
            Assert.True(await server.ReceiveAsync(new byte[1]) > 0);
        }

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => start);
        Directory.Delete(folder, recursive: true);
    }

    private static PortalDb Impatient(TestDatabase database) => Open($"{database.ConnectionString};Command Timeout=1");

    private static PortalDb Open(string connectionString) =>
        new(
            connectionString,
            TimeProvider.System,
            new SeededIds(),
            TestDatabase.AuditKeys,
            provider: DatabaseProvider.PostgreSql
        );

    private static async Task ExecuteAsync(NpgsqlConnection connection, FormattableString sql)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // This test's own text.
        command.CommandText = FormattableString.Invariant(sql);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
