using Ledgerpost.Campaigns;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Ledgerpost.Unsubscribe;
using Microsoft.EntityFrameworkCore;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>Mechanisms that were taken out and whose absence no other test noticed.</summary>
public sealed class TakenOutTests
{
    private const string BaseUrl = "http://provider.test";

    [Fact]
    public async Task Zombie_WithAnOlderEpoch_WritesNoIntent_WhileAnotherHoldsTheChunk()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        await engine.LaunchAsync();
        var zombie = await engine.ClaimAsync();
        var prepared = await engine.Prepare.ExecuteAsync(zombie, recheck: false, CancellationToken.None);
        engine.Time.Advance(TimeSpan.FromSeconds(engine.Options.LeaseSeconds + 1));
        await engine.ClaimAsync();

        var late = await engine.RecordIntent.ExecuteAsync(
            zombie,
            prepared,
            engine.Database.AccountId,
            BaseUrl,
            CancellationToken.None
        );

        Assert.IsType<IntentResult.Fenced>(late);
    }

    [Fact]
    public async Task Zombie_WhoseRefusalComesLate_EndsNoGeneration_WhileAnotherRepeats()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        var zombie = await engine.ClaimAsync();
        var intent = await engine.WriteIntentAsync(zombie);
        engine.Time.Advance(TimeSpan.FromSeconds(engine.Options.LeaseSeconds + 1));
        var other = await engine.ClaimAsync();
        Assert.True(other.Repeat);

        var settled = await engine.SettleAsync(
            (zombie, intent),
            new Outcome.Refusal(RefusalKind.Rate, "rate_limit_exceeded", "", null)
        );

        Assert.False(settled);
        Assert.Equal(100, (await engine.CountsAsync(id)).InDoubt);
        Assert.Equal(1, (await engine.ChunksAsync(id))[0].Generation);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Zombie_WhoseAcceptanceComesLate_HasProvenItsMails(bool windowOver)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        var zombie = await engine.ClaimAsync();
        var intent = await engine.WriteIntentAsync(zombie);
        engine.Time.Advance(TimeSpan.FromSeconds(engine.Options.LeaseSeconds + 1));
        var other = await engine.ClaimAsync();
        if (windowOver)
        {
            engine.Time.Advance(engine.Options.KeyWindow);
            await engine.Expire.RunOnceAsync(CancellationToken.None);
            Assert.Equal(100, (await engine.CountsAsync(id)).Unknown);
        }

        var ids = Enumerable.Range(1, 100).Select(i => $"mail-{i}").ToList();
        Assert.True(await engine.SettleAsync((zombie, intent), new Outcome.Accepted(ids)));

        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Equal(ids, await db.Recipients.OrderBy(r => r.Number).Select(r => r.ProviderEmailId!).ToListAsync());
        // Who holds the chunk finds nothing left to repeat.
        Assert.IsType<IntentResult.Fenced>(
            await engine.RecordIntent.ExecuteAsync(
                other,
                null,
                engine.Database.AccountId,
                BaseUrl,
                CancellationToken.None
            )
        );
    }

    [Fact]
    public async Task Post_FindsItsIntentCommitted()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        var seen = (InDoubt: 0, Attempts: 0);
        engine.Provider.During = async () =>
        {
            await using var db = engine.Db.Read(engine.Tenant.Scope);
            seen = ((await engine.CountsAsync(id)).InDoubt, await db.Attempts.CountAsync());
        };

        await engine.TurnAsync();

        Assert.Equal((100, 1), seen);
    }

    [Fact]
    public async Task Intent_OfARunThatIsNotTheCurrentOne_IsFenced()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        await engine.LaunchAsync();
        var claim = await engine.ClaimAsync();
        var prepared = await engine.Prepare.ExecuteAsync(claim, recheck: false, CancellationToken.None);
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) => db.Campaigns.ExecuteUpdateAsync(set => set.SetProperty(c => c.CurrentRun, 2), token),
            CancellationToken.None
        );

        var late = await engine.RecordIntent.ExecuteAsync(
            claim,
            prepared,
            engine.Database.AccountId,
            BaseUrl,
            CancellationToken.None
        );

        Assert.IsType<IntentResult.Fenced>(late);
    }

    [Theory]
    [InlineData(CampaignStatus.Paused, 0)]
    [InlineData(CampaignStatus.Paused, 1)]
    [InlineData(CampaignStatus.Paused, 2)]
    [InlineData(CampaignStatus.Cancelled, 0)]
    [InlineData(CampaignStatus.Cancelled, 1)]
    [InlineData(CampaignStatus.Cancelled, 2)]
    public async Task Call_OfACampaignStoppedSinceTheClaim_IsFenced(CampaignStatus status, int ambiguousBefore)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        await engine.FailBeforeAsync(ambiguousBefore);
        engine.Crash.On = point =>
            point != CrashPoints.BeforeIntent ? Task.CompletedTask
            : status == CampaignStatus.Paused
                ? engine.Pause.ExecuteAsync(engine.Tenant.As(TenantRole.Admin), id, CancellationToken.None)
            : engine.Cancel.ExecuteAsync(engine.Tenant.As(TenantRole.Admin), id, CancellationToken.None);

        Assert.Equal(DispatchResult.Nothing, await engine.TurnAsync());

        Assert.Equal(ambiguousBefore, engine.Provider.Calls.Count);
    }

    [Fact]
    public async Task Repeat_ThroughAnotherAccount_IsFenced()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.LostAnswer);
        await engine.LaunchAsync();
        await engine.TurnAsync();
        engine.Time.Advance(TimeSpan.FromMinutes(1));
        var claim = await engine.ClaimAsync();
        engine.Probe.Reads = false;
        var other = await engine.Accounts.EnsureAsync(BaseUrl, "re_other", CancellationToken.None);

        var result = await engine.RecordIntent.ExecuteAsync(claim, null, other.Id, BaseUrl, CancellationToken.None);

        Assert.NotEqual(engine.Database.AccountId, other.Id);
        Assert.IsType<IntentResult.Fenced>(result);
    }

    [Fact]
    public async Task Repeat_AfterARestartThatWouldRenderDifferently_SendsTheFrozenBytes()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.LostRequest);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        engine.Time.Advance(TimeSpan.FromMinutes(1));
        var moved = new Dispatcher(
            engine.Db,
            engine.Claim,
            new PrepareChunk(engine.Db, new UnsubscribeUrls(engine.Db, "https://moved.test")),
            engine.RecordIntent,
            engine.Settle,
            engine.Provider,
            engine.Accounts,
            engine.Pacer,
            engine.Options,
            engine.Crash,
            engine.Notifier,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<Dispatcher>.Instance
        );

        await engine.TurnAsync(moved);

        Assert.Equal(2, engine.Provider.Calls.Count);
        Assert.Single(engine.Provider.Calls.Select(call => (call.Key, call.Hash)).Distinct());
        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
    }

    [Fact]
    public async Task Resume_AbandonsEveryCleanChunk_AndPlansItsPeopleOnce()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        engine.Provider.Then(Fault.None, Fault.KeyRevoked);
        var id = await engine.LaunchAsync();
        await engine.RunAsync();

        await engine.ResumeAsync(id);

        var chunks = await engine.ChunksAsync(id);
        Assert.Equal(
            [ChunkState.Accepted, ChunkState.Abandoned, ChunkState.Abandoned, ChunkState.Planned, ChunkState.Planned],
            chunks.Select(chunk => chunk.State)
        );
        await engine.RunAsync();
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }
}
