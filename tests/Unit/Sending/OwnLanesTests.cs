using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>Many tenants with accounts of their own, on the few workers that these share.</summary>
public sealed class OwnLanesTests : IAsyncLifetime
{
    private const int Places = 8;
    private const int PerAccount = 3;

    private readonly List<(TestTenant Tenant, CurrentAccount Account, Guid Campaign)> _senders = [];
    private EngineHarness _engine = null!;
    private CountedCalls _calls = null!;

    public async Task InitializeAsync()
    {
        _engine = await EngineHarness.CreateAsync();
        _calls = new CountedCalls(_engine.Provider);
        (_engine.Options.OwnAccountsConcurrency, _engine.Options.MaxConcurrency) = (Places, PerAccount);
        // A call for each recipient.
        _engine.Options.BatchSize = 1;
    }

    public async Task DisposeAsync() => await _engine.DisposeAsync();

    [Fact]
    public async Task HundredsOfAccounts_AllFinish_InTurns_WithNeverMoreCallsThanAllowed()
    {
        await AddSendersAsync(200, calls: 3);

        await RunUntilAsync(() => _calls.Made.Count == 600);

        Assert.InRange(_calls.Most, 2, Places);
        Assert.InRange(_calls.MostOfOne, 1, PerAccount);
        await AssertSentAsync(_senders);
        // Everybody's first call came before anybody's last.
        var made = _calls.Made.Select((id, at) => (id, at)).GroupBy(call => call.id, call => call.at).ToList();
        Assert.True(made.Max(calls => calls.First()) < made.Min(calls => calls.Last()) + Places);
    }

    [Fact]
    public async Task AccountThatHangs_HoldsItsOwnCampaignUpAlone()
    {
        await AddSendersAsync(1, calls: 10);
        var hung = _senders[0];
        _calls.Hangs.Add(hung.Account.Id);
        await AddSendersAsync(60, calls: 3);

        await RunUntilAsync(() => _calls.Made.Count == 180);

        await AssertSentAsync(_senders.Skip(1));
        Assert.InRange(_calls.Now, 1, PerAccount);
        Assert.Equal(CampaignStatus.Sending, (await _engine.CampaignAsync(hung.Campaign, hung.Tenant)).Status);
    }

    [Fact]
    public async Task AccountsThatAreFailing_MoreThanThereArePlaces_LeaveHalfOfThem()
    {
        await AddSendersAsync(2 * Places, calls: 1);
        var failing = _senders.ToList();
        await ChangeAsync(db =>
            db.ProviderAccounts.Where(row => row.OwnerId != null)
                .ExecuteUpdateAsync(set =>
                    set.SetProperty(row => row.FailuresInARow, 3)
                        .SetProperty(row => row.FailingSince, _engine.Time.GetUtcNow())
                )
        );
        _calls.Hangs.UnionWith(failing.Select(sender => sender.Account.Id));
        await AddSendersAsync(60, calls: 3);

        await RunUntilAsync(() => _calls.Made.Count == 180 && _calls.Now == Places / 2);

        await AssertSentAsync(_senders.Skip(failing.Count));
        Assert.Equal(Places / 2, _calls.Now);
    }

    [Fact]
    public async Task AccountThatIsRateLimited_WaitsByItself_AndGoesOn()
    {
        await AddSendersAsync(20, calls: 3);
        _calls.Limits[_senders[0].Account.Id] = 3;

        await RunUntilAsync(() => _calls.Made.Count == 60);

        await AssertSentAsync(_senders);
        Assert.Equal(0, _calls.Limits[_senders[0].Account.Id]);
    }

    /// <summary>The clock goes on by less than the ten seconds after which they would have looked by themselves.</summary>
    [Fact]
    public async Task Launch_WhileNobodyHasAnything_IsTakenUpAtItsWakeUp()
    {
        await AddSendersAsync(1, calls: 1);
        using var stop = new CancellationTokenSource();
        var running = _engine.NewLanes(_calls).RunAsync(stop.Token, CancellationToken.None);
        await PassAsync(() => _calls.Made.Count == 1);

        await AddSendersAsync(1, calls: 1);
        await PassAsync(() => _calls.Made.Count == 2);

        await stop.CancelAsync();
        await PassAsync(() => running.IsCompleted);
        await running;
        await AssertSentAsync(_senders);
    }

