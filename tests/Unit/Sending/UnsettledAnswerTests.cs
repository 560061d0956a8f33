using System.Data.Common;
using Ledgerpost.Data;
using Ledgerpost.Sending;
using Microsoft.Data.Sqlite;
using Npgsql;
using UnitTests.Support;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>The provider has answered, and the database takes nothing.</summary>
public sealed class UnsettledAnswerTests
{
    [Fact]
    public async Task Refusal_WhileTheDatabaseIsAwayForHalfAMinute_IsStillDefinite()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.RateLimited);
        var id = await engine.LaunchAsync();

        await TurnWithoutDatabaseAsync(engine, TimeSpan.FromSeconds(30));
        Assert.Equal(100, (await engine.CountsAsync(id)).Pending);
        await engine.RunAsync();

        // Another generation, and no repeat of the first.
        Assert.Equal(["/1", "/2"], engine.Provider.Calls.Select(call => call.Key[^2..]));
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Answer_ThatCannotBeWrittenForAMinute_IsGivenUp_AndTheCallRepeated()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        var began = engine.Time.GetUtcNow();

        await Assert.ThrowsAnyAsync<DbException>(() => TurnWithoutDatabaseAsync(engine, TimeSpan.FromDays(1)));
        Assert.InRange(engine.Time.GetUtcNow() - began, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(70));
        await ExecuteAsync(engine, Back);
        engine.Time.Advance(TimeSpan.FromSeconds(engine.Options.LeaseSeconds));
        await engine.RunAsync();

        Assert.Single(engine.Provider.Calls.Select(call => call.Key).Distinct());
        Assert.Equal((2, 100), (engine.Provider.Calls.Count, (await engine.CountsAsync(id)).Accepted));
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Stop_WhileAnAnswerCannotBeWritten_WaitsForNothing()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        await engine.LaunchAsync();
        using var stopping = new CancellationTokenSource();
        engine.Crash.On = async point =>
        {
            if (point == CrashPoints.BeforeSettle)
            {
                await ExecuteAsync(engine, Away);
                await stopping.CancelAsync();
            }
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            engine
                .Dispatcher.RunOnceAsync("worker", stopping.Token, CancellationToken.None)
                .WaitAsync(TimeSpan.FromSeconds(30))
        );
    }

    private const string Away = """ALTER TABLE "Attempts" RENAME TO "AttemptsAway";""";
    private const string Back = """ALTER TABLE "AttemptsAway" RENAME TO "Attempts";""";

    /// <summary>One turn; from its answer on, what every settle writes is not there for so long by the test's clock.</summary>
    private static async Task TurnWithoutDatabaseAsync(EngineHarness engine, TimeSpan time)
    {
        DateTimeOffset? back = null;
        engine.Crash.On = async point =>
        {
            if (point == CrashPoints.BeforeSettle)
            {
                engine.Crash.On = null;
                await ExecuteAsync(engine, Away);
                back = engine.Time.GetUtcNow() + time;
            }
        };
        var turn = engine.Dispatcher.RunOnceAsync("worker", CancellationToken.None, CancellationToken.None);
        while (!turn.IsCompleted)
        {
            await Task.WhenAny(turn, Task.Delay(1));
            if (turn.IsCompleted || engine.Time.NextDue() is not { } due)
            {
                continue;
            }

            // The worker waits: nobody else is at the database.
            if (back <= due)
            {
                back = null;
                await ExecuteAsync(engine, Back);
            }

            engine.Time.Advance(due - engine.Time.GetUtcNow());
        }

        await turn;
    }

    private static async Task ExecuteAsync(EngineHarness engine, string sql)
    {
        await using DbConnection connection = PostgreSqlServer.IsChosen
            ? new NpgsqlConnection(engine.Database.ConnectionString)
            : new SqliteConnection(engine.Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // This test's own text.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
