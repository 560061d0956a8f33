using System.Text.RegularExpressions;
using UITests.Support;

namespace UITests.Journeys;

/// <summary>A campaign for next week, on the clocks of the tenant's zone; taken back, scheduled again, and sent now after all.</summary>
public sealed partial class Scheduling(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task Campaign_IsScheduled_MovedToAnotherTime_TakenBack_AndSentNow()
    {
        await using var stage = await Stage.SetAsync(browser, []);
        var page = await stage.EnterAsync();
        await page.WriteAsync(stage, "Next week", tag: "vip");

        await page.GetByRole(AriaRole.Button, new() { Name = "Schedule ..." }).ClickAsync();
        var dialog = page.Question();
        var time = dialog.GetByLabel("Date and time, in Europe/Berlin");
        await time.FillAsync("2027-03-28T02:30");
        await time.BlurAsync();
        await Expect(dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("the clocks are put forward over it");
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Schedule it" })).ToBeDisabledAsync();
        await time.FillAsync("2027-10-31T02:30");
        await time.BlurAsync();
        await dialog.GetByLabel("The second, UTC+01:00").CheckAsync();
        await Expect(dialog).ToContainTextAsync("That is 31 Oct 2027, 01:30:00 UTC");
        await page.LookAsync("schedule-dialog");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Schedule it" }).ClickAsync();

        await Expect(page).ToHaveURLAsync(Campaign());
        await page.StandsAtAsync("Scheduled");
        var card = page.Locator("section").Filter(new() { HasText = "It is sent on" });
        await Expect(card).ToContainTextAsync("31 Oct 2027, 02:30:00 Europe/Berlin (UTC+01:00)");
        await page.LookAsync("scheduled");

        await card.GetByRole(AriaRole.Button, new() { Name = "Change the time" }).ClickAsync();
        await page.Question().GetByLabel("Date and time, in Europe/Berlin").FillAsync("2027-07-01T09:00");
        await page.Question().GetByLabel("Date and time, in Europe/Berlin").BlurAsync();
        await page.Question().GetByRole(AriaRole.Button, new() { Name = "Schedule it" }).ClickAsync();
        await Expect(card).ToContainTextAsync("1 Jul 2027, 09:00:00 Europe/Berlin (UTC+02:00)");

        await card.GetByRole(AriaRole.Button, new() { Name = "Make it a draft again" }).ClickAsync();
        await page.StandsAtAsync("Draft");
        await page.GetByRole(AriaRole.Link, new() { Name = "Edit", Exact = true }).ClickAsync();
        await Expect(page.GetByText("Ready", new() { Exact = true })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Schedule ..." }).ClickAsync();
        await page.Question().GetByRole(AriaRole.Button, new() { Name = "Schedule it" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(Campaign());
        await page.StandsAtAsync("Scheduled");

        await card.GetByRole(AriaRole.Button, new() { Name = "Send now ..." }).ClickAsync();
        var id = await page.AnswerLaunchAsync(31);
        await page.StandsAtAsync("Sent");
        Assert.Equal(31, (await stage.Provider.MailedAsync(id)).Distinct().Count());
        await page.LookAsync("scheduled-sent-now");
    }

    [GeneratedRegex("/campaigns/[0-9a-f-]{36}$", RegexOptions.None, 1000)]
    private static partial Regex Campaign();
}
