using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>The rows of docs/sending.md's failure matrix, each with 0, 1 and 2 ambiguous attempts before it.</summary>
public sealed class FailureMatrixTests
{
    [Theory]
    [InlineData(CrashPoints.BeforeIntent, 0)]
    [InlineData(CrashPoints.BeforeIntent, 1)]
    [InlineData(CrashPoints.BeforeIntent, 2)]
    [InlineData(CrashPoints.AfterIntent, 0)]
    [InlineData(CrashPoints.AfterIntent, 1)]
    [InlineData(CrashPoints.AfterIntent, 2)]
    [InlineData(CrashPoints.BeforePost, 0)]
    [InlineData(CrashPoints.BeforePost, 1)]
    [InlineData(CrashPoints.BeforePost, 2)]
    [InlineData(CrashPoints.BeforeSettle, 0)]
    [InlineData(CrashPoints.BeforeSettle, 1)]
    [InlineData(CrashPoints.BeforeSettle, 2)]
    [InlineData(CrashPoints.AfterSettle, 0)]
    [InlineData(CrashPoints.AfterSettle, 1)]
    [InlineData(CrashPoints.AfterSettle, 2)]
    public async Task Crash_AtAnyPoint_EndsWithOneMailEach(string point, int ambiguousBefore)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 150);
        var id = await engine.LaunchAsync();
        await engine.FailBeforeAsync(ambiguousBefore);
        engine.Crash.At = point;

        await Assert.ThrowsAsync<SimulatedCrashException>(() => engine.TurnAsync());
        await engine.RestartAsync();
        await engine.RunAsync();

        Assert.Equal(150, (await engine.CountsAsync(id)).Accepted);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Theory]
    [InlineData(Fault.LostRequest, 0)]
    [InlineData(Fault.LostRequest, 1)]
    [InlineData(Fault.LostRequest, 2)]
    [InlineData(Fault.LostAnswer, 0)]
    [InlineData(Fault.LostAnswer, 1)]
    [InlineData(Fault.LostAnswer, 2)]
    [InlineData(Fault.ErrorBeforeAcceptance, 0)]
    [InlineData(Fault.ErrorBeforeAcceptance, 1)]
    [InlineData(Fault.ErrorBeforeAcceptance, 2)]
    [InlineData(Fault.ErrorAfterAcceptance, 0)]
    [InlineData(Fault.ErrorAfterAcceptance, 1)]
    [InlineData(Fault.ErrorAfterAcceptance, 2)]
    [InlineData(Fault.ShortAnswer, 0)]
    [InlineData(Fault.ShortAnswer, 1)]
    [InlineData(Fault.ShortAnswer, 2)]
    [InlineData(Fault.Html, 0)]
    [InlineData(Fault.Html, 1)]
    [InlineData(Fault.Html, 2)]
    [InlineData(Fault.HtmlRefusal, 0)]
    [InlineData(Fault.HtmlRefusal, 1)]
    [InlineData(Fault.HtmlRefusal, 2)]
    [InlineData(Fault.Concurrent, 0)]
    [InlineData(Fault.Concurrent, 1)]
    [InlineData(Fault.Concurrent, 2)]
    [InlineData(Fault.Locked, 0)]
    [InlineData(Fault.Locked, 1)]
    [InlineData(Fault.Locked, 2)]
    [InlineData(Fault.TooLate, 0)]
    [InlineData(Fault.TooLate, 1)]
    [InlineData(Fault.TooLate, 2)]
    public async Task AnswerThatProvesNothing_IsRepeatedWithTheSameBytesUnderTheSameKey(
        Fault fault,
        int ambiguousBefore
    )
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        await engine.FailBeforeAsync(ambiguousBefore);
        engine.Provider.Then(fault);

        await engine.RunAsync();

        Assert.Equal(ambiguousBefore + 2, engine.Provider.Calls.Count);
        Assert.Single(engine.Provider.Calls.Select(call => (call.Key, call.Hash, call.BaseUrl)).Distinct());
        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task WhichCodePathRepeatsTheKey_TheLostAnswerDoes_AndTheProvidersLogShowsItTwice()
    {
        // Dispatcher.PostAsync → the answer is lost → SettleAttempt/Settlement.FailAsync leaves the chunk in doubt →
        // ClaimChunk.DoubtfulAsync → RecordIntent.RepeatAsync → Dispatcher.PostAsync with the stored key and bytes.
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.LostAnswer);
        var id = await engine.LaunchAsync();

        await engine.RunAsync();

        var (first, second) = (engine.Provider.Calls[0], engine.Provider.Calls[1]);
        Assert.Equal((first.Key, first.Hash), (second.Key, second.Hash));
        Assert.Equal(100, engine.Provider.Mailed.Count);
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var attempts = await db.Attempts.OrderBy(a => a.Number).ToListAsync();
        Assert.Equal([AttemptOutcome.Ambiguous, AttemptOutcome.Accepted], attempts.Select(a => a.Outcome!.Value));
        Assert.Equal([true, false], attempts.Select(a => a.CleanHistory));
        Assert.All(attempts, a => Assert.Equal("1-100", a.RecipientNumbers));
    }

    [Fact]
    public async Task RateLimit_OnACleanChunk_IsDefinite_AndTheNextGenerationHasANewKey()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.RateLimited);
        var id = await engine.LaunchAsync();

        await engine.TurnAsync();
        Assert.Equal(100, (await engine.CountsAsync(id)).Pending);
        await engine.SuppressAsync("person5@example.net");
        await engine.RunAsync();

        Assert.EndsWith("/1", engine.Provider.Calls[0].Key, StringComparison.Ordinal);
        Assert.EndsWith("/2", engine.Provider.Calls[1].Key, StringComparison.Ordinal);
        // Checked again before it is rendered again.
        Assert.Equal(99, engine.Provider.Calls[1].Mails);
        Assert.Equal(0, (await engine.ChunksAsync(id))[0].Failures);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Theory]
    [InlineData(Fault.RateLimited, 1)]
    [InlineData(Fault.RateLimited, 2)]
    [InlineData(Fault.KeyRevoked, 1)]
    [InlineData(Fault.KeyRevoked, 2)]
    [InlineData(Fault.BadAddress, 1)]
    [InlineData(Fault.BadAddress, 2)]
    [InlineData(Fault.DailyQuota, 1)]
    [InlineData(Fault.DailyQuota, 2)]
    [InlineData(Fault.MonthlyQuota, 1)]
    [InlineData(Fault.MonthlyQuota, 2)]
    [InlineData(Fault.DomainNotVerified, 1)]
    [InlineData(Fault.DomainNotVerified, 2)]
    public async Task Refusal_OnARepeat_ProvesNothing_TheKeyStays(Fault refusal, int ambiguousBefore)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        await engine.FailBeforeAsync(ambiguousBefore - 1);
        engine.Provider.Then(Fault.LostAnswer, refusal);

        await engine.RunAsync();

        Assert.Single(engine.Provider.Calls.Select(call => call.Key).Distinct());
        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Theory]
    [InlineData(Fault.DailyQuota, StopReason.DailyQuota)]
    [InlineData(Fault.MonthlyQuota, StopReason.MonthlyQuota)]
    [InlineData(Fault.KeyRevoked, StopReason.KeyRejected)]
    [InlineData(Fault.DomainNotVerified, StopReason.SenderNotVerified)]
    public async Task RefusalOfTheAccount_StopsAtOnceAsPartial_WithItsReason(Fault refusal, StopReason reason)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        engine.Provider.Then(Fault.None, refusal);
        var id = await engine.LaunchAsync();

        await engine.RunAsync();

        var campaign = await engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Partial, reason), (campaign.Status, campaign.StopReason));
        Assert.Equal(2, engine.Provider.Calls.Count);
        Assert.Equal(reason == StopReason.DailyQuota, campaign.ResumeAfter is not null);
        var counts = await engine.CountsAsync(id);
        Assert.Equal((100, 200, 0), (counts.Accepted, counts.Pending, counts.InDoubt));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task KeyMismatch_MakesTheChunkUnknown_AndNothingMoreIsSent(int ambiguousBefore)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        await engine.FailBeforeAsync(ambiguousBefore);
        engine.Provider.Then(Fault.Mismatch);

        await engine.RunAsync(TimeSpan.FromHours(2));

        Assert.Equal(ambiguousBefore + 1, engine.Provider.Calls.Count);
        Assert.Equal(100, (await engine.CountsAsync(id)).Unknown);
        Assert.Equal(StopReason.UnknownLeft, (await engine.CampaignAsync(id)).StopReason);
        // Somebody is told, once, and who it is about.
        var alert = Assert.Single(engine.Log.Lines, line => line.StartsWith("Critical", StringComparison.Ordinal));
        Assert.Contains(engine.Provider.Calls[^1].Key, alert, StringComparison.Ordinal);
        Assert.Contains("recipients 1-100 are unknown", alert, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failures_ForAsLongAsPatience_StopTheCampaignAsPartial_AndPutFewChunksInDoubt()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 2000);
        engine.Provider.Then(Fault.None, Fault.None);
        engine.Provider.Always = Fault.ErrorBeforeAcceptance;
        var id = await engine.LaunchAsync();

        await engine.RunAsync(TimeSpan.FromMinutes(12));

        var campaign = await engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Partial, StopReason.ProviderUnavailable), (campaign.Status, campaign.StopReason));
        var counts = await engine.CountsAsync(id);
        Assert.Equal(200, counts.Accepted);
        // One probe at a time: an outage does not put the whole campaign in doubt.
        Assert.InRange(counts.InDoubt, 100, 1000);
    }

    [Fact]
    public async Task OutageOfLastWeek_ThatEndedUnseen_DoesNotUseUpTodaysPatience()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.LostRequest);
        var old = await engine.LaunchAsync();
        await engine.TurnAsync();
        await engine.Cancel.ExecuteAsync(
            engine.Tenant.As(Ledgerpost.Tenancy.TenantRole.Admin),
            old,
            CancellationToken.None
        );
        engine.Time.Advance(TimeSpan.FromDays(7));
        engine.Provider.Then(Fault.LostRequest);

        var id = await engine.LaunchAsync();
        await engine.TurnAsync();

        Assert.Equal(CampaignStatus.Sending, (await engine.CampaignAsync(id)).Status);
        await engine.RunAsync();
        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
    }

    [Fact]
    public async Task PartialCampaign_ThatHasOnlyDoubtLeft_BecomesSentByItself()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Always = Fault.ErrorAfterAcceptance;
        var id = await engine.LaunchAsync();
        await engine.RunAsync(TimeSpan.FromMinutes(15));
        Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(id)).Status);

        engine.Provider.Always = Fault.None;
        await engine.RunAsync(TimeSpan.FromHours(2));

        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Theory]
    [InlineData(CampaignStatus.Sending, 0)]
    [InlineData(CampaignStatus.Sending, 1)]
    [InlineData(CampaignStatus.Sending, 2)]
    [InlineData(CampaignStatus.Paused, 0)]
    [InlineData(CampaignStatus.Paused, 1)]
    [InlineData(CampaignStatus.Paused, 2)]
    [InlineData(CampaignStatus.Cancelled, 0)]
    [InlineData(CampaignStatus.Cancelled, 1)]
    [InlineData(CampaignStatus.Cancelled, 2)]
    [InlineData(CampaignStatus.Partial, 0)]
    [InlineData(CampaignStatus.Partial, 1)]
    [InlineData(CampaignStatus.Partial, 2)]
    public async Task WindowOver_MakesDoubtUnknown_InEveryState_AndTheMachineNeverSendsItAgain(
        CampaignStatus status,
        int ambiguousBefore
    )
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        await engine.FailBeforeAsync(ambiguousBefore);
        engine.Provider.Then(Fault.LostAnswer);
        await engine.TurnAsync();
        var admin = engine.Tenant.As(Ledgerpost.Tenancy.TenantRole.Admin);
        if (status == CampaignStatus.Paused)
        {
            await engine.Pause.ExecuteAsync(admin, id, CancellationToken.None);
        }
        else if (status == CampaignStatus.Cancelled)
        {
            await engine.Cancel.ExecuteAsync(admin, id, CancellationToken.None);
        }

        // A Partial campaign repeats, as long as it may.
        var repeats = status == CampaignStatus.Partial ? 1 : 0;
        if (repeats > 0)
        {
            await StopAsync(engine, id);
            engine.Time.Advance(TimeSpan.FromHours(1));
            engine.Provider.Then(Fault.LostAnswer);
            await engine.TurnAsync();
        }

        engine.Time.Advance(TimeSpan.FromHours(19.9 - repeats));
        Assert.Equal(0, await engine.Expire.RunOnceAsync(CancellationToken.None));
        engine.Time.Advance(TimeSpan.FromHours(0.1));
        // The guard stands in the claim and in the intent, not only in the sweep.
        Assert.Equal(DispatchResult.Idle, await engine.TurnAsync());
        Assert.Equal(1, await engine.Expire.RunOnceAsync(CancellationToken.None));
        await engine.RunAsync(TimeSpan.FromHours(30));

        Assert.Equal(ambiguousBefore + 1 + repeats, engine.Provider.Calls.Count);
        Assert.Single(engine.Provider.Calls.Select(call => call.Key).Distinct());
        Assert.Equal(100, (await engine.CountsAsync(id)).Unknown);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task WindowOver_BetweenClaimAndIntent_FencesTheIntent(int ambiguousBefore)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        await engine.LaunchAsync();
        await engine.FailBeforeAsync(ambiguousBefore);
        engine.Provider.Then(Fault.LostAnswer);
        await engine.TurnAsync();
        engine.Time.Advance(TimeSpan.FromHours(19.99));
        engine.Crash.On = point =>
        {
            engine.Time.Advance(point == CrashPoints.BeforeIntent ? TimeSpan.FromHours(1) : TimeSpan.Zero);
            return Task.CompletedTask;
        };

        Assert.Equal(DispatchResult.Nothing, await engine.TurnAsync());

        Assert.Equal(ambiguousBefore + 1, engine.Provider.Calls.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Zombie_AfterAPause_ChangesNothing_NeitherAtIntentNorAtSettle(int ambiguousBefore)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        await engine.FailBeforeAsync(ambiguousBefore);
        var zombie = await engine.Claim.ExecuteAsync(engine.Database.AccountId, "zombie", CancellationToken.None);
        Assert.NotNull(zombie);
        var prepared = zombie.Repeat
            ? null
            : await engine.Prepare.ExecuteAsync(zombie, recheck: false, CancellationToken.None);
        engine.Time.Advance(TimeSpan.FromSeconds(engine.Options.LeaseSeconds + 1));

        await engine.RunAsync();
        var late = await engine.RecordIntent.ExecuteAsync(
            zombie,
            prepared,
            engine.Database.AccountId,
            "http://provider.test",
            CancellationToken.None
        );

        // Its members are in doubt or accepted under another epoch by now: either way it writes nothing.
        Assert.IsNotType<IntentResult.Written>(late);
        Assert.Equal(ambiguousBefore + 1, engine.Provider.Calls.Count);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Zombie_WhoseAnswerComesAfterItsLease_TouchesNoRow(int ambiguousBefore)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        await engine.FailBeforeAsync(ambiguousBefore);
        var slow = engine.NewDispatcher();
        var once = true;
        engine.Crash.On = async point =>
        {
            if (point == CrashPoints.BeforeSettle && once)
            {
                once = false;
                engine.Time.Advance(TimeSpan.FromSeconds(engine.Options.LeaseSeconds + 1));
                await engine.TurnAsync();
            }
        };

        await engine.TurnAsync(slow);

        Assert.Equal(ambiguousBefore + 2, engine.Provider.Calls.Count);
        Assert.Single(engine.Provider.Calls.Select(call => call.Key).Distinct());
        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Sender_ThatLosesItsVerification_StopsTheCampaign_BeforeTheNextCall(int ambiguousBefore)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var id = await engine.LaunchAsync();
        await engine.FailBeforeAsync(ambiguousBefore);
        await engine.TurnAsync();
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db.SendingDomains.ExecuteUpdateAsync(
                    set => set.SetProperty(domain => domain.Status, DomainStatus.Failed),
                    token
                ),
            CancellationToken.None
        );

        await engine.RunAsync();

        Assert.Equal(ambiguousBefore + 1, engine.Provider.Calls.Count);
        Assert.Equal(StopReason.SenderNotVerified, (await engine.CampaignAsync(id)).StopReason);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 0)]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    public async Task ReplacedKey_IsTheSameAccountOnlyIfItReadsTheOldOnesMail(bool reads, int ambiguousBefore)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var id = await engine.LaunchAsync();
        await engine.FailBeforeAsync(ambiguousBefore);
        engine.Time.Advance(TimeSpan.FromMinutes(1));
        engine.Provider.Then(Fault.None, Fault.LostAnswer);
        await engine.TurnAsync();
        await engine.TurnAsync();
        engine.Probe.Reads = reads;

        var account = await engine.Accounts.EnsureAsync("http://provider.test", "re_other", CancellationToken.None);
        await engine.Expire.RunOnceAsync(CancellationToken.None);
        await engine.RunAsync();

        var counts = await engine.CountsAsync(id);
        Assert.Equal(reads, account.Id == engine.Database.AccountId);
        Assert.Equal(reads ? (300, 0) : (100, 100), (counts.Accepted, counts.Unknown));
        Assert.Equal(reads ? null : StopReason.AccountChanged, (await engine.CampaignAsync(id)).StopReason);
        Assert.Equal(ambiguousBefore + (reads ? 4 : 2), engine.Provider.Calls.Count);
    }

    private static Task StopAsync(EngineHarness engine, Guid id) =>
        engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                CampaignCompletion.StopAsync(
                    db,
                    engine.Tenant.Id,
                    id,
                    StopReason.DailyQuota,
                    null,
                    null,
                    engine.Time.GetUtcNow(),
                    token
                ),
            CancellationToken.None
        );
}
