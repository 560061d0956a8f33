using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Sending;
using UnitTests.Support;
using UnitTests.Webhooks;

namespace UnitTests.Senders;

public sealed class RecheckDomainsTests : IAsyncLifetime
{
    private readonly ScriptedDomains _provider = new();
    private EngineHarness _engine = null!;

    public async Task InitializeAsync()
    {
        _engine = await EngineHarness.CreateAsync();
        _provider.Get = Answer(DomainStatus.Verified);
    }

    public async Task DisposeAsync() => await _engine.DisposeAsync();

    [Fact]
    public async Task VerifiedDomain_IsLookedAtAboutOnceAnHour_HoweverOftenItWasFoundSo()
    {
        var recheck = Recheck();
        for (var look = 0; look < 12; look++)
        {
            Assert.True(await recheck.RunOnceAsync(CancellationToken.None));
            Assert.False(await recheck.RunOnceAsync(CancellationToken.None));
            var domain = await DomainAsync();
            Assert.Equal(DomainStatus.Verified, domain.Status);
            Assert.InRange((domain.NextCheckAt - _engine.Time.GetUtcNow()).TotalMinutes, 50, 70);
            _engine.Time.Advance(TimeSpan.FromMinutes(71));
        }

        // Silence after that is no reason to look away for hours.
        _provider.Get = new DomainAnswer.NoAnswer();
        Assert.True(await recheck.RunOnceAsync(CancellationToken.None));
        Assert.InRange(((await DomainAsync()).NextCheckAt - _engine.Time.GetUtcNow()).TotalMinutes, 1, 5);
    }

