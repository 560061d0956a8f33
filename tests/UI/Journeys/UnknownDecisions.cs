using UITests.Support;

namespace UITests.Journeys;

/// <summary>Two calls whose fate is unknown: one is treated as sent, the other sent again, and both are told where they stand.</summary>
public sealed class UnknownDecisions(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    private static readonly (string, string) OneAtATime = ("Sending:MaxConcurrency", "1");

    [Fact]
    public async Task UnknownCalls_AreDecidedByAPerson_WhoIsToldTheRisk()
    {
        await using var stage = await Stage.SetAsync(browser, [OneAtATime]);
        var page = await stage.EnterAsync();
        // The provider says that the key was used for other bytes: whether they are out nobody knows.
        await stage.Provider.BreakAsync(
            new
            {
                kind = "refuse",
                on = "batch",
                from = 1,
                times = 2,
                status = 409,
                name = "invalid_idempotent_request",
                message = "This idempotency key was used with another payload.",
            }
        );
        var campaign = await page.WriteAndLaunchAsync(stage, "Autumn bulbs");
        await page.StandsAtAsync("Partial");
        await page.CountsAsync("Unknown", 200);
        await stage.Provider.HealAsync();
        var calls = page.GetByLabel("Calls whose fate is unknown").GetByRole(AriaRole.Listitem);
        await Expect(calls).ToHaveCountAsync(2);
        await Screenshots.TakeAsync(page, "unknown-calls", fullPage: false);

        await calls.First.GetByRole(AriaRole.Button, new() { Name = "Treat as sent" }).ClickAsync();
        await Expect(page.Question()).ToContainTextAsync("100 people will never get this mail");
        await Screenshots.TakeAsync(page, "unknown-treat-as-sent", fullPage: false);
        await page.Question().GetByRole(AriaRole.Button, new() { Name = "Treat 100 people as sent" }).ClickAsync();
        await page.CountsAsync("Unknown", 100);
        await Expect(page.GetByText("100 people count as sent by a person's decision")).ToBeVisibleAsync();

        await calls.First.GetByRole(AriaRole.Button, new() { Name = "Send again" }).ClickAsync();
        await Expect(page.Question()).ToContainTextAsync("100 people will get this mail twice");
        await Screenshots.TakeAsync(page, "unknown-send-again", fullPage: false);
        await page.Question().GetByRole(AriaRole.Button, new() { Name = "Send again to 100 people" }).ClickAsync();
        await page.CountsAsync("Pending", 100);
        await (await page.AskToResumeAsync()).SendToAsync(100);

        await page.StandsAtAsync("Sent");
        await page.CountsAsync("Accepted", 312);
        await Screenshots.TakeAsync(page, "unknown-decided", fullPage: false);
        await page.GetByRole(AriaRole.Link, new() { Name = "Activity", Exact = true }).ClickAsync();
        await Expect(page.GetByText("Run 2, attempt 1").First).ToBeVisibleAsync();
        await Screenshots.TakeAsync(page, "unknown-activity", fullPage: false);
        await page.GetByRole(AriaRole.Link, new() { Name = "Recipients", Exact = true }).ClickAsync();
        await page.GetByText("ada.almeida@readers.example").First.ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "What happened" })).ToBeVisibleAsync();
        await Screenshots.TakeAsync(page, "unknown-recipient", fullPage: false);
        Assert.Equal(212, (await stage.Provider.MailedAsync(campaign)).Count);
    }
}
