using Ledgerpost.Campaigns;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Senders;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>A key that was removed, by mistake or not, and entered again: what is bound to its account goes on there.</summary>
public sealed class OwnAccountTakenUpTests : IAsyncLifetime
{
    private readonly ScriptedDomains _domains = new();
    private EngineHarness _engine = null!;

    public async Task InitializeAsync() => _engine = await EngineHarness.CreateAsync();

    public async Task DisposeAsync() => await _engine.DisposeAsync();

    [Theory]
    [InlineData("re_one_first")]
    [InlineData("re_one_second")]
    public async Task RemovedKey_EnteredAgain_TakesItsDomainsUp_AndAResumeFinishesWhatWasHalfSent(string key)
    {
        var own = await _engine.OwnAccountAsync("one");
        await new AddOwnWebhookSecret(_engine.Db, OwnAccountSteps.Secrets).ExecuteAsync(
            _engine.Tenant.As(TenantRole.Owner),
            "whsec_Zmlyc3RzZWNyZXRvZm5vcnRoMDE="
        );
        var id = await HalfSentAsync(own);
        await LeaveAsync(id);

        var saved = Assert.IsType<OwnAccountOutcome.Saved>(await _engine.SetKeyAsync(key));

        Assert.Equal((KeyProof.TakenUp, 1), (saved.Proof, saved.DomainsMoved));
        Assert.Equal(own.Id, (await _engine.OwnAsync()).Id);
        Assert.Null(Assert.Single((await ViewAsync()).Secrets).EndsAt);
        await LookAsync(own.Id);
        await FinishAsync(id, own);
        // The doubt went where it had gone, under its key, and everything else there too.
        Assert.Equal([own.Id, own.Id, own.Id, own.Id], _engine.Provider.Calls.Select(call => call.Own!.Value));
        Assert.Equal(_engine.Provider.Calls[1].Key, _engine.Provider.Calls[2].Key);
    }

    [Fact]
    public async Task AnotherAccountsKey_AfterNone_TakesTheDomainsThatWereLeft_AndTheDoubtStaysWhereItWas()
    {
        var old = await _engine.OwnAccountAsync("one");
        var id = await HalfSentAsync(old);
        await LeaveAsync(id);

        var saved = Assert.IsType<OwnAccountOutcome.Saved>(await _engine.SetKeyAsync("re_two_first"));

        Assert.Equal((KeyProof.First, 1), (saved.Proof, saved.DomainsMoved));
        var now = await _engine.OwnAsync();
        Assert.NotEqual(old.Id, now.Id);
        await LookAsync(now.Id);
        await FinishAsync(id, old, now);
        Assert.Equal([old.Id, old.Id, old.Id, now.Id], _engine.Provider.Calls.Select(call => call.Own!.Value));
        Assert.Equal(_engine.Provider.Calls[1].Key, _engine.Provider.Calls[2].Key);
    }

    [Fact]
    public async Task Domain_ThatTheInstallationsAccountHasVerifiedSince_StaysThere_WhenTheKeyIsEnteredAgain()
    {
        var own = await _engine.OwnAccountAsync("one");
        await _engine.RemoveKeyAsync();
        await _engine.VerifyAtAsync(new CurrentAccount(_engine.Database.AccountId, own.BaseUrl), "shared");

        var saved = Assert.IsType<OwnAccountOutcome.Saved>(await _engine.SetKeyAsync("re_one_first"));

        Assert.Equal((KeyProof.TakenUp, 0), (saved.Proof, saved.DomainsMoved));
        await using var db = _engine.Db.Read(_engine.Tenant.Scope);
        var domain = await db.SendingDomains.SingleAsync();
        Assert.Equal((_engine.Database.AccountId, DomainStatus.Verified), (domain.AccountId, domain.Status));
    }

    [Fact]
    public async Task LeftAccount_WithADomainAndNoMail_IsNotGivenAnotherAccountsKey_AndIsKnownByItsOwn()
    {
        var own = await _engine.OwnAccountAsync("one");
        await _engine.RemoveKeyAsync();

        await _engine.SetKeyAsync("re_two_first");
        Assert.NotEqual(own.Id, (await _engine.OwnAsync()).Id);

        var back = Assert.IsType<OwnAccountOutcome.Saved>(await _engine.SetKeyAsync("re_one_second"));
        Assert.Equal((KeyProof.AnotherAccount, 1), (back.Proof, back.DomainsMoved));
        Assert.Equal(own.Id, (await _engine.OwnAsync()).Id);
    }

    [Fact]
    public async Task Question_BeforeItIsRemoved_NamesWhatIsNotFinished()
    {
        var own = await _engine.OwnAccountAsync("one");
        Assert.Empty((await ViewAsync()).Campaigns);

        var id = await HalfSentAsync(own);

        Assert.Equal([(await _engine.CampaignAsync(id)).Name], (await ViewAsync()).Campaigns);
    }

    /// <summary>A hundred are mailed, a hundred in doubt though mailed, fifty wait.</summary>
    private async Task<Guid> HalfSentAsync(CurrentAccount own)
    {
        await _engine.Database.AddContactsAsync(_engine.Tenant, 250);
        var id = await _engine.LaunchAsync();
        using var lane = _engine.Lanes.Open(own);
        _engine.Provider.Then(Fault.None, Fault.LostAnswer);
        await _engine.TurnAsync(lane.Dispatcher);
        await _engine.TurnAsync(lane.Dispatcher);
        return id;
    }

    private async Task LeaveAsync(Guid id)
    {
        Assert.Equal(1, Assert.IsType<OwnAccountOutcome.Removed>(await _engine.RemoveKeyAsync()).DomainsMoved);
        await _engine.Expire.RunOnceAsync(CancellationToken.None);
        Assert.Equal(StopReason.AccountChanged, (await _engine.CampaignAsync(id)).StopReason);

        // The provider gives a name to one account at a time: the installation's does not get it.
        _domains.Create = new DomainAnswer.Exists();
        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));
        Assert.Equal(2, _engine.Provider.Calls.Count);
    }

    /// <summary>As the background does, without anybody pressing.</summary>
    private async Task LookAsync(Guid accountId)
    {
        _domains.Find = ScriptedDomains.Known("one", DomainStatus.Verified);
        _domains.Calls.Clear();
        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));
        Assert.All(_domains.Calls, call => Assert.EndsWith($"at {accountId}", call, StringComparison.Ordinal));
        await using var db = _engine.Db.Read(_engine.Tenant.Scope);
        Assert.Equal(DomainStatus.Verified, (await db.SendingDomains.SingleAsync()).Status);
    }

    private async Task FinishAsync(Guid id, params CurrentAccount[] accounts)
    {
        Assert.IsType<ResumeResult.Resumed>(await _engine.ResumeAsync(id));
        _engine.Time.Advance(TimeSpan.FromMinutes(10));
        foreach (var account in accounts)
        {
            using var lane = _engine.Lanes.Open(account);
            await _engine.RunLaneAsync(lane);
        }

        Assert.Equal(CampaignStatus.Sent, (await _engine.CampaignAsync(id)).Status);
        await _engine.AssertNobodyTwiceAndNobodyLostAsync(id);
        Assert.Equal(250, _engine.Provider.Mailed.Count);
    }

    private RecheckDomains Recheck() =>
        new(
            _engine.Db,
            new DomainRegistration(_engine.Db, _domains),
            new DomainSignal(),
            NullLogger<RecheckDomains>.Instance
        );

    private Task<OwnAccountView> ViewAsync() =>
        new OwnAccountOverview(_engine.Db).ExecuteAsync(_engine.Tenant.As(TenantRole.Owner));
}
