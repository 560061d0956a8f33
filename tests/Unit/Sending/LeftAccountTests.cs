using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Microsoft.EntityFrameworkCore;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>
/// A tenant has left an account of its own with a call in doubt there, and sends through another one now: what the old
/// account says stops nobody who goes through the new one.
/// </summary>
public sealed class LeftAccountTests : IAsyncLifetime
{
    private EngineHarness _engine = null!;

    public async Task InitializeAsync() => _engine = await EngineHarness.CreateAsync();

    public async Task DisposeAsync() => await _engine.DisposeAsync();

    [Theory]
    [InlineData(Fault.KeyRevoked)]
    [InlineData(Fault.DailyQuota)]
    [InlineData(Fault.DomainNotVerified)]
    [InlineData(Fault.NoKey)]
    public async Task Repeat_ThatTheLeftAccountRefuses_DoesNotStopTheCampaignThatGoesThroughTheNewOne(Fault fault)
    {
        var (id, old, now) = await ResumedAtAnotherAsync();
        using var oldLane = _engine.Lanes.Open(old);
        using var newLane = _engine.Lanes.Open(now);

        _engine.Provider.Then(fault);
        Assert.Equal(1, await _engine.RunLaneAsync(oldLane));
        Assert.Equal(CampaignStatus.Sending, (await _engine.CampaignAsync(id)).Status);
        await _engine.RunLaneAsync(newLane);

        var counts = await _engine.CountsAsync(id);
        Assert.Equal((150, 100, 0), (counts.Accepted, counts.InDoubt, counts.Pending));
        // Its key opens it again: repeated where it went, under its key.
        _engine.Time.Advance(TimeSpan.FromHours(1));
        await _engine.RunLaneAsync(oldLane);
        await AssertSentAsync(id);
    }

    [Fact]
    public async Task Repeat_WhoseKeyCannotBeRead_DoesNotStopTheCampaignThatGoesThroughTheNewOne()
    {
        var (id, old, now) = await ResumedAtAnotherAsync();
        using var oldLane = _engine.Lanes.Open(old);
        using var newLane = _engine.Lanes.Open(now);

        _engine.Provider.WithoutKey = old.Id;
        Assert.Equal(0, await _engine.RunLaneAsync(oldLane));
        Assert.Equal(CampaignStatus.Sending, (await _engine.CampaignAsync(id)).Status);
        await _engine.RunLaneAsync(newLane);
        Assert.Equal(150, (await _engine.CountsAsync(id)).Accepted);

        _engine.Provider.WithoutKey = null;
        _engine.Time.Advance(TimeSpan.FromHours(1));
        await _engine.RunLaneAsync(oldLane);
        await AssertSentAsync(id);
    }

    [Theory]
    [InlineData(Fault.RateLimited)]
    [InlineData(Fault.ErrorBeforeAcceptance)]
    [InlineData(Fault.Concurrent)]
    public async Task Patience_WithTheLeftAccount_DoesNotStopTheCampaignThatGoesThroughTheNewOne(Fault fault)
    {
        var (id, old, _) = await ResumedAtAnotherAsync();
        using var oldLane = _engine.Lanes.Open(old);

        for (var i = 0; i < 40; i++)
        {
            _engine.Provider.Then(fault);
            await _engine.TurnAsync(oldLane.Dispatcher);
            _engine.Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.True(_engine.Db.Safety.CountOf(SafetyMechanism.PatienceOver) > 0);
        Assert.Equal(CampaignStatus.Sending, (await _engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task Key_OfAnAccountThatIsLeftBesideAnIntent_IsStillThereForItsCall()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        var own = await engine.OwnAccountAsync("one");
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        var id = await engine.LaunchAsync();
        using var lane = engine.Lanes.Open(own);
        var forget = new ForgetOwnKeys(engine.Db);
        engine.Crash.On = point =>
        {
            if (point == CrashPoints.BeforeIntent)
            {
                faults.HoldNext();
            }

            return Task.CompletedTask;
        };

        var call = Task.Run(() => engine.TurnAsync(lane.Dispatcher));
        await faults.HeldAsync();
        var forgotten = Task.Run(async () =>
        {
            await engine.RemoveKeyAsync();
            return await forget.RunOnceAsync(CancellationToken.None);
        });
        await Task.Delay(500);
        faults.Release();

        Assert.Equal(DispatchResult.Sent, await call);
        Assert.Equal(0, await forgotten);
        Assert.Equal(2, (await engine.CountsAsync(id)).Accepted);
        engine.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(1, await forget.RunOnceAsync(CancellationToken.None));
    }

    private async Task AssertSentAsync(Guid id)
    {
        Assert.Equal(CampaignStatus.Sent, (await _engine.CampaignAsync(id)).Status);
        await _engine.AssertNobodyTwiceAndNobodyLostAsync(id);
        Assert.Equal(250, _engine.Provider.Mailed.Count);
    }

    /// <summary>A hundred of 250 in doubt at the old account; the campaign was resumed and goes through the new one.</summary>
    private async Task<(Guid Id, CurrentAccount Old, CurrentAccount Now)> ResumedAtAnotherAsync()
    {
        var old = await _engine.OwnAccountAsync("one");
        await _engine.Database.AddContactsAsync(_engine.Tenant, 250);
        var id = await _engine.LaunchAsync();
        using (var lane = _engine.Lanes.Open(old))
        {
            _engine.Provider.Then(Fault.LostAnswer);
            await _engine.TurnAsync(lane.Dispatcher);
        }

        await _engine.SetKeyAsync("re_two_first");
        await _engine.Expire.RunOnceAsync(CancellationToken.None);
        var now = await _engine.OwnAsync();
        await _engine.VerifyAtAsync(now, "two");
        // As after many tries: the resume calls it up all the same.
        var later = _engine.Time.GetUtcNow() + TimeSpan.FromHours(1);
        await _engine.Db.WriteAsync(
            _engine.Tenant.Scope,
            (db, token) =>
                db
                    .Chunks.Where(chunk => chunk.DoubtfulSince != null)
                    .ExecuteUpdateAsync(set => set.SetProperty(chunk => chunk.NotBefore, later), token),
            CancellationToken.None
        );
        Assert.IsType<ResumeResult.Resumed>(await _engine.ResumeAsync(id));
        _engine.Time.Advance(TimeSpan.FromMinutes(10));
        return (id, old, now);
    }
}
