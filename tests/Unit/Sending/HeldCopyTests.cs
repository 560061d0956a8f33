using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>Rule 17, where an older database comes back that was already held.</summary>
public sealed class HeldCopyTests
{
    [Fact]
    public async Task OlderDatabase_ThatWasHeldAsACopy_IsHeldAsOlder()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var file = new StampFile(Path.Combine(engine.Database.Folder, "portal.stamp"));
        var hold = new HoldSending(engine.Db, file, NullLogger<HoldSending>.Instance);
        await hold.HoldAsync(HoldReason.Copied, "A test.", CancellationToken.None);
        await using var db = engine.Db.Read(TenantScope.None);
        file.Write(new Stamp(await db.Installation.Select(row => row.Stamp).SingleAsync() + 1, 1));

        await new NoticeOldDatabase(engine.Db, file, hold).ByStampAsync(CancellationToken.None);

        Assert.Equal(HoldReason.RolledBack, await db.Installation.Select(row => row.Hold).SingleAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Launch_BesideAnOldDatabaseThatIsNoticed_IsADraft_OrItsPeopleAreUnknown(bool noticedFirst)
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        var id = await engine.DraftAsync();
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db.Campaigns.ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(campaign => campaign.Status, CampaignStatus.Preparing)
                            .SetProperty(campaign => campaign.LaunchedAt, engine.Time.GetUtcNow())
                            .SetProperty(campaign => campaign.FromHeader, "news@north.test"),
                    token
                ),
            CancellationToken.None
        );
        Func<Task> notice = () =>
            Hold(engine).HoldOldDatabaseAsync(HoldReason.RolledBack, "A test.", CancellationToken.None);
        Func<Task> launch = () => engine.Launch.PrepareAsync(engine.Tenant.Id, id, CancellationToken.None);

        await faults.BesideAsync(noticedFirst ? notice : launch, noticedFirst ? launch : notice);

        var (campaign, counts) = (await engine.CampaignAsync(id), await engine.CountsAsync(id));
        Assert.Equal(noticedFirst ? CampaignStatus.Draft : CampaignStatus.Partial, campaign.Status);
        Assert.Equal(noticedFirst ? (0, 0) : (2, 2), (counts.Recipients, counts.Unknown));
        Assert.Equal(noticedFirst ? 0 : 1, campaign.CurrentRun);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ScheduledLaunch_BesideAnOldDatabaseThatIsNoticed_IsADraft_OrAsks(bool noticedFirst)
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        var id = await DueAsync(engine);
        Func<Task> notice = () =>
            Hold(engine).HoldOldDatabaseAsync(HoldReason.RolledBack, "A test.", CancellationToken.None);
        Func<Task> launch = () => engine.Due.RunOnceAsync(CancellationToken.None);

        await faults.BesideAsync(noticedFirst ? notice : launch, noticedFirst ? launch : notice);

        var campaign = await engine.CampaignAsync(id);
        Assert.Equal(
            noticedFirst ? (CampaignStatus.Scheduled, StopReason.Restored) : (CampaignStatus.Draft, null),
            (campaign.Status, campaign.StopReason)
        );
        Assert.Equal(0, (await engine.CountsAsync(id)).Recipients);
    }

    [Fact]
    public async Task ScheduledCampaign_SentNowBesideAnOldDatabaseThatIsNoticed_IsSaidToHaveChanged()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        var id = await DueAsync(engine);
        var version = (await engine.CampaignAsync(id)).Version;

        LaunchResult? sent = null;
        await faults.BesideAsync(
            () => Hold(engine).HoldOldDatabaseAsync(HoldReason.RolledBack, "A test.", CancellationToken.None),
            async () => sent = await engine.Launch.ExecuteAsync(Admin(engine), id, version, CancellationToken.None)
        );

        Assert.Equal(new LaunchResult.Changed(version + 1), sent);
    }

    [Fact]
    public async Task OldDatabase_DoubtsWhoStandsInNoChunk_InCallsOfTheSetSize()
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

        await Hold(engine, new SendingOptions { BatchSize = 30 })
            .HoldOldDatabaseAsync(HoldReason.RolledBack, "A test.", CancellationToken.None);

        var doubted = (await engine.ChunksAsync(id)).Where(chunk => chunk.State == ChunkState.Unknown).ToList();
        Assert.Equal((4, 100), (doubted.Count, (await engine.CountsAsync(id)).Unknown));
        await engine.Db.ReadSnapshotAsync(
            engine.Tenant.Scope,
            async (db, token) =>
            {
                var sizes = await db
                    .Recipients.GroupBy(row => row.ChunkNumber)
                    .Select(group => group.Count())
                    .ToListAsync(token);
                Assert.All(sizes, size => Assert.InRange(size, 1, 30));
                return true;
            },
            CancellationToken.None
        );
    }

    /// <summary>Who has waited finds the chunk Unknown, and has the provider's word.</summary>
    [Fact]
    public async Task Acceptance_ThatWaitsForAnOldDatabaseToBeDoubted_IsProofAllTheSame()
    {
        using var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactsAsync(engine.Tenant, 200);
        var id = await engine.LaunchAsync();
        var call = await engine.InFlightAsync();

        var proven = false;
        await faults.BesideAsync(
            () => Hold(engine).HoldOldDatabaseAsync(HoldReason.RolledBack, "A test.", CancellationToken.None),
            async () => proven = await engine.SettleAsync(call)
        );

        Assert.True(proven);
        var counts = await engine.CountsAsync(id);
        Assert.Equal((100, 100), (counts.Accepted, counts.Unknown));
    }

    [PostgreSqlFact]
    public async Task OldDatabase_OfManyCampaigns_TakesOneLockForAll()
    {
        using var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        for (var i = 0; i < 5; i++)
        {
            await engine.LaunchAsync();
        }

        faults.HoldNext();
        var notice = Task.Run(() =>
            Hold(engine).HoldOldDatabaseAsync(HoldReason.RolledBack, "A test.", CancellationToken.None)
        );
        await faults.HeldAsync();
        await using var connection = new NpgsqlConnection(engine.Database.ConnectionString);
        await connection.OpenAsync();
        await using var locks = new NpgsqlCommand(
            """
            SELECT COUNT(*) FROM pg_locks
            WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """,
            connection
        );
        var held = await locks.ExecuteScalarAsync();
        faults.Release();
        await notice;

        // The installation's, the campaigns', and that of the tenant's log.
        Assert.Equal(3L, held);
    }

    private static Caller Admin(EngineHarness engine) => engine.Tenant.As(TenantRole.Admin);

    private static async Task<Guid> DueAsync(EngineHarness engine)
    {
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        var id = await engine.DraftAsync();
        var (version, at) = ((await engine.CampaignAsync(id)).Version, engine.Time.GetUtcNow() + TimeSpan.FromHours(1));
        await engine.Schedule.ExecuteAsync(Admin(engine), id, version, at, CancellationToken.None);
        engine.Time.Advance(TimeSpan.FromHours(1));
        return id;
    }

    private static HoldSending Hold(EngineHarness engine, SendingOptions? options = null) =>
        new(
            engine.Db,
            new StampFile(Path.Combine(engine.Database.Folder, "portal.stamp")),
            NullLogger<HoldSending>.Instance,
            options
        );
}
