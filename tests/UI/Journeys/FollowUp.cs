using System.Text.RegularExpressions;
using UITests.Support;

namespace UITests.Journeys;

/// <summary>A Partial campaign is continued in a new one, which mails exactly those who waited.</summary>
public sealed partial class FollowUp(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    private static readonly (string, string) OneAtATime = ("Sending:MaxConcurrency", "1");

    [Fact]
    public async Task PartialCampaign_IsContinuedInANewOne_GivenBack_ContinuedAgain_AndEverybodyGetsOne()
    {
        await using var stage = await Stage.SetAsync(browser, [OneAtATime]);
        var page = await stage.EnterAsync();
        await stage.Provider.BreakAsync(
            new
            {
                kind = "refuse",
                on = "batch",
                from = 3,
                status = 429,
                name = "daily_quota_exceeded",
                message = "You have reached your daily email sending quota.",
            }
        );
        var source = await page.WriteAndLaunchAsync(stage, "Autumn bulbs");
        await page.StandsAtAsync("Partial");
        await stage.Provider.HealAsync();
        await Screenshots.TakeAsync(page, "follow-up-partial", fullPage: false);

        // Made, thought better of, and made again.
        await ContinueAsync(page, "112");
        await Expect(page.GetByText("Those who waited in \u201cAutumn bulbs\u201d: 112 people")).ToBeVisibleAsync();
        await Screenshots.TakeAsync(page, "follow-up-compose", fullPage: false);
        await page.OpenCampaignAsync(stage, source);
        await Expect(page.GetByText("stands in that draft")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Resume partial" })).ToHaveCountAsync(0);
        await Screenshots.TakeAsync(page, "follow-up-source", fullPage: false);
        await page.GetByRole(AriaRole.Link, new() { Name = "Autumn bulbs, continued" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Edit" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(Edit());
        await Expect(page.GetByText("Ready", new() { Exact = true })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "More actions" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Delete the draft" }).ClickAsync();
        await page.Question().GetByRole(AriaRole.Button, new() { Name = "Delete the draft" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(Campaigns());
        await page.OpenCampaignAsync(stage, source);
        await page.CountsAsync("Pending", 112);
        await ContinueAsync(page, "112");

        await Expect(page.GetByText("Ready", new() { Exact = true })).ToBeVisibleAsync();
        var followUp = await page.LaunchAsync(people: 112);

        await page.StandsAtAsync("Sent");
        await page.CountsAsync("Accepted", 112);
        await Expect(page.GetByText("Continues Autumn bulbs")).ToBeVisibleAsync();
        await page.OpenCampaignAsync(stage, source);
        await page.StandsAtAsync("Sent");
        await page.CountsAsync("Accepted", 200);
        await page.CountsAsync("Excluded", 112);
        await Screenshots.TakeAsync(page, "follow-up-done", fullPage: false);
        var mailed = (await stage.Provider.MailedAsync(source))
            .Concat(await stage.Provider.MailedAsync(followUp))
            .ToList();
        Assert.Equal(Stage.Everybody, mailed.Count);
        Assert.Equal(Stage.Everybody, mailed.Distinct().Count());
        Assert.Equal(0, await stage.Provider.DuplicatesAsync());
    }

    private static async Task ContinueAsync(IPage page, string people)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue in a new campaign" }).ClickAsync();
        var question = page.Question();
        await Expect(question).ToContainTextAsync($"to the {people} people who wait here");
        await question.GetByRole(AriaRole.Button, new() { Name = "Make the draft" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(Edit());
    }

    [GeneratedRegex("/edit$", RegexOptions.None, 1000)]
    private static partial Regex Edit();

    [GeneratedRegex("/campaigns$", RegexOptions.None, 1000)]
    private static partial Regex Campaigns();
}
