using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Microsoft.EntityFrameworkCore;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>Campaigns through tenants' own accounts, and what becomes of them when the key changes in their middle.</summary>
public sealed class OwnAccountTests : IAsyncLifetime
{
    private EngineHarness _engine = null!;

    public async Task InitializeAsync() => _engine = await EngineHarness.CreateAsync();

    public async Task DisposeAsync() => await _engine.DisposeAsync();

    [Fact]
    public async Task Campaign_FromADomainOfTheOwnAccount_GoesThroughItAlone()
    {
        var own = await _engine.OwnAccountAsync("one");
        await _engine.Database.AddContactsAsync(_engine.Tenant, 120);
        var id = await _engine.LaunchAsync();

        Assert.Equal(DispatchResult.Idle, await _engine.TurnAsync());
        Assert.Equal([own], await _engine.Lanes.BusyAsync(CancellationToken.None));
        using var lane = _engine.Lanes.Open(own);
        Assert.Equal(2, await _engine.RunLaneAsync(lane));

        Assert.All(_engine.Provider.Calls, call => Assert.Equal(own.Id, call.Own));
        Assert.Equal(CampaignStatus.Sent, (await _engine.CampaignAsync(id)).Status);
        await _engine.AssertNobodyTwiceAndNobodyLostAsync(id);
        Assert.Empty(await _engine.Lanes.BusyAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Domains_OfTheInstallation_GoOnThroughIt_BesideAnOwnAccount()
    {
        await _engine.SetKeyAsync("re_one_first");
        await _engine.Database.AddContactsAsync(_engine.Tenant, 3);

        var id = await _engine.LaunchAsync();
        await _engine.RunAsync();

        Assert.All(_engine.Provider.Calls, call => Assert.Null(call.Own));
        Assert.Equal(CampaignStatus.Sent, (await _engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task ReplacedKey_OfTheSameAccount_GoesOnWithoutAGap()
    {
        var own = await _engine.OwnAccountAsync("one");
        await _engine.Database.AddContactsAsync(_engine.Tenant, 250);
        var id = await _engine.LaunchAsync();
        using var lane = _engine.Lanes.Open(own);
        _engine.Provider.Then(Fault.LostAnswer);
        Assert.Equal(DispatchResult.Sent, await _engine.TurnAsync(lane.Dispatcher));

        var saved = Assert.IsType<OwnAccountOutcome.Saved>(await _engine.SetKeyAsync("re_one_second"));
        Assert.Equal((KeyProof.SameAccount, 0), (saved.Proof, saved.DomainsMoved));
        Assert.Equal(0, await _engine.Expire.RunOnceAsync(CancellationToken.None));
        _engine.Time.Advance(TimeSpan.FromMinutes(5));
        await _engine.RunLaneAsync(lane);

        Assert.Equal(CampaignStatus.Sent, (await _engine.CampaignAsync(id)).Status);
        // The lost one again, under its key, and the two others once.
        Assert.Equal(4, _engine.Provider.Calls.Count);
        Assert.Equal(3, _engine.Provider.Calls.Select(call => (call.Key, call.Hash, call.Own)).Distinct().Count());
        await _engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task ReplacedKey_OfAnotherAccountInTheMiddle_NobodyIsMailedTwice_AndTheRestGoesThroughTheNewOne()
    {
        var old = await _engine.OwnAccountAsync("one");
        await _engine.Database.AddContactsAsync(_engine.Tenant, 250);
        var id = await _engine.LaunchAsync();
        using var oldLane = _engine.Lanes.Open(old);
        _engine.Provider.Then(Fault.None, Fault.LostAnswer);
        await _engine.TurnAsync(oldLane.Dispatcher);
        await _engine.TurnAsync(oldLane.Dispatcher);

        var saved = Assert.IsType<OwnAccountOutcome.Saved>(await _engine.SetKeyAsync("re_two_first"));
        Assert.Equal((KeyProof.AnotherAccount, 1), (saved.Proof, saved.DomainsMoved));
        var now = await _engine.OwnAsync();
        Assert.NotEqual(old.Id, now.Id);

        // Nothing begins at the old account any more: the campaign stops and says so.
        await _engine.Expire.RunOnceAsync(CancellationToken.None);
        var stopped = await _engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Partial, StopReason.AccountChanged), (stopped.Status, stopped.StopReason));
        await _engine.RunLaneAsync(oldLane);
        Assert.Equal(2, _engine.Provider.Calls.Count);

        // Once the new account has verified the domain, the doubt is repeated where it went, and the rest goes the new way.
        await _engine.VerifyAtAsync(now, "two");
        Assert.IsType<ResumeResult.Resumed>(await _engine.ResumeAsync(id));
        using var newLane = _engine.Lanes.Open(now);
        _engine.Time.Advance(TimeSpan.FromMinutes(10));
        await _engine.RunLaneAsync(oldLane);
        await _engine.RunLaneAsync(newLane);

        Assert.Equal(CampaignStatus.Sent, (await _engine.CampaignAsync(id)).Status);
        Assert.Equal([old.Id, old.Id, old.Id, now.Id], _engine.Provider.Calls.Select(call => call.Own!.Value));
        Assert.Equal(_engine.Provider.Calls[1].Key, _engine.Provider.Calls[2].Key);
        await _engine.AssertNobodyTwiceAndNobodyLostAsync(id);
        Assert.Equal(250, _engine.Provider.Mailed.Count);
    }

    [Fact]
    public async Task RemovedKey_IsKeptWhileSomethingIsInDoubt_AndGoesAfterwards()
    {
        var own = await _engine.OwnAccountAsync("one");
        await _engine.Database.AddContactsAsync(_engine.Tenant, 150);
        var id = await _engine.LaunchAsync();
        using var lane = _engine.Lanes.Open(own);
        _engine.Provider.Then(Fault.LostAnswer);
        await _engine.TurnAsync(lane.Dispatcher);
        var forget = new ForgetOwnKeys(_engine.Db);

        Assert.IsType<OwnAccountOutcome.Removed>(await _engine.RemoveKeyAsync());
        Assert.Equal(0, await forget.RunOnceAsync(CancellationToken.None));
        await _engine.Expire.RunOnceAsync(CancellationToken.None);
        Assert.Equal(StopReason.AccountChanged, (await _engine.CampaignAsync(id)).StopReason);

        // The installation's account has verified the domain: the doubt goes where it went, the rest there.
        await _engine.VerifyAtAsync(new CurrentAccount(_engine.Database.AccountId, own.BaseUrl), "shared");
        Assert.IsType<ResumeResult.Resumed>(await _engine.ResumeAsync(id));
        _engine.Time.Advance(TimeSpan.FromMinutes(10));
        await _engine.RunLaneAsync(lane);
        Assert.Equal(1, await forget.RunOnceAsync(CancellationToken.None));
        await _engine.RunAsync();

        Assert.Equal([own.Id, own.Id, null], _engine.Provider.Calls.Select(call => call.Own));
        Assert.Equal(CampaignStatus.Sent, (await _engine.CampaignAsync(id)).Status);
        await _engine.AssertNobodyTwiceAndNobodyLostAsync(id);
        await using var db = _engine.Db.Read(_engine.Tenant.Scope);
        Assert.Null((await db.OwnAccounts.SingleAsync()).ApiKey);
    }

    [Fact]
    public async Task Doubt_OfAnAccountWithoutAKey_BecomesUnknown_AndIsNeverSentElsewhere()
    {
        var own = await _engine.OwnAccountAsync("one");
        await _engine.Database.AddContactsAsync(_engine.Tenant, 2);
        var id = await _engine.LaunchAsync();
        using var lane = _engine.Lanes.Open(own);
        _engine.Provider.Then(Fault.LostAnswer);
        await _engine.TurnAsync(lane.Dispatcher);

        await ChangeAsync(db =>
            db.OwnAccounts.ExecuteUpdateAsync(set => set.SetProperty(o => o.ApiKey, (string?)null))
        );
        _engine.Time.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal(1, await _engine.Expire.RunOnceAsync(CancellationToken.None));
        Assert.Equal(2, (await _engine.CountsAsync(id)).Unknown);
        await _engine.RunAsync();
        await _engine.RunLaneAsync(lane);
        Assert.Single(_engine.Provider.Calls);
    }

    [Fact]
    public async Task Intent_ThroughAnAccountAtAnotherProvider_IsFenced()
    {
        // A copy of the data that was pointed at the emulator must reach nobody with a tenant's key.
        var own = await _engine.OwnAccountAsync("one");
        await _engine.Database.AddContactsAsync(_engine.Tenant, 2);
        await _engine.LaunchAsync();
        using var lane = _engine.Lanes.Open(own);
        await ChangeAsync(db =>
            db.ProviderAccounts.Where(row => row.IsCurrent)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.BaseUrl, "http://emulator.test"))
        );

        Assert.Equal(DispatchResult.Nothing, await _engine.TurnAsync(lane.Dispatcher));

        Assert.Empty(_engine.Provider.Calls);
        Assert.Empty(await _engine.Lanes.BusyAsync(CancellationToken.None));
        Assert.Equal(1, _engine.Db.Safety.CountOf(SafetyMechanism.IntentOtherAccount));
    }

    [Fact]
    public async Task Intent_ThroughAnotherTenantsAccount_IsFenced()
    {
        var south = await _engine.Database.AddTenantAsync("south");
        var souths = await _engine.OwnAccountAsync("two", south);
        await _engine.Database.AddContactsAsync(_engine.Tenant, 2);
        await _engine.LaunchAsync();
        // Forced into every row that names an account.
        await ChangeAsync(async db =>
        {
            await db.Runs.ExecuteUpdateAsync(set => set.SetProperty(run => run.AccountId, souths.Id));
            return await db
                .SendingDomains.Where(row => row.TenantId == _engine.Tenant.Id)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.AccountId, souths.Id));
        });
        using var lane = _engine.Lanes.Open(souths);

        Assert.NotEqual(DispatchResult.Sent, await _engine.TurnAsync(lane.Dispatcher));
        Assert.Empty(_engine.Provider.Calls);
    }

    private Task ChangeAsync(Func<PortalDbContext, Task<int>> change) =>
        _engine.Db.WriteAsync(TenantScope.Installation, (db, _) => change(db), CancellationToken.None);
}