    [Fact]
    public async Task EventAboutADomain_HasItLookedAtAtOnce()
    {
        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));
        _provider.Get = Answer(DomainStatus.Failed, "failed");
        _engine.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.False(await Recheck().RunOnceAsync(CancellationToken.None));

        // Not what it says: it may be an old one.
        await EventTests.ReceiveAsync(
            _engine,
            """{"type":"domain.updated","data":{"id":"id-1","name":"north.test","status":"verified"}}"""
        );

        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));
        Assert.Equal(DomainStatus.Failed, (await DomainAsync()).Status);
    }

    [Fact]
    public async Task EventThatALookBrought_IsLookedAtAMinuteLater_SoThatLooksAndEventsDoNotChaseEachOther()
    {
        _provider.Get = Answer(DomainStatus.Pending);
        await SetAsync(DomainStatus.Pending);
        var looks = 0;
        for (var second = 0; second < 600; second++)
        {
            if (await Recheck().RunOnceAsync(CancellationToken.None))
            {
                looks++;
                await EventTests.ReceiveAsync(_engine, """{"type":"domain.updated","data":{"id":"id-1"}}""");
            }

            _engine.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(looks, 3, 12);
    }

    [Fact]
    public async Task EventRightAfterALook_HasItLookedAtAMinuteLater_AndNotInAnHour()
    {
        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));
        _engine.Time.Advance(TimeSpan.FromSeconds(10));

        await EventTests.ReceiveAsync(_engine, """{"type":"domain.updated","data":{"id":"id-1"}}""");

        _engine.Time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(await Recheck().RunOnceAsync(CancellationToken.None));
        _engine.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));
    }

    [Fact]
    public async Task DomainThatIsNotVerified_IsLookedAtBeforeThoseThatAre_HoweverLongTheyHaveWaited()
    {
        // A verified one, due for an hour.
        var south = await _engine.Database.AddTenantAsync("south");
        await _engine.Db.WriteAsync(
            TenantScope.Installation,
            (db, token) =>
                db.SendingDomains.ExecuteUpdateAsync(
                    set => set.SetProperty(d => d.NextCheckAt, _engine.Time.GetUtcNow() - TimeSpan.FromHours(1)),
                    token
                ),
            CancellationToken.None
        );
        await _engine.Db.WriteAsync(
            _engine.Tenant.Scope,
            (db, token) =>
                db.SendingDomains.ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(d => d.Status, DomainStatus.Pending)
                            .SetProperty(d => d.NextCheckAt, _engine.Time.GetUtcNow()),
                    token
                ),
            CancellationToken.None
        );
        _provider.Get = new DomainAnswer.NoAnswer();

        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));
        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));

        Assert.Equal([$"get {_engine.Tenant.DomainId}", $"get {south.DomainId}"], _provider.Calls);
    }

    [Fact]
    public async Task VerifiedDomain_ThatIsNotKnownToBeHere_IsNotSentToBeVerifiedAgain()
    {
        await SetAsync(DomainStatus.Pending);

        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));

        Assert.StartsWith("get ", Assert.Single(_provider.Calls), StringComparison.Ordinal);
        Assert.Equal(DomainStatus.Verified, (await DomainAsync()).Status);
    }

    [Fact]
    public async Task EventAboutADomain_OfAnotherAccount_ChangesNothing()
    {
        await _engine.SetKeyAsync("re_one_first");
        await _engine.VerifyAtAsync(await _engine.OwnAsync(), "one");
        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));
        _engine.Time.Advance(TimeSpan.FromMinutes(2));

        // Signed with the installation's secret.
        await EventTests.ReceiveAsync(_engine, """{"type":"domain.updated","data":{"id":"id-1"}}""");

        Assert.Equal("id-1", (await DomainAsync()).ProviderDomainId);
        Assert.False(await Recheck().RunOnceAsync(CancellationToken.None));
    }

    [Fact]
    public async Task PendingDomain_IsLookedAtSoon_ThenEverMoreRarely_UntilItIsVerified()
    {
        _provider.Get = Answer(DomainStatus.Pending);
        await SetAsync(DomainStatus.Pending);
        var recheck = Recheck();
        var pauses = new List<double>();
        for (var look = 0; look < 12; look++)
        {
            Assert.True(await recheck.RunOnceAsync(CancellationToken.None));
            var next = (await DomainAsync()).NextCheckAt;
            pauses.Add((next - _engine.Time.GetUtcNow()).TotalMinutes);
            _engine.Time.Advance(next - _engine.Time.GetUtcNow());
        }

        Assert.InRange(pauses[0], 1, 3);
        Assert.Equal(pauses.Order(), pauses);
        Assert.InRange(pauses[^1], 300, 420);
        _provider.Get = Answer(DomainStatus.Verified);
        Assert.True(await recheck.RunOnceAsync(CancellationToken.None));
        Assert.Equal(DomainStatus.Verified, (await DomainAsync()).Status);
    }

    [Fact]
    public async Task LostVerification_StopsTheCampaignBeforeItsNextCall_WithItsReason_AndRegained_ItGoesOn()
    {
        await _engine.Database.AddContactsAsync(_engine.Tenant, 250);
        var id = await _engine.LaunchAsync();
        Assert.Equal(DispatchResult.Sent, await _engine.TurnAsync());
        _provider.Get = Answer(DomainStatus.Failed, "failed");
        var told = new List<Guid>();
        var signal = new DomainSignal { Looked = told.Add };

        Assert.True(await Recheck(signal).RunOnceAsync(CancellationToken.None));
        await _engine.RunAsync();

        var stopped = await _engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Partial, StopReason.SenderNotVerified), (stopped.Status, stopped.StopReason));
        Assert.Equal("north.test: Not found as the provider asks for it: DKIM.", stopped.StopDetail);
        Assert.Single(_engine.Provider.Calls);
        Assert.Equal([_engine.Tenant.Id], told);
        Assert.Contains(
            "domain.status_changed",
            await SendingDomainTests.ActionsAsync(_engine.Database, _engine.Tenant)
        );

        _provider.Get = Answer(DomainStatus.Verified);
        _engine.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));
        Assert.IsType<ResumeResult.Resumed>(await _engine.ResumeAsync(id));
        await _engine.RunAsync();
        Assert.Equal(CampaignStatus.Sent, (await _engine.CampaignAsync(id)).Status);
        await _engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Silence_OfTheProvider_ChangesNothing_AndIsAskedAgainSoon()
    {
        _provider.Get = new DomainAnswer.NoAnswer();

        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));

        var domain = await DomainAsync();
        Assert.Equal((DomainStatus.Verified, "The provider did not answer."), (domain.Status, domain.Remark));
        Assert.InRange((domain.NextCheckAt - _engine.Time.GetUtcNow()).TotalMinutes, 1, 5);
    }

    [Fact]
    public async Task Domain_ThatIsDue_IsTakenByOneInstance()
    {
        var asked = 0;
        var other = Recheck();
        _provider.BeforeAnswer = async () =>
        {
            // While this one waits for the provider, another instance looks what is due.
            if (asked++ == 0)
            {
                Assert.False(await other.RunOnceAsync(CancellationToken.None));
            }
        };

        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));
        Assert.Single(_provider.Calls);
    }

    [Fact]
    public async Task Answer_AboutADomainThatWasMovedMeanwhile_VerifiesNothing()
    {
        await _engine.SetKeyAsync("re_one_first");
        var own = await _engine.OwnAsync();
        await _engine.VerifyAtAsync(own, "one");
        _provider.BeforeAnswer = () => _engine.RemoveKeyAsync();

        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));

        var domain = await DomainAsync();
        Assert.Equal((_engine.Database.AccountId, DomainStatus.NotStarted), (domain.AccountId, domain.Status));
        Assert.Null(domain.ProviderDomainId);
    }

    [Fact]
    public async Task Answer_ThatMayBeOlderThanOneKeptMeanwhile_ChangesNothing_AndIsAskedForAgain()
    {
        _provider.Get = Answer(DomainStatus.Pending);
        var asked = 0;
        _provider.BeforeAnswer = async () =>
        {
            if (asked++ == 0)
            {
                // While "pending" is on its way, a person looks and is told "verified".
                _provider.Get = Answer(DomainStatus.Verified);
                _engine.Time.Advance(TimeSpan.FromSeconds(1));
                await new CheckSendingDomain(_engine.Db, Registration()).ExecuteAsync(
                    _engine.Tenant.As(TenantRole.Admin),
                    _engine.Tenant.DomainId
                );
            }
        };

        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));
        Assert.Equal(DomainStatus.Verified, (await DomainAsync()).Status);

        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));
        Assert.Equal(3, _provider.Calls.Count);
    }

    [Fact]
    public async Task Silence_AfterAnAnswerWasKeptMeanwhile_LeavesNoRemark()
    {
        _provider.Get = new DomainAnswer.NoAnswer();
        var asked = 0;
        _provider.BeforeAnswer = async () =>
        {
            if (asked++ == 0)
            {
                _provider.Get = Answer(DomainStatus.Verified);
                _engine.Time.Advance(TimeSpan.FromSeconds(1));
                await new CheckSendingDomain(_engine.Db, Registration()).ExecuteAsync(
                    _engine.Tenant.As(TenantRole.Admin),
                    _engine.Tenant.DomainId
                );
            }
        };

        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));

        Assert.Null((await DomainAsync()).Remark);
    }

    [Fact]
    public async Task Word_ThatIsNew_LeavesAVerifiedDomainAsItIs_WithARemark()
    {
        _provider.Get = new DomainAnswer.Known(
            new ProviderDomain("id-1", "north.test", DomainStatus.Pending, []) { NewWord = "resting" }
        );

        Assert.True(await Recheck().RunOnceAsync(CancellationToken.None));

        var domain = await DomainAsync();
        Assert.Equal(DomainStatus.Verified, domain.Status);
        Assert.Contains("resting", domain.Remark, StringComparison.Ordinal);
    }

    [Fact]
    public async Task VerifiedDomain_OfAnOwnAccount_IsAdopted_ButNeverOfTheInstallations()
    {
        _provider.Create = new DomainAnswer.Exists();
        _provider.Find = Answer(DomainStatus.Verified);
        await _engine.SetKeyAsync("re_one_first");

        var outcome = await new AddSendingDomain(_engine.Db, Registration()).ExecuteAsync(
            _engine.Tenant.As(TenantRole.Owner),
            "mail.example.com",
            "eu-west-1"
        );

        Assert.Equal(DomainStatus.Verified, Assert.IsType<DomainOutcome.Known>(outcome).Status);
        Assert.All(_provider.Calls, call => Assert.Contains("at", call.Split(' ')));
    }

    [Fact]
    public async Task RemovedDomain_MayBeClaimedByAnother_AndTheFormerTenantsCampaignSendsNothingFromIt()
    {
        var south = await _engine.Database.AddTenantAsync("south");
        await _engine.Database.AddContactsAsync(_engine.Tenant, 3);
        var id = await _engine.LaunchAsync();
        // Nobody can remove a domain that a campaign goes out from; here it happened all the same.
        await _engine.Db.WriteAsync(
            TenantScope.Installation,
            async (db, token) =>
            {
                await db
                    .Campaigns.Where(campaign => campaign.Id == id)
                    .ExecuteUpdateAsync(set => set.SetProperty(c => c.SenderId, (Guid?)null), token);
                await db.SenderIdentities.Where(row => row.TenantId == _engine.Tenant.Id).ExecuteDeleteAsync(token);
                await db.SendingDomains.Where(row => row.TenantId == _engine.Tenant.Id).ExecuteDeleteAsync(token);
            },
            CancellationToken.None
        );
        var claimed = await new AddSendingDomain(_engine.Db, Registration()).ExecuteAsync(
            south.As(TenantRole.Owner),
            "north.test",
            "eu-west-1"
        );
        Assert.IsType<DomainOutcome.Known>(claimed);

        await _engine.RunAsync();

        Assert.Empty(_engine.Provider.Calls);
        Assert.Equal(CampaignStatus.Partial, (await _engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task Domain_ClaimedByManyAtOnce_IsOnes_AlsoAcrossAccounts_AndNobodyIsToldWhose()
    {
        var tenants = new List<TestTenant> { _engine.Tenant };
        foreach (var name in new[] { "south", "east", "west" })
        {
            tenants.Add(await _engine.Database.AddTenantAsync(name));
        }

        await _engine.SetKeyAsync("re_one_first", tenant: tenants[1]);
        await _engine.SetKeyAsync("re_two_first", tenant: tenants[2]);
        var add = new AddSendingDomain(_engine.Db, Registration());

        var outcomes = await Task.WhenAll(
            tenants.Select(tenant => add.ExecuteAsync(tenant.As(TenantRole.Owner), "shared.example.com", "eu-west-1"))
        );

        Assert.Single(outcomes.OfType<DomainOutcome.Known>());
        var reason = Assert.Single(outcomes.OfType<DomainOutcome.Refused>().Select(r => r.Reason).Distinct());
        Assert.StartsWith("This domain cannot be added here.", reason, StringComparison.Ordinal);
    }

    private static DomainAnswer Answer(DomainStatus status, string record = "verified") =>
        new DomainAnswer.Known(
            new ProviderDomain(
                "id-1",
                "north.test",
                status,
                [new DnsRecord("DKIM", "TXT", "k", "v", null, null, record)]
            )
        );

    private DomainRegistration Registration() => new(_engine.Db, _provider);

    private RecheckDomains Recheck(DomainSignal? signal = null) =>
        new(_engine.Db, Registration(), signal ?? new DomainSignal(), NullLogger<RecheckDomains>.Instance);

    private async Task<SendingDomain> DomainAsync()
    {
        await using var db = _engine.Db.Read(_engine.Tenant.Scope);
        return await db.SendingDomains.SingleAsync();
    }

    private Task SetAsync(DomainStatus status) =>
        _engine.Db.WriteAsync(
            _engine.Tenant.Scope,
            (db, token) => db.SendingDomains.ExecuteUpdateAsync(set => set.SetProperty(d => d.Status, status), token),
            CancellationToken.None
        );
}
