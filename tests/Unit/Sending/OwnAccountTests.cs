using System.Collections.Concurrent;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Support;
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
        // So long it is kept anyway, for intents that were being written.
        _engine.Time.Advance(TimeSpan.FromMinutes(3));
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
        // It is stopped before its doubt ends: the reason is the account, and not that somebody is unknown.
        Assert.Equal(StopReason.AccountChanged, (await _engine.CampaignAsync(id)).StopReason);
        await _engine.RunAsync();
        await _engine.RunLaneAsync(lane);
        Assert.Single(_engine.Provider.Calls);
    }

    [Fact]
    public async Task UnusedAccount_ThatIsSentThroughWhileAnotherKeyIsProven_DoesNotGetThatKey()
    {
        // The first account has mail, so that the provider is asked about it; the second has nothing yet.
        var first = await _engine.OwnAccountAsync("one");
        await _engine.Database.AddContactsAsync(_engine.Tenant, 2);
        await _engine.LaunchAsync();
        using var firstLane = _engine.Lanes.Open(first);
        await _engine.RunLaneAsync(firstLane);
        await _engine.SetKeyAsync("re_two_first");
        var second = await _engine.OwnAsync();
        await _engine.VerifyAtAsync(new CurrentAccount(_engine.Database.AccountId, first.BaseUrl), "shared");
        var launched = Guid.Empty;
        using var secondLane = _engine.Lanes.Open(second);
        _engine.Probe.BeforeAnswer = async id =>
        {
            if (launched == Guid.Empty && id != "shared")
            {
                await _engine.VerifyAtAsync(second, "two");
                launched = await _engine.LaunchAsync();
                _engine.Provider.Then(Fault.LostAnswer);
                await _engine.TurnAsync(secondLane.Dispatcher);
            }
        };

        var saved = Assert.IsType<OwnAccountOutcome.Saved>(await _engine.SetKeyAsync("re_three_first"));

        Assert.NotEqual(Guid.Empty, launched);
        Assert.Equal(KeyProof.AnotherAccount, saved.Proof);
        Assert.NotEqual(second.Id, (await _engine.OwnAsync()).Id);
        await using var db = _engine.Db.Read(_engine.Tenant.Scope);
        var kept = await db.OwnAccounts.SingleAsync(row => row.AccountId == second.Id);
        Assert.Equal("re_two_first", OwnAccountSteps.Secrets.Read(_engine.Tenant.Id, kept.ApiKey!));
    }

    [Fact]
    public async Task KeyThatCannotBeRead_StopsTheCampaignBeforeItsIntent_WithItsReason()
    {
        var own = await _engine.OwnAccountAsync("one");
        await _engine.Database.AddContactsAsync(_engine.Tenant, 150);
        var id = await _engine.LaunchAsync();
        using var lane = _engine.Lanes.Open(own);
        _engine.Provider.HasKey = false;

        Assert.Equal(0, await _engine.RunLaneAsync(lane));

        var stopped = await _engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Partial, StopReason.KeyMissing), (stopped.Status, stopped.StopReason));
        Assert.Equal((150, 0), ((await _engine.CountsAsync(id)).Pending, (await _engine.CountsAsync(id)).InDoubt));
        Assert.Empty(_engine.Provider.Calls);

        _engine.Provider.HasKey = true;
        Assert.IsType<ResumeResult.Resumed>(await _engine.ResumeAsync(id));
        await _engine.RunLaneAsync(lane);
        Assert.Equal(CampaignStatus.Sent, (await _engine.CampaignAsync(id)).Status);
        await _engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task KeyTakenAwayAfterTheIntent_IsSaidAsThat_AndIsNoFailureOfTheAccount()
    {
        var own = await _engine.OwnAccountAsync("one");
        await _engine.Database.AddContactsAsync(_engine.Tenant, 2);
        var id = await _engine.LaunchAsync();
        using var lane = _engine.Lanes.Open(own);
        _engine.Provider.Then(Fault.NoKey);

        await _engine.TurnAsync(lane.Dispatcher);

        Assert.Equal(StopReason.KeyMissing, (await _engine.CampaignAsync(id)).StopReason);
        Assert.Equal(0, _engine.Db.Safety.CountOf(SafetyMechanism.TooLateToPost));
        await using var db = _engine.Db.Read(_engine.Tenant.Scope);
        Assert.Equal(0, (await db.ProviderAccounts.SingleAsync(row => row.Id == own.Id)).FailuresInARow);
        var attempt = await db.Attempts.SingleAsync();
        Assert.Equal(AttemptOutcome.NotSent, attempt.Outcome);
        Assert.Contains("key", attempt.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LeftAccountsKey_IsKeptAWeekForWhatBecameUnknownThere_AndItsDoubtIsAskedAbout()
    {
        var own = await _engine.OwnAccountAsync("one");
        await _engine.Database.AddContactsAsync(_engine.Tenant, 2);
        var id = await _engine.LaunchAsync();
        using var lane = _engine.Lanes.Open(own);
        _engine.Provider.Then(Fault.LostAnswer);
        await _engine.TurnAsync(lane.Dispatcher);
        await _engine.RemoveKeyAsync();
        var questions = new OpenQuestions(_engine.Db);
        Assert.Single(await questions.ReadAsync(own, CancellationToken.None));

        _engine.Time.Advance(TimeSpan.FromHours(25));
        await _engine.Expire.RunOnceAsync(CancellationToken.None);
        Assert.Equal(2, (await _engine.CountsAsync(id)).Unknown);
        var forget = new ForgetOwnKeys(_engine.Db);
        Assert.Equal(0, await forget.RunOnceAsync(CancellationToken.None));
        Assert.Single(await questions.ReadAsync(own, CancellationToken.None));

        _engine.Time.Advance(TimeSpan.FromDays(7));
        Assert.Equal(1, await forget.RunOnceAsync(CancellationToken.None));
    }

    [Fact]
    public async Task TroubleWithOneAccount_KeepsNoOtherFromBeingAsked()
    {
        var south = await _engine.Database.AddTenantAsync("south");
        foreach (var (tenant, name) in new[] { (_engine.Tenant, "one"), (south, "two") })
        {
            var own = await _engine.OwnAccountAsync(name, tenant);
            await _engine.Database.AddContactsAsync(tenant, 2);
            await _engine.LaunchAsync(tenant);
            using var lane = _engine.Lanes.Open(own);
            _engine.Provider.Then(Fault.LostAnswer);
            await _engine.TurnAsync(lane.Dispatcher);
        }

        _engine.Time.Advance(TimeSpan.FromHours(25));
        await _engine.Expire.RunOnceAsync(CancellationToken.None);
        var keys = new BrokenKeys();
        using var http = new ResendHttp(new HttpClientHandler());
        var endpoint = new ProviderEndpoint(ProviderMode.Resend, "http://provider.test", "re_key", []);
        var reconcilers = new OwnReconcilers(
            _engine.Db,
            new OpenQuestions(_engine.Db),
            new OwnArchives(_engine.Db, new ResendReader(http, endpoint, _engine.Time), keys),
            _engine.Notifier,
            NullLogger<Reconciler>.Instance
        );

        using var stop = new CancellationTokenSource();
        var running = reconcilers.RunAsync(stop.Token);
        await keys.Both.Task.WaitAsync(TimeSpan.FromMinutes(1));
        await stop.CancelAsync();
        await running;

        Assert.Equal(2, keys.Asked.Distinct().Count());
    }

    [Fact]
    public async Task Intent_ThroughAnAccountAtAnotherProvider_IsFenced()
    {
        // A copy of the data that was pointed at the emulator must reach nobody with a tenant's key.
        var own = await _engine.OwnAccountAsync("one");
        await _engine.Database.AddContactsAsync(_engine.Tenant, 2);
        await _engine.LaunchAsync();
        using var lane = _engine.Lanes.Open(own);
        // After the claim, which would not take it any more.
        _engine.Crash.On = async point =>
        {
            if (point == CrashPoints.BeforeIntent)
            {
                await ChangeAsync(db =>
                    db.ProviderAccounts.Where(row => row.IsCurrent)
                        .ExecuteUpdateAsync(set => set.SetProperty(row => row.BaseUrl, "http://emulator.test"))
                );
            }
        };

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
        // Forced into every row that names an account, which their triggers would refuse.
        await AccountTriggers.DropAsync(_engine.Database);
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

    private sealed class BrokenKeys : IOwnKeys
    {
        public ConcurrentBag<Guid> Asked { get; } = [];

        public TaskCompletionSource Both { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask<string?> FindAsync(Guid accountId, CancellationToken cancellation)
        {
            Asked.Add(accountId);
            if (Asked.Distinct().Count() == 2)
            {
                Both.TrySetResult();
            }

            throw new InvalidOperationException("The keys are out of reach.");
        }
    }

    private Task ChangeAsync(Func<PortalDbContext, Task<int>> change) =>
        _engine.Db.WriteAsync(TenantScope.Installation, (db, _) => change(db), CancellationToken.None);
}
