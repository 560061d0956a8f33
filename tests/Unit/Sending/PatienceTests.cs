using AdminPortal.Features.Campaigns.Watch;
using Ledgerpost.Campaigns;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>A provider that answers, and never takes anything: not waited for without end, and said on the page.</summary>
public sealed class PatienceTests
{
    [Fact]
    public async Task RateLimit_WithoutEnd_StopsAfterPatience_WithoutCountingAsAFailure()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        engine.Provider.Then(Fault.None);
        engine.Provider.Always = Fault.RateLimited;
        var id = await engine.LaunchAsync();

        await engine.RunAsync(engine.Options.Patience - TimeSpan.FromSeconds(10));
        Assert.Equal(CampaignStatus.Sending, (await engine.CampaignAsync(id)).Status);
        await engine.RunAsync(TimeSpan.FromSeconds(30));

        var campaign = await engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Partial, StopReason.RateLimited), (campaign.Status, campaign.StopReason));
        Assert.Equal("Too many requests.", campaign.StopDetail);
        var counts = await engine.CountsAsync(id);
        Assert.Equal((100, 200, 0), (counts.Accepted, counts.Pending, counts.InDoubt));
        Assert.All(await engine.ChunksAsync(id), chunk => Assert.Equal(0, chunk.Failures));
        Assert.Contains("asking to wait", StopStory.Of(campaign, counts).What, StringComparison.Ordinal);
        var calls = engine.Provider.Calls.Count;
        await engine.RunAsync(TimeSpan.FromHours(1));
        Assert.Equal(calls, engine.Provider.Calls.Count);

        engine.Provider.Always = Fault.None;
        await engine.ResumeAsync(id);
        await engine.RunAsync();
        Assert.Equal(300, (await engine.CountsAsync(id)).Accepted);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task RateLimit_ForLessThanPatience_ThenSuccess_BeginsAnew()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var id = await engine.LaunchAsync();
        for (var i = 0; i < 3; i++)
        {
            engine.Provider.Always = Fault.RateLimited;
            await engine.RunAsync(engine.Options.Patience - TimeSpan.FromMinutes(1));
            engine.Provider.Always = Fault.None;
            engine.Time.Advance(TimeSpan.FromSeconds(5));
            await engine.TurnAsync();
        }

        Assert.Equal(300, (await engine.CountsAsync(id)).Accepted);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task Resume_BeginsThePatienceOfItsOwnCampaignAnew_AndOfNoOther()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var resumed = await engine.StoppedAfterAsync(chunks: 0, people: 100);
        var south = await engine.Database.AddTenantAsync("south");
        await engine.Database.AddContactsAsync(south, 100);
        var waiting = await engine.LaunchAsync(south);
        engine.Provider.Always = Fault.ErrorBeforeAcceptance;
        await engine.RunAsync(engine.Options.Patience - TimeSpan.FromMinutes(1));
        Assert.Equal(CampaignStatus.Sending, (await engine.CampaignAsync(waiting, south)).Status);

        await engine.ResumeAsync(resumed);
        await engine.RunAsync(TimeSpan.FromMinutes(5));

        Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(waiting, south)).Status);
        Assert.Equal(CampaignStatus.Sending, (await engine.CampaignAsync(resumed)).Status);
        await engine.RunAsync(engine.Options.Patience);
        Assert.Equal(StopReason.ProviderUnavailable, (await engine.CampaignAsync(resumed)).StopReason);
    }

    [Fact]
    public async Task Resume_InAPauseThatTheProviderAskedFor_WaitsForItsEnd()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.StoppedAfterAsync(chunks: 0, people: 100);
        var south = await engine.Database.AddTenantAsync("south");
        await engine.Database.AddContactsAsync(south, 100);
        await engine.LaunchAsync(south);
        engine.Provider.Then(Fault.RateLimited);
        await engine.TurnAsync();

        await engine.ResumeAsync(id);

        Assert.Equal(DispatchResult.Idle, await engine.TurnAsync());
        engine.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(DispatchResult.Sent, await engine.TurnAsync());
    }

    [Fact]
    public async Task RateLimit_OfLastWeek_DoesNotUseUpTodaysPatience()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.RateLimited, Fault.RateLimited);
        var admin = engine.Tenant.As(TenantRole.Admin);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        await engine.Pause.ExecuteAsync(admin, id, CancellationToken.None);
        engine.Time.Advance(TimeSpan.FromDays(7));
        await engine.Continue.ExecuteAsync(admin, id, CancellationToken.None);

        await engine.TurnAsync();

        Assert.Equal(2, engine.Provider.Calls.Count);
        Assert.Equal(CampaignStatus.Sending, (await engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task RateLimit_BesideAnAcceptance_KeepsThePauseThatTheProviderAskedFor()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        await engine.LaunchAsync();
        engine.Provider.During = async () =>
        {
            engine.Provider.During = null;
            engine.Provider.Then(Fault.RateLimited);
            await engine.TurnAsync(engine.NewDispatcher());
        };

        await engine.TurnAsync();

        Assert.Equal(100, engine.Provider.Mailed.Count);
        Assert.Equal(DispatchResult.Idle, await engine.TurnAsync());
    }

    [Theory]
    [InlineData(Fault.Concurrent, 0)]
    [InlineData(Fault.Locked, 0)]
    [InlineData(Fault.Concurrent, 2)]
    [InlineData(Fault.Locked, 2)]
    public async Task Busy_WithoutEnd_StopsAfterPatience_AndDoubtStaysUnderItsKey(Fault busy, int ambiguousBefore)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        await engine.FailBeforeAsync(ambiguousBefore);
        engine.Provider.Always = busy;

        await engine.RunAsync(engine.Options.Patience + TimeSpan.FromMinutes(2));

        var campaign = await engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Partial, StopReason.ProviderBusy), (campaign.Status, campaign.StopReason));
        var counts = await engine.CountsAsync(id);
        Assert.Equal(100, counts.InDoubt);
        Assert.Contains("still at work", StopStory.Of(campaign, counts).What, StringComparison.Ordinal);

        engine.Provider.Always = Fault.None;
        await engine.RunAsync(TimeSpan.FromHours(2));
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        Assert.Single(engine.Provider.Calls.Select(call => (call.Key, call.Hash)).Distinct());
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Busy_WithoutEnd_HoursAfterARateLimit_StopsAfterPatienceToo()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.RateLimited);
        await engine.LaunchAsync();
        await engine.RunAsync();
        engine.Time.Advance(TimeSpan.FromHours(3));
        var id = await engine.LaunchAsync();
        engine.Provider.Always = Fault.Concurrent;

        await engine.RunAsync(engine.Options.Patience + TimeSpan.FromMinutes(2));

        var campaign = await engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Partial, StopReason.ProviderBusy), (campaign.Status, campaign.StopReason));
    }

    [Fact]
    public async Task Failure_OfToday_IsNotLessPatient_ForABusyKeyOfLastWeek()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Always = Fault.Concurrent;
        await engine.LaunchAsync();
        await engine.TurnAsync();
        engine.Time.Advance(TimeSpan.FromDays(7));
        engine.Provider.Always = Fault.ErrorBeforeAcceptance;
        var id = await engine.LaunchAsync();

        await engine.RunAsync(engine.Options.Patience - TimeSpan.FromMinutes(2));

        Assert.Equal(CampaignStatus.Sending, (await engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task Busy_OneKeyWhileTheOthersGo_StopsNobodyButTheEnd()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1000);
        engine.Provider.Then(Fault.Concurrent);
        var id = await engine.LaunchAsync();

        await engine.RunAsync();

        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        Assert.Equal(1000, (await engine.CountsAsync(id)).Accepted);
    }

    [Fact]
    public async Task RateLimit_WithoutEnd_OfARepeat_StopsToo_AndIsAskedEverMoreRarely()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.LostAnswer);
        engine.Provider.Always = Fault.RateLimited;
        var id = await engine.LaunchAsync();

        await engine.RunAsync(TimeSpan.FromMinutes(12));
        Assert.Equal(StopReason.RateLimited, (await engine.CampaignAsync(id)).StopReason);
        var calls = engine.Provider.Calls.Count;
        await engine.RunAsync(TimeSpan.FromHours(10));

        Assert.InRange(engine.Provider.Calls.Count - calls, 1, 60);
        Assert.Single(engine.Provider.Calls.Select(call => (call.Key, call.Hash)).Distinct());
        Assert.Equal(100, (await engine.CountsAsync(id)).InDoubt);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }
}
