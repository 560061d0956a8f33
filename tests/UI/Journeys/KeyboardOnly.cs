using AdminPortal;
using UITests.Support;

namespace UITests.Journeys;

/// <summary>From the list of campaigns to a sent one without a mouse.</summary>
public sealed class KeyboardOnly(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    /// <summary>More stops than any page has; who does not arrive by then is lost.</summary>
    private const int MostStops = 80;

    [Fact]
    public async Task Draft_LaunchedWithKeysAlone_IsSent()
    {
        await using var stage = await Stage.SetAsync(browser, []);
        var page = await stage.EnterAsync();
        await page.OpenAsync(stage.Portal, PortalUrls.Campaigns(Stage.Tenant));

        await GoAsync(page, page.GetByRole(AriaRole.Link, new() { Name = "Spring planting", Exact = true }));
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Spring planting" })).ToBeVisibleAsync();
        if (await page.GetByRole(AriaRole.Link, new() { Name = "Edit", Exact = true }).CountAsync() > 0)
        {
            await GoAsync(page, page.GetByRole(AriaRole.Link, new() { Name = "Edit", Exact = true }));
        }

        var subject = page.GetByLabel("Subject");
        await Expect(subject).ToBeVisibleAsync();
        await TabToAsync(page, subject);
        await page.Keyboard.PressAsync("End");
        await page.Keyboard.TypeAsync(" today");
        await Expect(page.Locator(".preview-subject")).ToContainTextAsync("today");
        await TabBackToAsync(page, page.GetByRole(AriaRole.Button, new() { Name = "Launch ..." }));
        await page.Keyboard.PressAsync("Enter");

        await Expect(page.Question()).ToContainTextAsync("Launch “Spring planting” to 208 people?");
        await GoAsync(page, page.Question().GetByRole(AriaRole.Button, new() { Name = "Launch to 208 people" }));
        await page.StandsAtAsync("Sent");
        await page.CountsAsync("Accepted", 208);

        await GoAsync(page, page.GetByRole(AriaRole.Link, new() { Name = "Activity", Exact = true }));
        await Expect(page.GetByText("launched it.")).ToBeVisibleAsync();
    }

    private static async Task GoAsync(IPage page, ILocator target)
    {
        await TabToAsync(page, target);
        await page.Keyboard.PressAsync("Enter");
    }

    private static Task TabToAsync(IPage page, ILocator target) => WalkAsync(page, target, "Tab");

    private static Task TabBackToAsync(IPage page, ILocator target) => WalkAsync(page, target, "Shift+Tab");

    private static async Task WalkAsync(IPage page, ILocator target, string key)
    {
        await Expect(target).ToBeVisibleAsync();
        for (var stop = 0; stop < MostStops; stop++)
        {
            await page.Keyboard.PressAsync(key);
            if (await target.EvaluateAsync<bool>("element => element === document.activeElement"))
            {
                return;
            }
        }

        Assert.Fail($"{MostStops} times {key} did not lead to {target}.");
    }
}
