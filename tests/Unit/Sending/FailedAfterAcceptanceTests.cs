using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>Accepted, then failed at the provider: a resume sends again when asked, and only to whom nothing was delivered.</summary>
public sealed class FailedAfterAcceptanceTests
{
    [Fact]
    public async Task Failed_IsItsOwnLine_AndGoesOutAgainOnlyWhenAsked()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.StoppedAfterAsync(chunks: 2, people: 300);
        await FailAsync(engine, 3, 4, 5);

        Assert.Equal((100, 3), await PreviewAsync(engine, id));
        engine.Provider.Then(Fault.DailyQuota);
        await engine.ResumeAsync(id);
        await engine.RunAsync();
        Assert.Equal(200, engine.Provider.Mailed.Count);
        await ResumeWithFailedAsync(engine, id, expectedRun: 2);
        await engine.RunAsync();

        Assert.Equal(303, engine.Provider.Mailed.Count);
        Assert.Equal([1, 2, 2, 2, 1], new[] { 2, 3, 4, 5, 6 }.Select(number => Mails(engine, number)));
        Assert.Equal(300, (await engine.CountsAsync(id)).Accepted);
        var story = await StoryAsync(engine, id, 4);
        Assert.Null(story.Recipient.Delivery);
        Assert.Contains(
            story.Entries,
            entry => entry is TimelineEntry.Reported { Type: "email.failed", Detail: "reached_daily_quota" }
        );
        Assert.Equal(
            2,
            story.Entries.OfType<TimelineEntry.Attempted>().Select(entry => entry.Chunk).Distinct().Count()
        );
    }

    [Theory]
    [InlineData("email.delivered")]
    [InlineData("email.opened")]
    [InlineData("email.clicked")]
    [InlineData("email.bounced")]
    [InlineData("email.complained")]
    public async Task Failed_WhoseMailLeftTheProviderAllTheSame_IsNotOffered(string evidence)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.StoppedAfterAsync(chunks: 1, people: 200);
        var mail = engine.Provider.Mailed.Single(m => m.Recipient == 3);
        await engine.ReportAsync(mail, evidence);
        await FailAsync(engine, 3);

        Assert.Equal((100, 0), await PreviewAsync(engine, id));
        await ResumeWithFailedAsync(engine, id);
        await engine.RunAsync();

        engine.AssertNobodyTwiceOverAll();
    }

    [Fact]
    public async Task OldMailThatArrivesAfterAll_BeforeTheNewOneBegan_StopsIt()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.StoppedAfterAsync(chunks: 1, people: 200);
        await FailAsync(engine, 3);
        await ResumeWithFailedAsync(engine, id);

        await engine.ReportAsync(engine.Provider.Mailed.Single(m => m.Recipient == 3), "email.delivered");
        await engine.RunAsync();

        Assert.Equal(200, (await engine.CountsAsync(id)).Accepted);
        engine.AssertNobodyTwiceOverAll();
    }

    [Fact]
    public async Task OldMailThatArrivesAfterAll_WhenItsPersonWasMovedToAFollowUp_StopsTheNewOne()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.StoppedAfterAsync(chunks: 1, people: 200);
        await FailAsync(engine, 3);
        var old = engine.Provider.Mailed.Single(m => m.Recipient == 3);
        await ResumeWithFailedAsync(engine, id);
        engine.Provider.Then(Fault.DailyQuota);
        await engine.RunAsync();
        var followUp = await engine.FollowUpAsync(id);

        await engine.ReportAsync(old, "email.delivered");
        await engine.LaunchDraftAsync(followUp);
        await engine.RunAsync();

        Assert.Equal(
            (100, 100),
            ((await engine.CountsAsync(id)).Accepted, (await engine.CountsAsync(followUp)).Accepted)
        );
        engine.AssertNobodyTwiceOverAll();
    }

    [Fact]
    public async Task OldMailThatArrivesAfterAll_BesideTheResumeThatAsksForItAgain_StopsTheNewOne()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        var id = await engine.StoppedAfterAsync(chunks: 1, people: 200);
        await FailAsync(engine, 3);
        var old = engine.Provider.Mailed.Single(m => m.Recipient == 3);

        await faults.BesideAsync(
            () => ResumeWithFailedAsync(engine, id),
            () => engine.ReportAsync(old, "email.delivered")
        );
        await engine.RunAsync();

        Assert.Equal(200, (await engine.CountsAsync(id)).Accepted);
        engine.AssertNobodyTwiceOverAll();
    }

    [Theory]
    [InlineData("email.failed")]
    [InlineData("email.sent")]
    [InlineData("email.delivery_delayed")]
    public async Task LateReportsOfTheOldMail_AreHistory_WhetherTheNewOneWaitsOrIsOut(string type)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.StoppedAfterAsync(chunks: 1, people: 200);
        await FailAsync(engine, 3);
        var old = engine.Provider.Mailed.Single(m => m.Recipient == 3);
        await ResumeWithFailedAsync(engine, id);

        await engine.ReportAsync(old, type);
        Assert.Equal(101, (await engine.CountsAsync(id)).Pending);
        engine.Provider.Then(Fault.None, Fault.DailyQuota);
        await engine.RunAsync();
        await engine.ReportAsync(old, type);

        Assert.Equal(2, Mails(engine, 3));
        Assert.Null((await StoryAsync(engine, id, 3)).Recipient.Delivery);
        // The new mail did not fail: it is not offered once more.
        Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(id)).Status);
        Assert.Equal(0, (await PreviewAsync(engine, id)).Failed);
    }

    [Fact]
    public async Task Failed_WhoUnsubscribedSince_IsLeftOut()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.StoppedAfterAsync(chunks: 1, people: 200);
        await FailAsync(engine, 3);
        await engine.SuppressAsync("person3@example.net");

        await ResumeWithFailedAsync(engine, id);
        await engine.RunAsync();

        Assert.Equal(1, Mails(engine, 3));
        Assert.Equal(RecipientState.Excluded, (await StoryAsync(engine, id, 3)).Recipient.State);
    }

    private static int Mails(EngineHarness engine, int recipient) =>
        engine.Provider.Mailed.Count(mail => mail.Recipient == recipient);

    private static async Task FailAsync(EngineHarness engine, params int[] recipients)
    {
        foreach (var number in recipients)
        {
            var mail = engine.Provider.Mailed.Single(m => m.Recipient == number);
            await engine.ReportAsync(mail, "email.failed", "reached_daily_quota");
        }
    }

    private static async Task<(int WillSend, int Failed)> PreviewAsync(EngineHarness engine, Guid id)
    {
        var preview = await engine.ResumePreview.ExecuteAsync(engine.Tenant.Scope, id, CancellationToken.None);
        return (preview!.WillSend, preview.FailedAfterAcceptance);
    }

    private static async Task ResumeWithFailedAsync(EngineHarness engine, Guid id, int expectedRun = 1) =>
        Assert.IsType<ResumeResult.Resumed>(
            await engine.Resume.ExecuteAsync(
                engine.Tenant.As(Ledgerpost.Tenancy.TenantRole.Admin),
                id,
                new ResumeRequest(expectedRun, IncludeJoined: false, IncludeFailed: true),
                CancellationToken.None
            )
        );

    private static async Task<RecipientTimelineView> StoryAsync(EngineHarness engine, Guid id, int number) =>
        (await new RecipientTimeline(engine.Db).ExecuteAsync(engine.Tenant.Scope, id, number, CancellationToken.None))!;
}
