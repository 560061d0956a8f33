using UITests.Support;

namespace UITests.Journeys;

/// <summary>A person stops a campaign, lets it go on, and ends another one.</summary>
public sealed class PauseContinueCancel(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    /// <summary>The second chunk stays with the provider until it is healed: the button is pressed meanwhile.</summary>
    private static readonly object Slow = new
    {
        kind = "slow",
        on = "batch",
        from = 2,
        delay_milliseconds = 60_000,
    };

    [Fact]
    public async Task Campaign_PausedAndContinued_ThenAnotherCancelled_MailsWhomItSays()
    {
        await using var stage = await Stage.SetAsync(browser, [("Sending:MaxConcurrency", "1")]);
        var page = await stage.EnterAsync();
        await stage.Provider.BreakAsync(Slow);

        var paused = await page.WriteAndLaunchAsync(stage, "Autumn bulbs");
        await page.CountsAsync("Accepted", 100);
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await page.StandsAtAsync("Paused");
        // The call in flight ends as it ends; no further one starts.
        await stage.Provider.HealAsync();
        await page.CountsAsync("In doubt", 0);
        var atPause = (await stage.Provider.MailedAsync(paused)).Count;
        Assert.InRange(atPause, 100, 200);
        await page.CountsAsync("Accepted", atPause);
        await page.CountsAsync("Pending", 312 - atPause);

        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await page.StandsAtAsync("Sent");
        var mailed = await stage.Provider.MailedAsync(paused);
        Assert.Equal(312, mailed.Count);
        Assert.Equal(312, mailed.Distinct().Count());

        await stage.Provider.BreakAsync(Slow);
        var cancelled = await page.WriteAndLaunchAsync(stage, "Never mind");
        await page.CountsAsync("Accepted", 100);
        await page.GetByRole(AriaRole.Button, new() { Name = "More actions" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Cancel the campaign" }).ClickAsync();
        await Expect(page.Question()).ToContainTextAsync("A cancelled campaign cannot be resumed.");
        await page.Question().GetByRole(AriaRole.Button, new() { Name = "Cancel the campaign" }).ClickAsync();
        await page.StandsAtAsync("Cancelled");
        await stage.Provider.HealAsync();
        await page.CountsAsync("In doubt", 0);
        await page.CountsAsync("Pending", 0);
        mailed = await stage.Provider.MailedAsync(cancelled);
        Assert.InRange(mailed.Count, 100, 200);
        await page.CountsAsync("Accepted", mailed.Count);
        await page.CountsAsync("Excluded", 312 - mailed.Count);
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Resume partial" })).ToHaveCountAsync(0);
        Assert.Equal(0, await stage.Provider.DuplicatesAsync());
    }
}
