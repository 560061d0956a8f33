using UITests.Support;

namespace UITests.Journeys;

/// <summary>Two people see the same stopped campaign and press the same button.</summary>
public sealed class TwoAdmins(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    private const string Started = "Run 2 has started: 212 people will be mailed.";
    private const string SomebodyWasFirst = "Somebody was first; nothing more was started.";

    [Fact]
    public async Task Resume_PressedByTwoAtOnce_MakesOneRunAndTellsTheOther()
    {
        await using var stage = await Stage.SetAsync(browser, [("Sending:MaxConcurrency", "1")]);
        var ada = await stage.EnterAsync();
        await stage.Provider.BreakAsync(
            new
            {
                kind = "refuse",
                on = "batch",
                from = 2,
                status = 429,
                name = "daily_quota_exceeded",
                message = "You have reached your daily email sending quota.",
            }
        );
        var campaign = await ada.WriteAndLaunchAsync(stage, "Autumn bulbs");
        await ada.StandsAtAsync("Partial");
        var ben = await stage.EnterAsync();
        await ben.OpenCampaignAsync(stage, campaign);
        await stage.Provider.HealAsync();

        var (first, second) = (await ada.AskToResumeAsync(), await ben.AskToResumeAsync());
        await Task.WhenAll(first.SendToAsync(212), second.SendToAsync(212));
        var answers = await Task.WhenAll(AnswerAsync(ada), AnswerAsync(ben));

        Assert.Single(answers, Started);
        Assert.Single(answers, SomebodyWasFirst);
        await ada.StandsAtAsync("Sent");
        await ben.StandsAtAsync("Sent");
        await ada.ReceiptAsync(2, "resume", 212, 212);
        await Expect(ada.GetByRole(AriaRole.Row, new() { Name = "3, resume" })).ToHaveCountAsync(0);
        var mailed = await stage.Provider.MailedAsync(campaign);
        Assert.Equal(312, mailed.Count);
        Assert.Equal(312, mailed.Distinct().Count());
    }

    /// <summary>What the page says to whoever pressed, before it fades.</summary>
    private static Task<string> AnswerAsync(IPage page) =>
        page.GetByText(Started, new() { Exact = true })
            .Or(page.GetByText(SomebodyWasFirst, new() { Exact = true }))
            .First.InnerTextAsync();
}