    [Fact]
    public async Task Mail_ThroughAnOwnAccount_WakesOwnAccountsWorkers_AndNotTheInstallations()
    {
        var tenant = await _engine.Database.AddTenantAsync("own");
        await _engine.OwnAccountAsync("own", tenant);
        var (all, own) = (_engine.Signal.Seen, _engine.Signal.Own.Seen);

        await _engine.PostAsync("through the own", tenant: tenant);
        Assert.Equal((all, own + 1), (_engine.Signal.Seen, _engine.Signal.Own.Seen));

        await _engine.PostAsync("through the installation's");
        Assert.Equal((all + 1, own + 2), (_engine.Signal.Seen, _engine.Signal.Own.Seen));
    }

    /// <summary>The same as at a launch: before they would have looked by themselves.</summary>
    [Fact]
    public async Task Mail_WhileNobodyHasAnything_IsTakenUpAtItsWakeUp()
    {
        var tenant = await _engine.Database.AddTenantAsync("own");
        await _engine.OwnAccountAsync("own", tenant);
        using var stop = new CancellationTokenSource();
        var running = _engine.NewLanes(_calls).RunAsync(stop.Token, CancellationToken.None);
        await _engine.PostAsync("one", tenant: tenant);
        await PassAsync(() => _calls.Made.Count == 1);

        await _engine.PostAsync("two", tenant: tenant);
        await PassAsync(() => _calls.Made.Count == 2);

        await stop.CancelAsync();
        await PassAsync(() => running.IsCompleted);
        await running;
    }

    [Fact]
    public async Task Doubt_OfAnAccountThatWasLeft_IsRepeatedThere_AndNothingBegins()
    {
        await AddSendersAsync(1, calls: 3);
        var (tenant, left, campaign) = _senders[0];
        _engine.Provider.Then(FakeProvider.Fault.LostAnswer);
        using (var lane = _engine.Lanes.Open(left))
        {
            await _engine.TurnAsync(lane.Dispatcher);
        }

        await _engine.SetKeyAsync("re_other_first", tenant: tenant);
        // Verified again, so that the doubt may be repeated; the campaign itself waits for its resume.
        await _engine.VerifyAtAsync(await _engine.OwnAsync(tenant), "other", tenant);
        Assert.Equal([left], await _engine.Lanes.BusyAsync(CancellationToken.None));
        _engine.Time.Advance(TimeSpan.FromMinutes(5));

        await RunUntilAsync(() => !_calls.Made.IsEmpty);

        Assert.Equal([left.Id], _calls.Made);
        Assert.Equal((2, 1), await StandingAsync(tenant, campaign));
        Assert.Empty(await _engine.Lanes.BusyAsync(CancellationToken.None));
    }

    [Fact]
    public async Task AccountWithoutAUsableKey_IsNotWorkedFor_AndNothingOfItIsClaimed()
    {
        await AddSendersAsync(1, calls: 2);
        var (tenant, account, campaign) = _senders[0];
        using var lane = _engine.Lanes.Open(account);
        _engine.Provider.Then(FakeProvider.Fault.LostAnswer);
        await _engine.TurnAsync(lane.Dispatcher);
        _engine.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal([account], await _engine.Lanes.BusyAsync(CancellationToken.None));

        await ChangeAsync(db =>
            db.OwnAccounts.ExecuteUpdateAsync(set => set.SetProperty(row => row.ApiKey, (string?)null))
        );

        Assert.Empty(await _engine.Lanes.BusyAsync(CancellationToken.None));
        Assert.Equal(DispatchResult.Idle, await _engine.TurnAsync(lane.Dispatcher));
        Assert.Single(_engine.Provider.Calls);
    }

