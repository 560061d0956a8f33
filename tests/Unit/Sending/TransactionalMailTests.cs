using System.Text;
using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>One mail that a program posts goes the way of every other: intent, key, attempt, settle, doubt, window.</summary>
public sealed class TransactionalMailTests
{
    [Fact]
    public async Task Mail_GoesOutOnce_AsItIs_WithoutALinkToUnsubscribe()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.PostAsync("order-1");

        await engine.RunAsync();

        var call = Assert.Single(engine.Provider.Calls);
        var body = Encoding.UTF8.GetString(engine.Provider.Bodies.Single().Span);
        Assert.Contains("Thank you, {{first_name}}.", body, StringComparison.Ordinal);
        Assert.DoesNotContain("List-Unsubscribe", body, StringComparison.Ordinal);
        Assert.DoesNotContain("\"text\"", body, StringComparison.Ordinal);
        Assert.Equal($"email/{id:N}/1/1/1", call.Key);
        var mail = await engine.EmailAsync(id);
        Assert.Equal((EmailStatus.Sent, "mail-1"), (mail.Status, mail.Recipient.ProviderEmailId));
        Assert.Equal(CampaignStatus.Sent, mail.Email.Status);
    }

    [Theory]
    [InlineData(CrashPoints.BeforeIntent)]
    [InlineData(CrashPoints.AfterIntent)]
    [InlineData(CrashPoints.BeforePost)]
    [InlineData(CrashPoints.BeforeSettle)]
    [InlineData(CrashPoints.AfterSettle)]
    public async Task Crash_AtAnyPoint_EndsWithOneMail(string point)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.PostAsync("order-1");
        engine.Crash.At = point;
        await Assert.ThrowsAsync<SimulatedCrashException>(() => engine.TurnAsync());
        engine.Time.Advance(TimeSpan.FromMinutes(3));
        await engine.RestartAsync();

        await engine.RunAsync();

        Assert.Single(engine.Provider.Mailed);
        Assert.Single(engine.Provider.Calls.Select(call => (call.Key, call.Hash)).Distinct());
        Assert.Equal(EmailStatus.Sent, (await engine.EmailAsync(id)).Status);
    }

    [Theory]
    [InlineData(Fault.ErrorAfterAcceptance)]
    [InlineData(Fault.LostAnswer)]
    [InlineData(Fault.ShortAnswer)]
    [InlineData(Fault.Html)]
    [InlineData(Fault.LostRequest)]
    [InlineData(Fault.Concurrent)]
    public async Task AnswerThatProvesNothing_IsRepeatedUnderItsKey_AndGivesOneMail(Fault fault)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.PostAsync("order-1");
        engine.Provider.Then(fault, fault);

        await engine.RunAsync();

        Assert.Equal(3, engine.Provider.Calls.Count);
        Assert.Single(engine.Provider.Calls.Select(call => (call.Key, call.Hash)).Distinct());
        Assert.Single(engine.Provider.Mailed);
        Assert.Equal(EmailStatus.Sent, (await engine.EmailAsync(id)).Status);
    }

    [Fact]
    public async Task SameKey_InTwoTenantsOnOneAccount_IsTwoKeysAtTheProvider_AndTwoMails()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var south = await engine.Database.AddTenantAsync("south");
        var first = await engine.PostAsync("order-1");
        var second = await engine.PostAsync("order-1", tenant: south);

        await engine.RunAsync();

        Assert.NotEqual(first, second);
        Assert.Equal(2, engine.Provider.Calls.Select(call => call.Key).Distinct().Count());
        Assert.Equal(2, engine.Provider.Mailed.Count);
        Assert.Equal(EmailStatus.Sent, (await engine.EmailAsync(second, south)).Status);
    }

    [Fact]
    public void Id_IsMadeOfTenantPathAndKey_AndNothingElse()
    {
        var (north, south) = (
            Guid.Parse("01900000-0000-7000-8000-000000000001"),
            Guid.Parse("01900000-0000-7000-8000-000000000002")
        );
        var name = new RequestName(EmailSteps.Path, "order-1");

        // Pinned: an installation that is updated must go on calling the same request by the same name.
        Assert.Equal(Guid.Parse("87f435f6-910e-81a9-945e-ae34dae971ff"), EmailId.Of(north, name));
        Assert.NotEqual(EmailId.Of(north, name), EmailId.Of(south, name));
        Assert.NotEqual(EmailId.Of(north, name), EmailId.Of(north, name with { Key = "order-2" }));
        Assert.NotEqual(EmailId.Of(north, name), EmailId.Of(north, name with { Path = "/api/v1/other" }));
    }

    /// <summary>What a restore forgets: the request comes again, and the provider knows it by its name.</summary>
    [Fact]
    public async Task RequestThatTheDatabaseHasForgotten_ComesAgain_AndTheProviderAnswersTheFirstMail()
    {
        await using var before = await EngineHarness.CreateAsync();
        var id = await before.PostAsync("order-1");
        await before.RunAsync();
        // The same installation from a backup of before the mail, under a higher epoch.
        await using var after = await EngineHarness.CreateAsync(time: before.Time);
        Assert.Equal((before.Tenant.Id, before.Tenant.SenderId), (after.Tenant.Id, after.Tenant.SenderId));
        await after.Db.WriteAsync(
            TenantScope.Installation,
            (db, token) => db.Installation.ExecuteUpdateAsync(set => set.SetProperty(row => row.Epoch, 7), token),
            CancellationToken.None
        );
        var again = await after.PostAsync("order-1");

        await after.TurnAsync(after.NewDispatcher(before.Provider));

        Assert.Equal(id, again);
        Assert.Equal(2, before.Provider.Calls.Count);
        Assert.Single(before.Provider.Mailed);
        Assert.Equal("mail-1", (await after.EmailAsync(again)).Recipient.ProviderEmailId);
    }

    [Theory]
    [InlineData(SuppressionReason.Manual, Reasons.Suppressed)]
    [InlineData(SuppressionReason.Bounced, Reasons.Suppressed)]
    [InlineData(SuppressionReason.Complained, Reasons.Suppressed)]
    [InlineData(SuppressionReason.Unsubscribed, Reasons.Unsubscribed)]
    public async Task Address_SuppressedAfterTheRequest_IsExcludedAtTheIntent(
        SuppressionReason suppressed,
        string reason
    )
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.PostAsync("order-1", "Ada@Example.org");
        await engine.SuppressAsync("ada@example.org", reason: suppressed);

        await engine.RunAsync();

        Assert.Empty(engine.Provider.Calls);
        var mail = await engine.EmailAsync(id);
        Assert.Equal((EmailStatus.Excluded, reason), (mail.Status, mail.Recipient.Reason));
        Assert.Equal(CampaignStatus.Sent, mail.Email.Status);
    }

    [Fact]
    public async Task Address_SuppressedBetweenRenderingAndIntent_IsExcluded()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.PostAsync("order-1");
        engine.Crash.On = async point =>
        {
            if (point == CrashPoints.BeforeIntent)
            {
                await engine.SuppressAsync("ada@example.org");
            }
        };

        await engine.RunAsync();

        Assert.Empty(engine.Provider.Calls);
        Assert.Equal(EmailStatus.Excluded, (await engine.EmailAsync(id)).Status);
    }

    [Fact]
    public async Task Address_SuppressedBefore_OrByAnotherTenant()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var south = await engine.Database.AddTenantAsync("south");
        await engine.SuppressAsync("ada@example.org", south, SuppressionReason.Complained);

        Assert.Equal(
            SuppressionReason.Complained,
            Assert.IsType<SendEmailResult.Suppressed>(await engine.TryPostAsync("order-1", tenant: south)).Reason
        );
        await engine.PostAsync("order-1");
        await engine.RunAsync();

        Assert.Single(engine.Provider.Mailed);
        await using var db = engine.Db.Read(south.Scope);
        Assert.Empty(await db.Campaigns.ToListAsync());
        Assert.Empty(await db.IdempotencyRecords.ToListAsync());
    }

    [Fact]
    public async Task Mail_StoppedByTheQuota_GoesOnWithAResume_AndTakesNobodyElse()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 5);
        var id = await engine.PostAsync("order-1");
        engine.Provider.Then(Fault.DailyQuota);
        await engine.RunAsync();
        Assert.Equal(EmailStatus.Partial, (await engine.EmailAsync(id)).Status);

        // Whoever asks for those who joined since gets nobody: its audience is one address.
        Assert.Equal(1, Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(id, 1, true)).WillSend);
        await engine.RunAsync();

        Assert.Equal("ada@example.org", Assert.Single(engine.Provider.Mailed).To);
        Assert.Equal([$"email/{id:N}/1/1/1", $"email/{id:N}/2/2/1"], engine.Provider.Calls.Select(call => call.Key));
        Assert.Equal(EmailStatus.Sent, (await engine.EmailAsync(id)).Status);
    }

    [Fact]
    public async Task Mail_RefusedForItsAddress_IsRefused()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.PostAsync("order-1");
        engine.Provider.Then(Fault.BadAddress);

        await engine.RunAsync();

        Assert.Equal(EmailStatus.Refused, (await engine.EmailAsync(id)).Status);
        Assert.Empty(engine.Provider.Mailed);
    }

    [Fact]
    public async Task Doubt_AfterItsWindow_IsUnknown_AndAPersonsToDecide()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.PostAsync("order-1");
        engine.Provider.Always = Fault.LostAnswer;
        await engine.RunAsync();
        engine.Time.Advance(TimeSpan.FromHours(25));
        await engine.Expire.RunOnceAsync(CancellationToken.None);
        var unknown = await engine.EmailAsync(id);
        engine.Provider.Always = Fault.None;

        var decided = await engine.Decide.ExecuteAsync(
            engine.Tenant.As(TenantRole.Admin),
            id,
            1,
            UnknownDecision.TreatAsSent,
            CancellationToken.None
        );
        await engine.RunAsync();

        Assert.Equal((EmailStatus.Partial, RecipientState.Unknown), (unknown.Status, unknown.Recipient.State));
        Assert.IsType<DecisionResult.Decided>(decided);
        Assert.Single(engine.Provider.Mailed);
        Assert.Equal(EmailStatus.Sent, (await engine.EmailAsync(id)).Status);
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Equal(
            ["mail.posted", "mail.stopped", "mail.treated_as_sent"],
            await db.AuditEntries.OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync()
        );
    }

    [Fact]
    public async Task Mail_DoesNotWaitBehindItsTenantsCampaign_AndTheOthersKeepTheirTurns()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var south = await engine.Database.AddTenantAsync("south");
        await engine.Database.AddContactsAsync(engine.Tenant, 1_000);
        await engine.Database.AddContactsAsync(south, 1_000);
        var campaign = await engine.LaunchAsync();
        await engine.LaunchAsync(south);
        await engine.TurnAsync();
        await engine.TurnAsync();
        foreach (var key in Enumerable.Range(1, 4))
        {
            await engine.PostAsync($"order-{key}", $"person{key}@example.org");
        }

        // A newcomer is seen after a fifth of a second at most.
        engine.Time.Advance(TimeSpan.FromSeconds(1));
        for (var turn = 0; turn < 8; turn++)
        {
            Assert.Equal(DispatchResult.Sent, await engine.TurnAsync());
        }

        var calls = engine.Provider.Calls.Skip(2).Select(call => call.Key).ToList();
        // North and south in turn; of north's four turns the mails have every second one.
        Assert.Equal(2, calls.Count(key => key.StartsWith("email/", StringComparison.Ordinal)));
        Assert.Equal(2, calls.Count(key => key.Contains($"/{campaign:N}/", StringComparison.Ordinal)));
        Assert.Contains(calls.Take(2), key => key.StartsWith("email/", StringComparison.Ordinal));
        // The oldest first.
        Assert.Equal(
            ["person1@example.org", "person2@example.org"],
            engine
                .Provider.Mailed.Where(mail => mail.To.EndsWith(".org", StringComparison.Ordinal))
                .Select(mail => mail.To)
        );
    }

    [Fact]
    public async Task Mail_IsNoCampaign()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.PostAsync("order-1");
        engine.Provider.Then(Fault.DailyQuota);
        await engine.RunAsync();
        var (scope, none) = (engine.Tenant.Scope, CancellationToken.None);

        Assert.Empty((await new CampaignList(engine.Db).ExecuteAsync(scope, new CampaignListQuery(), none)).Items);
        Assert.Null(await new OpenCampaign(engine.Db).ExecuteAsync(scope, id, none));
        Assert.Null(await new CampaignPages(engine.Db).FindAsync(scope, id, none));
        Assert.Null(await new CampaignProgress(engine.Db).ExecuteAsync(scope, id, none));
        Assert.Null(await engine.ResumePreview.ExecuteAsync(scope, id, none));
        Assert.Null(await new RecipientTimeline(engine.Db).ExecuteAsync(scope, id, 1, none));
        Assert.IsType<FollowUpResult.NotFound>(await engine.TryFollowUpAsync(id));
        Assert.Null(await new DuplicateCampaign(engine.Db).ExecuteAsync(engine.Tenant.As(TenantRole.Admin), id, none));
    }
}
