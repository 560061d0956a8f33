using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Microsoft.Data.Sqlite;
using UnitTests.Support;

namespace UnitTests.Sending;

public sealed class LaunchAndCountTests
{
    [SqliteFact]
    public async Task Launch_AfterWhichTheDatabaseCannotCountItsRows_HasHappened_AndWakesTheWorkers()
    {
        var disk = new DiskThatFills();
        await using var engine = await EngineHarness.CreateAsync(faults: disk);
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        var id = await engine.DraftAsync();
        var seen = engine.Signal.Seen;

        // Content and sender, then the audience; the third only counts.
        disk.Left = 2;
        var result = await engine.Launch.ExecuteAsync(
            engine.Tenant.As(Ledgerpost.Tenancy.TenantRole.Admin),
            id,
            0,
            CancellationToken.None
        );

        Assert.IsType<Ledgerpost.Sending.LaunchResult.Launched>(result);
        Assert.True(disk.Failed);
        Assert.NotEqual(seen, engine.Signal.Seen);
        Assert.Equal(CampaignStatus.Sending, (await engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task Resume_AfterWhichTheDatabaseIsAway_HasHappened_AndWakesTheWorkers()
    {
        var disk = new DiskThatFills();
        await using var engine = await EngineHarness.CreateAsync(faults: disk);
        var id = await engine.StoppedAfterAsync(chunks: 0, people: 2);
        var seen = engine.Signal.Seen;

        disk.Left = 1;
        var result = await engine.ResumeAsync(id);

        Assert.IsType<Ledgerpost.Sending.ResumeResult.Resumed>(result);
        Assert.True(disk.Failed);
        Assert.NotEqual(seen, engine.Signal.Seen);
        Assert.Equal(CampaignStatus.Sending, (await engine.CampaignAsync(id)).Status);
    }

    private sealed class DiskThatFills : StorageFaults
    {
        private const int Full = 13;

        /// <summary>So many commits are made yet; null: as many as come.</summary>
        public int? Left { get; set; }

        public bool Failed { get; private set; }

        public override void BeforeCommit()
        {
            if (--Left < 0)
            {
                Failed = true;
                throw new SqliteException("The disk is full.", Full);
            }
        }
    }
}
