using Ledgerpost.Data;
using Ledgerpost.Webhooks;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SQLitePCL;
using UnitTests.Sending;
using UnitTests.Support;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Webhooks;

/// <summary>What storing and applying events costs everybody else who writes.</summary>
public sealed class StoredEventTests
{
    private const int Batch = 50;

    /// <summary>
    /// Events are kept for a month. SQLite chooses its way by what it counted last, which may be nothing, or a quiet hour: it
    /// must not be through all events of the account, nor through all that wait.
    /// </summary>
    [SqliteFact]
    public async Task BatchOfEvents_TakesAsMuchWork_HoweverManyAreStored()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        await engine.LaunchAsync();
        await engine.RunAsync();
        // Once for what a first batch does beside it.
        await WorkAsync(engine);
        var alone = await WorkAsync(engine);

        await AddStoredAsync(engine);
        var besideMany = await WorkAsync(engine);
        await engine.Db.WriteAsync(
            TenantScope.Installation,
            (db, token) =>
                db.Database.ExecuteSqlRawAsync(
                    "ANALYZE; UPDATE sqlite_stat1 SET stat = '1 1' WHERE idx = 'IX_WebhookMessages_NotBefore'; ANALYZE sqlite_schema;",
                    token
                ),
            CancellationToken.None
        );
        var afterAQuietHour = await WorkAsync(engine);

        Assert.InRange(besideMany, 1, alone * 3 / 2);
        Assert.InRange(afterAQuietHour, 1, alone * 3 / 2);
    }

    [Fact]
    public async Task Events_ThatComeWhileOthersAreWritten_ShareAWriteAMomentLater()
    {
        var time = new ManualTime();
        var commits = new CountedCommits();
        await using var engine = await EngineHarness.CreateAsync(commits, time);
        var receive = EventTests.Receive(engine, EventTests.Secret);
        Task<WebhookReceipt>? second = null;
        commits.First = () => second = EventTests.StoreAsync(engine, "{}", "msg_2", receive);
        commits.Count = 0;

        Assert.Equal(WebhookReceipt.Stored, await EventTests.StoreAsync(engine, "{}", "msg_1", receive));
        while (time.NextDue() is null && commits.Count < 2)
        {
            await Task.Yield();
        }

        var third = EventTests.StoreAsync(engine, "{}", "msg_3", receive);
        time.Advance(TimeSpan.FromMilliseconds(20));

        Assert.Equal(WebhookReceipt.Stored, await second!);
        Assert.Equal(WebhookReceipt.Stored, await third);
        Assert.Equal(2, commits.Count);
    }

    /// <returns>Steps of SQLite's machine that the writer took to apply a batch of events that are new.</returns>
    private static async Task<long> WorkAsync(EngineHarness engine)
    {
        foreach (var mail in engine.Provider.Mailed.Take(Batch))
        {
            await EventTests.StoreAsync(
                engine,
                EventTests.Event("email.opened", mail),
                $"msg_{engine.Database.Ids.New():N}"
            );
        }

        var steps = 0L;
        var writer = await engine.Db.WriteAsync(
            TenantScope.Installation,
            (db, _) => Task.FromResult((SqliteConnection)db.Database.GetDbConnection()),
            CancellationToken.None
        );
        raw.sqlite3_progress_handler(
            writer.Handle,
            1,
            _ =>
            {
                steps++;
                return 0;
            },
            null
        );
        Assert.Equal(Batch, await engine.Events.RunOnceAsync(CancellationToken.None));
        raw.sqlite3_progress_handler(writer.Handle, 0, null, null);
        return steps;
    }

    private static Task<int> AddStoredAsync(EngineHarness engine) =>
        engine.Db.WriteAsync(
            TenantScope.Installation,
            (db, token) =>
                db.Database.ExecuteSqlRawAsync(
                    """
                    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
                    INSERT INTO "WebhookMessages" ("AccountId", "MessageId", "TenantId", "Body", "ReceivedAt", "State", "NotBefore")
                    SELECT a."Id", 'old_' || i, '00000000-0000-0000-0000-000000000000', '{{}}', 1,
                        CASE i % 2 WHEN 0 THEN 'Applied' ELSE 'Waiting' END, {0}
                    FROM n CROSS JOIN "ProviderAccounts" AS a
                    """,
                    [InstantConverter.ToMicroseconds(engine.Time.GetUtcNow().AddDays(1))],
                    token
                ),
            CancellationToken.None
        );

    private sealed class CountedCommits : StorageFaults
    {
        private int _count;

        public int Count
        {
            get => Volatile.Read(ref _count);
            set => Volatile.Write(ref _count, value);
        }

        /// <summary>During the first commit that is counted.</summary>
        public Action? First { get; set; }

        public override void BeforeCommit()
        {
            Interlocked.Increment(ref _count);
            var first = First;
            First = null;
            first?.Invoke();
        }
    }
}
