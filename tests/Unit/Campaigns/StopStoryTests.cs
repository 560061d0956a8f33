using AdminPortal.Features.Campaigns.Compose;
using AdminPortal.Features.Campaigns.Watch;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;

namespace UnitTests.Campaigns;

public sealed class StopStoryTests
{
    private static readonly CampaignCounts Counts = new(5_100, 2_700, 0, 2_300, 0, 100, 0, 0, 0, 0, 0, 0);

    [Theory]
    [InlineData(StopReason.ProviderUnavailable, "The provider stopped answering after 2,300 of 5,000.")]
    [InlineData(StopReason.DailyQuota, "The provider's daily quota was used up after 2,300 of 5,000.")]
    [InlineData(StopReason.MonthlyQuota, "The provider's monthly quota was used up after 2,300 of 5,000.")]
    [InlineData(StopReason.KeyRejected, "The provider rejected the API key after 2,300 of 5,000.")]
    [InlineData(StopReason.SenderNotVerified, "sending domain; it stopped after 2,300 of 5,000.")]
    [InlineData(StopReason.RefusedForAll, "the fault is not theirs; it stopped after 2,300 of 5,000.")]
    [InlineData(StopReason.RateLimited, "asking to wait, without end; it stopped after 2,300 of 5,000.")]
    [InlineData(StopReason.ProviderBusy, "still at work on an earlier call; it stopped after 2,300 of 5,000.")]
    [InlineData(StopReason.ContentBroken, "no longer be made into mails; it stopped after 2,300 of 5,000.")]
    [InlineData(StopReason.UnknownLeft, "2,300 of 5,000 were accepted.")]
    [InlineData(StopReason.AccountChanged, "this campaign stopped after 2,300 of 5,000.")]
    [InlineData(null, "The campaign stopped after 2,300 of 5,000.")]
    public void What_ForEachReason_SaysWhyWhoIsSafeAndWhoWaits(StopReason? reason, string why)
    {
        var story = StopStory.Of(Stopped(reason), Counts);

        Assert.Contains(why, story.What, StringComparison.Ordinal);
        Assert.EndsWith("Nobody was mailed twice. 2,700 people are waiting.", story.What, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryReason_HasASentenceOfItsOwn() =>
        Assert.Equal(
            Enum.GetValues<StopReason>().Length,
            Enum.GetValues<StopReason>().Select(reason => StopStory.Of(Stopped(reason), Counts).What).Distinct().Count()
        );

    [Fact]
    public void Details_NameThoseInDoubtAndUnknown()
    {
        var story = StopStory.Of(Stopped(null), Counts with { Pending = 1, InDoubt = 100, Unknown = 1 });

        Assert.EndsWith("1 person is waiting.", story.What, StringComparison.Ordinal);
        Assert.StartsWith("100 people in doubt:", story.Details[0], StringComparison.Ordinal);
        Assert.StartsWith("1 person unknown:", story.Details[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StopReason.SenderNotVerified, true, "The sending domain is verified again")]
    [InlineData(StopReason.SenderNotVerified, false, "Verify the sending domain again")]
    [InlineData(StopReason.AccountChanged, true, "Its sending domain is verified there")]
    [InlineData(StopReason.AccountChanged, false, "has to be verified there first")]
    public void Next_OfALostSender_FollowsItsDomain(StopReason reason, bool holds, string next) =>
        Assert.Contains(next, StopStory.Of(Stopped(reason), Counts, senderHolds: holds).Next, StringComparison.Ordinal);

    [Fact]
    public void Next_NamesTheInstantThatTheEngineKnows()
    {
        var campaign = Stopped(StopReason.DailyQuota);
        campaign.ResumeAfter = new DateTimeOffset(2026, 3, 3, 0, 0, 0, TimeSpan.Zero);

        Assert.Equal("A resume has a chance from 3 Mar 2026, 00:00:00 UTC.", StopStory.Of(campaign, Counts).Next);
    }

    [Fact]
    public void Bar_AddsUpToTheRecipients_AndTheChosenPartLeadsBack()
    {
        var counts = new CampaignCounts(21, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0);

        var segments = LedgerBar.Segments(counts, "pending", filter => $"/?{filter}");

        Assert.Equal(counts.Recipients, segments.Sum(segment => segment.Count));
        Assert.Equal(
            ["/?accepted", "/?in_doubt", "/?", "/?excluded", "/?refused", "/?unknown"],
            segments.Select(s => s.Href)
        );
        Assert.Equal("Pending", Assert.Single(segments, segment => segment.Selected).Label);
    }

    [Fact]
    public void LaunchQuestion_SaysFromWhomToHowManyWithoutWhomAndWhenDone()
    {
        var now = DateTimeOffset.UnixEpoch;
        var preview = new LaunchPreviewResult(
            "News <news@north.test>",
            4_812,
            [new ReasonCount(Reasons.Unsubscribed, 120), new ReasonCount(Reasons.Suppressed, 0)],
            now.AddMinutes(8)
        );

        var question = LaunchQuestion.Of("Spring", "all contacts", preview, now);

        Assert.Equal("Launch \u201cSpring\u201d to 4,812 people?", question.Title);
        Assert.Equal(
            [
                "From News <news@north.test>.",
                "To 4,812 people: all contacts.",
                "120 people are left out: 120 unsubscribed.",
                "At the provider's present rate the last mail leaves in about 8 min.",
            ],
            question.Sentences.Take(4)
        );
    }

    [Fact]
    public void CancelQuestion_SaysWhoIsLeftOutAndWhoIsInDoubt()
    {
        var question = CancelQuestion.Of("Spring", Counts with { InDoubt = 100 });

        Assert.Contains("2,700 people still waiting will never get it.", question.Sentences);
        Assert.Contains(
            question.Sentences,
            sentence => sentence.StartsWith("100 people in doubt", StringComparison.Ordinal)
        );
        Assert.True(question.Danger);
    }

    private static Campaign Stopped(StopReason? reason) =>
        new()
        {
            TenantId = Guid.Empty,
            Id = Guid.Empty,
            Name = "Spring",
            Status = CampaignStatus.Partial,
            StopReason = reason,
            CreatedBy = "Ada",
            CreatedAt = DateTimeOffset.UnixEpoch,
            UpdatedAt = DateTimeOffset.UnixEpoch,
        };
}
