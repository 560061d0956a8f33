using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Sending;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

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

    private static HoldSending Hold(EngineHarness engine, SendingOptions? options = null) =>
        new(
            engine.Db,
            new StampFile(Path.Combine(engine.Database.Folder, "portal.stamp")),
            NullLogger<HoldSending>.Instance,
            options
        );
}