    [Fact]
    public async Task AccountAtAnotherProvider_IsNotWorkedFor_AndNothingOfItBegins()
    {
        await AddSendersAsync(1, calls: 2);
        using var lane = _engine.Lanes.Open(_senders[0].Account);

        await ChangeAsync(db =>
            db.ProviderAccounts.Where(row => row.IsCurrent)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.BaseUrl, "http://emulator.test"))
        );

        Assert.Empty(await _engine.Lanes.BusyAsync(CancellationToken.None));
        Assert.Equal(DispatchResult.Idle, await _engine.TurnAsync(lane.Dispatcher));
    }

    [Fact]
    public async Task PausedCampaign_AndHeldInstallation_AreNoWork()
    {
        await AddSendersAsync(2, calls: 2);
        var (tenant, account, campaign) = _senders[0];
        await _engine.Pause.ExecuteAsync(tenant.As(TenantRole.Admin), campaign, CancellationToken.None);
        Assert.Equal([_senders[1].Account], await _engine.Lanes.BusyAsync(CancellationToken.None));

        await ChangeAsync(db =>
            db.Installation.ExecuteUpdateAsync(set => set.SetProperty(row => row.Hold, HoldReason.Restored))
        );
        Assert.Empty(await _engine.Lanes.BusyAsync(CancellationToken.None));
    }

    [Fact]
    public async Task ManyAccounts_WithAnOpenQuestion_AreFoundTogether()
    {
        await AddSendersAsync(30, calls: 1);
        _engine.Provider.Always = FakeProvider.Fault.LostAnswer;
        foreach (var (_, account, _) in _senders.Take(20))
        {
            using var lane = _engine.Lanes.Open(account);
            await _engine.TurnAsync(lane.Dispatcher);
        }

        _engine.Time.Advance(TimeSpan.FromHours(25));
        await _engine.Expire.RunOnceAsync(CancellationToken.None);

        var asked = await new OpenQuestions(_engine.Db).OwnAccountsAsync(CancellationToken.None);

        Assert.Equal(_senders.Take(20).Select(sender => sender.Account).ToHashSet(), asked.ToHashSet());
    }

    private async Task AddSendersAsync(int count, int calls)
    {
        // With a call for each recipient, as it was set after the engine's own was made.
        var launch = new LaunchCampaign(
            _engine.Db,
            _engine.Signal,
            _engine.Notifier,
            NullLogger<LaunchCampaign>.Instance,
            _engine.Options
        );
        for (var i = 0; i < count; i++)
        {
            var name = $"t{_senders.Count}";
            var tenant = await _engine.Database.AddTenantAsync(name);
            var account = await _engine.OwnAccountAsync(name, tenant);
            await _engine.Database.AddContactsAsync(tenant, calls);
            var campaign = await _engine.DraftAsync(tenant);
            Assert.IsType<LaunchResult.Launched>(
                await launch.ExecuteAsync(tenant.As(TenantRole.Admin), campaign, 0, CancellationToken.None)
            );
            _senders.Add((tenant, account, campaign));
        }
    }

    /// <summary>The loops, on a clock that goes on by a little whenever nothing else happens; calls that hang are given up at the end.</summary>
    private async Task RunUntilAsync(Func<bool> holds)
    {
        using var stop = new CancellationTokenSource();
        using var abandon = new CancellationTokenSource();
        var running = _engine.NewLanes(_calls).RunAsync(stop.Token, abandon.Token);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        // Nothing but what hangs is given up.
        while ((!holds() || !await AreSettledAsync()) && !limit.IsCancellationRequested)
        {
            await Task.Delay(1);
            _engine.Time.Advance(TimeSpan.FromMilliseconds(20));
        }

        Assert.False(limit.IsCancellationRequested, $"After {_calls.Made.Count} calls, {_calls.Now} under way.");
        await stop.CancelAsync();
        // What waits for its turn waits on the engine's clock.
        while (!running.IsCompleted && _calls.Now == 0)
        {
            await Task.Delay(1);
            _engine.Time.Advance(TimeSpan.FromMilliseconds(20));
        }

        var hanging = _calls.Now;
        await abandon.CancelAsync();
        await running;
        _calls.Now = hanging;
    }

    /// <summary>The clock goes to whatever waits for it, but no further than four seconds.</summary>
    private async Task PassAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var end = _engine.Time.GetUtcNow() + TimeSpan.FromSeconds(4);
        while (!holds())
        {
            Assert.False(limit.IsCancellationRequested, $"After {_calls.Made.Count} calls, {_calls.Now} under way.");
            await Task.Delay(1);
            if (_engine.Time.NextDue() is { } due && due <= end)
            {
                var wait = due - _engine.Time.GetUtcNow();
                _engine.Time.Advance(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
            }
        }
    }

    private async Task<bool> AreSettledAsync()
    {
        await using var db = _engine.Db.Read(TenantScope.Installation);
        return await db.Chunks.CountAsync(chunk => chunk.State == ChunkState.Leased) == _calls.Now;
    }

    private async Task AssertSentAsync(IEnumerable<(TestTenant Tenant, CurrentAccount Account, Guid Campaign)> senders)
    {
        var all = senders.ToList();
        foreach (var (tenant, _, campaign) in all)
        {
            Assert.Equal(CampaignStatus.Sent, (await _engine.CampaignAsync(campaign, tenant)).Status);
        }

        await _engine.AssertNobodyTwiceAndNobodyLostAsync([.. all.Select(sender => sender.Campaign)]);
    }

    private async Task<(int Pending, int Accepted)> StandingAsync(TestTenant tenant, Guid campaign)
    {
        var counts = await _engine.CountsAsync(campaign, tenant);
        return (counts.Pending, counts.Accepted);
    }

    private Task ChangeAsync(Func<PortalDbContext, Task<int>> change) =>
        _engine.Db.WriteAsync(TenantScope.Installation, (db, _) => change(db), CancellationToken.None);
}
