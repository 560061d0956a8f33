using System.Collections.Concurrent;
using System.Diagnostics;
using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Tenancy;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using UnitTests.Support;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>Rule 17 on the engine: an older database, a copy, and what a person does then.</summary>
public sealed class HoldTests
{
    [Fact]
    public async Task Hold_BetweenClaimAndIntent_FencesTheIntent()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        engine.Crash.On = async point =>
        {
            if (point == CrashPoints.BeforeIntent)
            {
                await Hold(engine).HoldAsync(HoldReason.Copied, "A test.", CancellationToken.None);
            }
        };

        await engine.TurnAsync();
        Assert.Empty(engine.Provider.Calls);
        Assert.Equal(100, (await engine.CountsAsync(id)).Pending);

        engine.Crash.On = null;
        engine.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(DispatchResult.Idle, await engine.TurnAsync());
        Assert.Empty(engine.Provider.Calls);
    }

    [Fact]
    public async Task OldDatabase_WhoeverWasNotSettled_IsUnknown_AndNobodyIsMailedAgain()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        engine.Provider.Then(Fault.None, Fault.LostAnswer);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        await engine.TurnAsync();
        Assert.Equal((100, 100, 100), await StatesAsync(engine, id));

        await Hold(engine).HoldOldDatabaseAsync(HoldReason.Restored, "A test.", CancellationToken.None);

        var counts = await engine.CountsAsync(id);
        Assert.Equal((100, 200), (counts.Accepted, counts.Unknown));
        var campaign = await engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Partial, StopReason.Restored), (campaign.Status, campaign.StopReason!.Value));
        await ReleaseAsync(engine, HoldReason.Restored, older: false);
        Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(id));
        await engine.RunAsync(TimeSpan.FromHours(2));
        Assert.Equal(2, engine.Provider.Calls.Count);
        Assert.Equal(200, (await engine.CountsAsync(id)).Unknown);
    }

    [Fact]
    public async Task OldDatabase_RaisesTheEpoch_AboveWhatTheFileHasSeen_AndLeavesTheNumbersOut()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 200);
        engine.Provider.Then(Fault.None);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        File(engine).Write(new Stamp(7, 2_000_000_000));

        await Hold(engine).HoldOldDatabaseAsync(HoldReason.Restored, "A test.", CancellationToken.None);

        await using var db = engine.Db.Read(TenantScope.Installation);
        var row = await db.Installation.SingleAsync();
        Assert.Equal((2_000_000_001, 8), (row.Epoch, row.Stamp));
        Assert.True((await engine.CampaignAsync(id)).LastChunk > 1_000_000);
    }

    [Fact]
    public async Task OldDatabase_ALaunchCutInTwo_IsADraftAgain()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.DraftAsync();
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db.Campaigns.ExecuteUpdateAsync(set => set.SetProperty(c => c.Status, CampaignStatus.Preparing), token),
            CancellationToken.None
        );

        await Hold(engine).HoldOldDatabaseAsync(HoldReason.Restored, "A test.", CancellationToken.None);
        await engine.Recover.ExecuteAsync(CancellationToken.None);

        Assert.Equal(CampaignStatus.Draft, (await engine.CampaignAsync(id)).Status);
    }

    /// <summary>The mail went out after the backup: no attempt of it is known here, and yet it is proven.</summary>
    [SqliteFact]
    public async Task AfterARestore_TheProvidersRecordProvesWhatWentOutSince()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        var backup = Path.Combine(engine.Database.Folder, "backup.db");
        Ledgerpost.Data.Sqlite.DatabaseFile.Copy(
            engine.Database.ConnectionString,
            backup,
            running: true,
            engine.Time.GetUtcNow()
        );
        await engine.RunAsync();
        Assert.Equal(100, engine.Provider.Mailed.Count);

        await using var restored = new PortalDb(
            Ledgerpost.Data.Sqlite.DatabaseFile.Of(backup),
            engine.Time,
            engine.Database.Ids,
            TestDatabase.AuditKeys
        );
        await Hold(engine, restored).HoldOldDatabaseAsync(HoldReason.Restored, "A test.", CancellationToken.None);
        var reconciler = new Reconciler(
            restored,
            new OpenQuestions(restored),
            await ArchiveAsync(engine),
            engine.Accounts,
            engine.Notifier,
            NullLogger<Reconciler>.Instance
        );
        for (var round = 0; round < 3; round++)
        {
            await reconciler.RunOnceAsync(CancellationToken.None);
        }

        await using var db = restored.Read(engine.Tenant.Scope);
        Assert.Equal(
            100,
            await db.Recipients.CountAsync(r => r.CampaignId == id && r.State == RecipientState.Accepted)
        );
        Assert.Equal(CampaignStatus.Sent, (await db.Campaigns.SingleAsync(c => c.Id == id)).Status);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public async Task StartWithAnOlderDatabaseThanTheFileHasSeen_IsHeld(int ahead, bool held)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await using (var db = engine.Db.Read(TenantScope.None))
        {
            File(engine).Write(new Stamp(await db.Installation.Select(r => r.Stamp).SingleAsync() + ahead, 1));
        }

        await Notice(engine).ByStampAsync(CancellationToken.None);

        Assert.Equal(held ? HoldReason.RolledBack : null, await HoldOfAsync(engine));
    }

    [Fact]
    public async Task StartWithAnotherPublicUrl_IsHeld_OnlyOnceMailWasSent()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var notice = Notice(engine);
        await notice.ByPublicUrlAsync("https://a.test", CancellationToken.None);
        await notice.ByPublicUrlAsync("https://b.test", CancellationToken.None);
        Assert.Null(await HoldOfAsync(engine));

        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        await engine.LaunchAsync();
        await engine.RunAsync();
        await notice.ByPublicUrlAsync("https://b.test", CancellationToken.None);
        Assert.Null(await HoldOfAsync(engine));
        await notice.ByPublicUrlAsync("https://staging.test", CancellationToken.None);

        Assert.Equal(HoldReason.Copied, await HoldOfAsync(engine));
    }

    [Fact]
    public async Task StartWithAnotherAccount_IsHeld()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        await engine.LaunchAsync();
        await engine.RunAsync();

        await StartElsewhereAsync(engine, Notice(engine).ByAccountAsync);

        Assert.Equal(HoldReason.Copied, await HoldOfAsync(engine));
    }

    [Fact]
    public async Task StartWithAnotherAccount_ThatDiesBeforeItIsHeld_IsHeldAtTheNext()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        await engine.LaunchAsync();
        await engine.RunAsync();
        await Assert.ThrowsAsync<IOException>(() =>
            StartElsewhereAsync(engine, (_, _) => throw new IOException("The process died."))
        );

        await StartElsewhereAsync(engine, Notice(engine).ByAccountAsync);

        Assert.Equal(HoldReason.Copied, await HoldOfAsync(engine));
    }

    [Fact]
    public async Task StartThatFindsMailOfOursThatItNeverSent_IsHeld()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        var id = await engine.LaunchAsync();
        await engine.RunAsync();
        var account = await engine.Accounts.CurrentAsync(CancellationToken.None);
        await Notice(engine).ByProviderAsync(await ArchiveAsync(engine), account, CancellationToken.None);
        Assert.Null(await HoldOfAsync(engine));

        // As if the machine had been rolled back to before the call.
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) => db.Attempts.Where(a => a.CampaignId == id).ExecuteDeleteAsync(token),
            CancellationToken.None
        );
        await Notice(engine).ByProviderAsync(await ArchiveAsync(engine), account, CancellationToken.None);

        Assert.Equal(HoldReason.RolledBack, await HoldOfAsync(engine));
    }

    [Fact]
    public async Task StartWhileATenantIsBeingDeleted_FindsItsMail_AndHoldsNobody()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        var id = await engine.LaunchAsync();
        await engine.RunAsync();
        var account = await engine.Accounts.CurrentAsync(CancellationToken.None);

        // As far as a deletion has come: its attempts go first.
        await engine.Db.WriteAsync(
            TenantScope.Installation,
            async (db, token) =>
            {
                await db.Attempts.Where(a => a.CampaignId == id).ExecuteDeleteAsync(token);
                await db
                    .Tenants.Where(tenant => tenant.Id == engine.Tenant.Id)
                    .ExecuteUpdateAsync(
                        set => set.SetProperty(tenant => tenant.DeletionBegunAt, engine.Time.GetUtcNow()),
                        token
                    );
            },
            CancellationToken.None
        );
        await Notice(engine).ByProviderAsync(await ArchiveAsync(engine), account, CancellationToken.None);

        Assert.Null(await HoldOfAsync(engine));
    }

    [Fact]
    public async Task Release_IsAnOperators_Audited_AndOnlyOfWhatWasSeen()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        await Hold(engine).HoldAsync(HoldReason.Copied, "A test.", CancellationToken.None);
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            Release(engine)
                .ExecuteAsync(
                    engine.Tenant.As(TenantRole.Owner).Actor,
                    HoldReason.Copied,
                    false,
                    CancellationToken.None
                )
        );
        Assert.False(await ReleaseAsync(engine, HoldReason.Restored, older: false));
        Assert.Equal(HoldReason.Copied, await HoldOfAsync(engine));

        Assert.True(await ReleaseAsync(engine, HoldReason.Copied, older: false));

        await using var db = engine.Db.Read(TenantScope.Installation);
        Assert.True(await db.AuditEntries.AnyAsync(entry => entry.Action == "installation.released"));
        await engine.RunAsync();
        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
    }

    [Fact]
    public async Task Release_OfACopy_MakesThePendingUnknownFirst()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        await Hold(engine).HoldAsync(HoldReason.Copied, "A test.", CancellationToken.None);

        Assert.True(await ReleaseAsync(engine, HoldReason.Copied, older: true));
        await engine.RunAsync();

        Assert.Empty(engine.Provider.Calls);
        Assert.Equal(100, (await engine.CountsAsync(id)).Unknown);
    }

    [Fact]
    public async Task Release_OfACopy_DoubtsWhoStandsInNoChunk_InCallsOfTheSetSize()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            async (db, token) =>
            {
                await db.Chunks.ExecuteUpdateAsync(set => set.SetProperty(c => c.State, ChunkState.Abandoned), token);
                await db.Recipients.ExecuteUpdateAsync(set => set.SetProperty(r => r.ChunkNumber, (int?)null), token);
            },
            CancellationToken.None
        );
        await Hold(engine).HoldAsync(HoldReason.Copied, "A test.", CancellationToken.None);

        engine.Options.BatchSize = 30;
        Assert.True(await ReleaseAsync(engine, HoldReason.Copied, older: true));

        Assert.Equal(100, (await engine.CountsAsync(id)).Unknown);
        Assert.Equal(4, (await engine.ChunksAsync(id)).Count(chunk => chunk.State == ChunkState.Unknown));
    }

    [Fact]
    public async Task OldDatabase_OfManyCampaigns_DoubtsEach_AndKeepsOneAtATimeInMind()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        var (launched, scheduled) = (new List<Guid>(), new List<Guid>());
        for (var i = 0; i < 3; i++)
        {
            launched.Add(await engine.LaunchAsync());
            scheduled.Add(await engine.DraftAsync());
            Assert.IsType<ScheduleResult.Scheduled>(
                await engine.Schedule.ExecuteAsync(
                    engine.Tenant.As(TenantRole.Admin),
                    scheduled[^1],
                    0,
                    engine.Time.GetUtcNow() + TimeSpan.FromHours(1),
                    CancellationToken.None
                )
            );
        }

        using var tracked = new TrackedCampaigns(engine.Database.ConnectionString);
        await Hold(engine).HoldOldDatabaseAsync(HoldReason.Restored, "A test.", CancellationToken.None);

        Assert.Equal(1, tracked.Most);
        foreach (var id in launched)
        {
            var campaign = await engine.CampaignAsync(id);
            Assert.Equal((CampaignStatus.Partial, StopReason.Restored), (campaign.Status, campaign.StopReason!.Value));
            Assert.Equal(2, (await engine.CountsAsync(id)).Unknown);
        }

        foreach (var id in scheduled)
        {
            var campaign = await engine.CampaignAsync(id);
            Assert.Equal(
                (CampaignStatus.Scheduled, StopReason.Restored),
                (campaign.Status, campaign.StopReason!.Value)
            );
        }

        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Equal(3, await db.AuditEntries.CountAsync(entry => entry.Action == "campaign.stopped"));
    }

    private static async Task<(int Accepted, int InDoubt, int Pending)> StatesAsync(EngineHarness engine, Guid id)
    {
        var counts = await engine.CountsAsync(id);
        return (counts.Accepted, counts.InDoubt, counts.Pending);
    }

    private static async Task<HoldReason?> HoldOfAsync(EngineHarness engine)
    {
        await using var db = engine.Db.Read(TenantScope.None);
        return await db.Installation.Select(row => row.Hold).SingleAsync();
    }

    private static async Task<bool> ReleaseAsync(EngineHarness engine, HoldReason seen, bool older)
    {
        var person = engine.Tenant.As(TenantRole.Owner).Actor;
        await engine.Db.WriteAsync(
            TenantScope.None,
            (db, token) =>
                db.Set<PortalUser>()
                    .Where(user => user.Id == person.UserId)
                    .ExecuteUpdateAsync(set => set.SetProperty(user => user.IsOperator, true), token),
            CancellationToken.None
        );
        return await Release(engine).ExecuteAsync(person, seen, older, CancellationToken.None);
    }

    private static StampFile File(EngineHarness engine) => new(Path.Combine(engine.Database.Folder, "portal.stamp"));

    private static HoldSending Hold(EngineHarness engine, PortalDb? db = null) =>
        new(db ?? engine.Db, File(engine), NullLogger<HoldSending>.Instance);

    private static Task StartElsewhereAsync(
        EngineHarness engine,
        Func<CurrentAccount, CancellationToken, Task> leaving
    ) => engine.Accounts.EnsureAsync("http://other.test", "re_other", CancellationToken.None, leaving);

    private static NoticeOldDatabase Notice(EngineHarness engine) => new(engine.Db, File(engine), Hold(engine));

    private static ReleaseSending Release(EngineHarness engine) =>
        new(engine.Db, File(engine), engine.Signal, engine.Options);

    private static async Task<ProviderArchive> ArchiveAsync(EngineHarness engine) =>
        new(new ArchiveReader(engine.Provider), await engine.UnpacedAsync());

    /// <summary>How many campaigns one context holds at most when it saves; other tests use databases of their own.</summary>
    private sealed class TrackedCampaigns
        : IObserver<DiagnosticListener>,
            IObserver<KeyValuePair<string, object?>>,
            IDisposable
    {
        private readonly string _database;
        private readonly ConcurrentBag<IDisposable> _subscriptions = [];

        public TrackedCampaigns(string connectionString)
        {
            _database = PostgreSqlServer.IsChosen
                ? new NpgsqlConnectionStringBuilder(connectionString).Database!
                : new SqliteConnectionStringBuilder(connectionString).DataSource;
            _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
        }

        public int Most { get; private set; }

        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == DbLoggerCategory.Name)
            {
                _subscriptions.Add(value.Subscribe(this, name => name == CoreEventId.SaveChangesStarting.Name));
            }
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value.Value is DbContextEventData { Context: { } saving })
            {
                var connection = saving.Database.GetDbConnection();
                if ((connection is SqliteConnection ? connection.DataSource : connection.Database) == _database)
                {
                    Most = Math.Max(Most, saving.ChangeTracker.Entries<Campaign>().Count());
                }
            }
        }

        public void OnCompleted() { }

        public void OnError(Exception error) { }

        public void Dispose()
        {
            foreach (var subscription in _subscriptions)
            {
                subscription.Dispose();
            }
        }
    }
}
