using AdminPortal;
using UITests.Support;

namespace UITests.Journeys;

/// <summary>One mail to the loyal ones, another to the rest: whoever got the first is left out of the second.</summary>
public sealed class LeftOut(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    private const int Loyal = 31;

    [Fact]
    public async Task Recipients_OfAnEarlierCampaign_AreLeftOut_ForetoldAndInTheLedger()
    {
        await using var stage = await Stage.SetAsync(browser, []);
        var page = await stage.EnterAsync();
        var first = await page.WriteAndLaunchAsync(stage, "To the loyal ones", tag: "vip", people: Loyal);
        await page.StandsAtAsync("Sent");

        await page.WriteAsync(stage, "To the rest");
        await page.GetByLabel("Leave out the recipients of").SelectOptionAsync(first.ToString());
        var preflight = page.GetByRole(AriaRole.Region, new() { Name = "Before the launch" });
        await Expect(preflight).ToContainTextAsync($"{Loyal} as recipients of another campaign");
        await page.GetByText("Except recipients of").ScrollIntoViewIfNeededAsync();
        await page.LookAsync("left-out-compose");
        await page.ReloadAsync();
        await Expect(page.GetByText("To the loyal ones (")).ToBeVisibleAsync();
        await Expect(preflight.GetByText("Ready", new() { Exact = true })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Launch ..." }).ClickAsync();
        await Expect(page.Question()).ToContainTextAsync($"{Loyal} in a campaign that is left out");
        var second = await page.AnswerLaunchAsync(Stage.Everybody - Loyal);

        await page.StandsAtAsync("Sent");
        await page.CountsAsync("Accepted", Stage.Everybody - Loyal);
        await page.CountsAsync("Excluded", Loyal);
        await Expect(page.GetByText("except recipients of \u201cTo the loyal ones\u201d")).ToBeVisibleAsync();
        await page.LookAsync("left-out-sent");
        var mailed = (await stage.Provider.MailedAsync(first))
            .Concat(await stage.Provider.MailedAsync(second))
            .ToList();
        Assert.Equal(Stage.Everybody, mailed.Count);
        Assert.Equal(Stage.Everybody, mailed.Distinct().Count());
    }
}
