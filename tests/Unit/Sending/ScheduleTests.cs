using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>A campaign that is launched by itself, at the time that a person chose, or asks.</summary>
public sealed class ScheduleTests
{
    private static readonly TimeSpan Ahead = TimeSpan.FromHours(3);

    [Fact]
    public async Task Scheduled_IsLaunchedWhenDue_ToTheAudienceOfThen_WithTheContentAndSenderOfBefore()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        var id = await ScheduledAsync(engine);
        await engine.Database.AddContactAsync(engine.Tenant, "later@example.net");
        await engine.SuppressAsync("person1@example.net");
        await ChangeSenderAsync(engine, sender => sender.DisplayName = "Somebody else");

        engine.Time.Advance(Ahead - TimeSpan.FromSeconds(1));
        var early = await engine.Due.RunOnceAsync(CancellationToken.None);
        engine.Time.Advance(TimeSpan.FromSeconds(1));
        var due = await engine.Due.RunOnceAsync(CancellationToken.None);
        await engine.RunAsync();

        Assert.Equal((0, 1), (early, due));
        var campaign = await engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Sent, "\"north News\" <news@north.test>"), (campaign.Status, campaign.FromHeader));
        Assert.Equal("Admin of north", campaign.LaunchedBy);
        Assert.Equal(
            ["person2@example.net", "later@example.net"],
            engine.Provider.Mailed.OrderBy(mail => mail.Recipient).Select(mail => mail.To)
        );
        Assert.Equal(1, (await engine.CountsAsync(id)).Excluded);
        Assert.Equal(["campaign.scheduled", "campaign.launched", "campaign.sent"], await ActionsAsync(engine, id));
    }

    [Theory]
    [InlineData(60, CampaignStatus.Sending, null)]
    [InlineData(61, CampaignStatus.Scheduled, StopReason.ScheduleMissed)]
    public async Task Missed_ByMoreThanAnHour_ItAsks(int minutes, CampaignStatus status, StopReason? asks)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        var id = await ScheduledAsync(engine);

        engine.Time.Advance(Ahead + TimeSpan.FromMinutes(minutes));
        await engine.Due.RunOnceAsync(CancellationToken.None);
        engine.Time.Advance(TimeSpan.FromDays(1));
        await engine.Due.RunOnceAsync(CancellationToken.None);

        var campaign = await engine.CampaignAsync(id);
        Assert.Equal((status, asks), (campaign.Status, campaign.StopReason));
        Assert.Equal(asks is null ? 1 : 0, (await engine.CountsAsync(id)).Recipients);
    }

    [Fact]
    public async Task WhatAsks_IsSentNow_OrAtAnotherTime()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        var now = await ScheduledAsync(engine);
        var later = await ScheduledAsync(engine);
        engine.Time.Advance(Ahead * 2);
        await engine.Due.RunOnceAsync(CancellationToken.None);

        await engine.LaunchDraftAsync(now);
        await ScheduleAsync(engine, later);
        engine.Time.Advance(Ahead);
        await engine.Due.RunOnceAsync(CancellationToken.None);
        await engine.RunAsync();

        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(now)).Status);
        Assert.Equal((CampaignStatus.Sent, null), await StandsAsync(engine, later));
        await engine.AssertNobodyTwiceAndNobodyLostAsync(now, later);
    }

    [Fact]
    public async Task DomainThatLostItsVerification_WhenDue_IsSaidAndAsked_AndNothingStartsByItselfAfterwards()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        var id = await ScheduledAsync(engine);
        await VerifiedAsync(engine, DomainStatus.Failed);

        engine.Time.Advance(Ahead);
        await engine.Due.RunOnceAsync(CancellationToken.None);
        await VerifiedAsync(engine, DomainStatus.Verified);
        engine.Time.Advance(TimeSpan.FromMinutes(1));
        await engine.Due.RunOnceAsync(CancellationToken.None);

        Assert.Equal((CampaignStatus.Scheduled, StopReason.ScheduleHindered), await StandsAsync(engine, id));
        Assert.Equal("The domain north.test is not verified yet.", (await engine.CampaignAsync(id)).StopDetail);
        await engine.LaunchDraftAsync(id);
        await engine.RunAsync();
        Assert.Equal((CampaignStatus.Sent, null), await StandsAsync(engine, id));
    }

    [Fact]
    public async Task Crash_BetweenDueAndFreeze_IsFinishedAtTheNextStart_AndEverybodyIsMailedOnce()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 3);
        var id = await ScheduledAsync(engine);
        engine.Time.Advance(Ahead);
        engine.Crash.At = CrashPoints.BeforeFreeze;

        await Assert.ThrowsAsync<SimulatedCrashException>(() => engine.Due.RunOnceAsync(CancellationToken.None));
        Assert.Equal(CampaignStatus.Preparing, (await engine.CampaignAsync(id)).Status);
        Assert.Equal(0, (await engine.CountsAsync(id)).Recipients);
        engine.Time.Advance(TimeSpan.FromHours(2));
        await engine.RestartAsync();
        await engine.Due.RunOnceAsync(CancellationToken.None);
        await engine.RunAsync();

        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        Assert.Equal(3, (await engine.CountsAsync(id)).Accepted);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Due_LookedAtByEightAtOnce_IsStartedByExactlyOne()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 3);
        for (var round = 0; round < 5; round++)
        {
            var id = await ScheduledAsync(engine);
            engine.Time.Advance(Ahead);

            var started = await Task.WhenAll(
                Enumerable.Range(0, 8).Select(_ => Task.Run(() => NewDue(engine).RunOnceAsync(CancellationToken.None)))
            );

            Assert.Equal(1, started.Sum());
            Assert.Equal(3, (await engine.CountsAsync(id)).Recipients);
            Assert.Single(await ActionsAsync(engine, id), "campaign.launched");
        }
    }

    [Fact]
    public async Task Unscheduled_IsADraftThatCanBeWrittenOn_AndIsNeverLaunchedByItself()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        var id = await ScheduledAsync(engine);
        var scheduled = await engine.CampaignAsync(id);
        var frozen = await SaveAsync(engine, scheduled);

        var result = await engine.Unschedule.ExecuteAsync(Admin(engine), id, CancellationToken.None);
        engine.Time.Advance(Ahead);
        await engine.Due.RunOnceAsync(CancellationToken.None);

        Assert.Equal(CampaignStatus.Scheduled, Assert.IsType<SaveDraftResult.NotADraft>(frozen).Status);
        Assert.True(result.Won);
        var draft = await engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Draft, null, null), (draft.Status, draft.ScheduledAt, draft.FromHeader));
        Assert.IsType<SaveDraftResult.Saved>(await SaveAsync(engine, draft));
    }

    [Fact]
    public async Task Cancelled_WhileScheduled_IsNeverLaunched()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        var id = await ScheduledAsync(engine);

        Assert.True((await engine.Cancel.ExecuteAsync(Admin(engine), id, CancellationToken.None)).Won);
        engine.Time.Advance(Ahead);

        Assert.Equal(0, await engine.Due.RunOnceAsync(CancellationToken.None));
        Assert.Equal((CampaignStatus.Cancelled, null), await StandsAsync(engine, id));
    }

    [Fact]
    public async Task ScheduledFollowUp_ThatIsCancelled_LetsItsSourceEnd()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var source = await engine.StoppedAfterAsync(chunks: 1, people: 150);
        var followUp = await engine.FollowUpAsync(source);
        await ScheduleAsync(engine, followUp);
        var before = (await engine.CampaignAsync(source)).Status;

        await engine.Cancel.ExecuteAsync(Admin(engine), followUp, CancellationToken.None);

        Assert.Equal(CampaignStatus.Partial, before);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(source)).Status);
        Assert.Equal(50, (await engine.CountsAsync(followUp)).Excluded);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(400 * 24 * 60)]
    public async Task Instant_InThePast_OrTooFarAhead_IsRefusedAtItsField(int minutes)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.DraftAsync();

        var result = await engine.Schedule.ExecuteAsync(
            Admin(engine),
            id,
            0,
            engine.Time.GetUtcNow() + TimeSpan.FromMinutes(minutes),
            CancellationToken.None
        );

        Assert.Equal("schedule_at", Assert.Single(Assert.IsType<ScheduleResult.Invalid>(result).Problems).Field);
        Assert.Equal(CampaignStatus.Draft, (await engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task WhileSendingIsHeld_NothingIsLaunched_AndAnOldDatabaseAsks()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        var id = await ScheduledAsync(engine);
        var hold = new HoldSending(
            engine.Db,
            new StampFile(Path.Combine(engine.Database.Folder, "portal.stamp")),
            NullLogger<HoldSending>.Instance
        );
        await hold.HoldAsync(HoldReason.Restored, "A test.", CancellationToken.None);
        engine.Time.Advance(Ahead);
        var held = await engine.Due.RunOnceAsync(CancellationToken.None);
        var waits = await StandsAsync(engine, id);

        await hold.HoldOldDatabaseAsync(HoldReason.Restored, "A test.", CancellationToken.None);

        Assert.Equal((0, (CampaignStatus.Scheduled, null)), (held, waits));
        Assert.Equal((CampaignStatus.Scheduled, StopReason.Restored), await StandsAsync(engine, id));
    }

    [Fact]
    public async Task ClockThatJumpedAhead_LaunchesNothingBeforeItsTime()
    {
        var machine = new ManualTime();
        var clock = new EffectiveTime(machine, new SendingOptions().KeyWindowMargin);
        await using var engine = await EngineHarness.CreateAsync(time: machine, clock: clock);
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        var id = await ScheduledAsync(engine);

        machine.JumpWall(Ahead);

        Assert.Equal(0, await engine.Due.RunOnceAsync(CancellationToken.None));
        Assert.Equal((CampaignStatus.Scheduled, null), await StandsAsync(engine, id));
    }

    private static Caller Admin(EngineHarness engine) => engine.Tenant.As(TenantRole.Admin);

    private static LaunchDue NewDue(EngineHarness engine) =>
        new(engine.Db, engine.Launch, engine.Notifier, engine.Crash, NullLogger<LaunchDue>.Instance);

    private static async Task<Guid> ScheduledAsync(EngineHarness engine)
    {
        var id = await engine.DraftAsync();
        await ScheduleAsync(engine, id);
        return id;
    }

    private static async Task ScheduleAsync(EngineHarness engine, Guid id) =>
        Assert.IsType<ScheduleResult.Scheduled>(
            await engine.Schedule.ExecuteAsync(
                Admin(engine),
                id,
                (await engine.CampaignAsync(id)).Version,
                engine.Db.Time.GetUtcNow() + Ahead,
                CancellationToken.None
            )
        );

    private static async Task<(CampaignStatus, StopReason?)> StandsAsync(EngineHarness engine, Guid id)
    {
        var campaign = await engine.CampaignAsync(id);
        return (campaign.Status, campaign.StopReason);
    }

    private static Task<SaveDraftResult> SaveAsync(EngineHarness engine, Campaign campaign) =>
        new SaveDraft(engine.Db).ExecuteAsync(
            Admin(engine),
            campaign.Id,
            campaign.Version,
            DraftContent.Of(campaign) with
            {
                Subject = "Another",
            },
            CancellationToken.None
        );

    private static Task ChangeSenderAsync(EngineHarness engine, Action<SenderIdentity> change) =>
        engine.Db.WriteAsync(
            engine.Tenant.Scope,
            async (db, token) =>
                change(await db.SenderIdentities.SingleAsync(s => s.Id == engine.Tenant.SenderId, token)),
            CancellationToken.None
        );

    private static Task VerifiedAsync(EngineHarness engine, DomainStatus status) =>
        engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) => db.SendingDomains.ExecuteUpdateAsync(set => set.SetProperty(d => d.Status, status), token),
            CancellationToken.None
        );

    private static async Task<IReadOnlyList<string>> ActionsAsync(EngineHarness engine, Guid id)
    {
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        return await db
            .AuditEntries.Where(entry => entry.TargetId == id.ToString())
            .OrderBy(entry => entry.Sequence)
            .Select(entry => entry.Action)
            .ToListAsync();
    }
}
