using AdminPortal;
using UITests.Support;

namespace UITests.Journeys;

/// <summary>A second draft is begun while the first is open, and the browser's buttons lead between the two.</summary>
public sealed class TwoDrafts(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task BackAndForward_BetweenTwoDrafts_ShowSaveAndDeleteTheOneInTheAddress()
    {
        await using var stage = await Stage.SetAsync(browser, []);
        var page = await stage.EnterAsync();
        await page.WriteAsync(stage, "Autumn bulbs");
        await page.Keyboard.PressAsync("Control+k");
        await page.GetByRole(AriaRole.Combobox, new() { Name = "Search or go to" }).FillAsync("New campaign");
        // The list of what was typed; that of before has the entry elsewhere.
        await Expect(page.Locator("#lp-search-list")).ToContainTextAsync("Contacts with “New campaign”");
        await page.Locator("#lp-search-list").GetByText("New campaign", new() { Exact = true }).ClickAsync();
        await Expect(Title(page, "New campaign")).ToBeVisibleAsync();
        await page.GetByLabel("Name").FillAsync("Winter bulbs");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start writing" }).ClickAsync();
        await Expect(Title(page, "Winter bulbs")).ToBeVisibleAsync();

        await page.GoBackAsync();
        await Expect(Title(page, "Autumn bulbs")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Textbox, new() { Name = "Name" })).ToHaveValueAsync("Autumn bulbs");
        await page.GetByLabel("Subject").FillAsync("Plant them now");
        await Expect(page.Locator(".preview-subject")).ToHaveTextAsync("Plant them now");
        await Expect(page.Locator(".page-header").GetByText("Saved just now")).ToBeVisibleAsync();

        await page.GoForwardAsync();
        await Expect(Title(page, "Winter bulbs")).ToBeVisibleAsync();
        await Expect(page.GetByLabel("Subject")).ToHaveValueAsync("");
        await page.GetByRole(AriaRole.Button, new() { Name = "More actions" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Delete the draft" }).ClickAsync();
        await Expect(page.Question()).ToContainTextAsync("Delete the draft “Winter bulbs”?");
        await page.Question().GetByRole(AriaRole.Button, new() { Name = "Delete the draft" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Autumn bulbs", Exact = true })).ToBeVisibleAsync();
        await Expect(page.GetByText("Plant them now")).ToBeVisibleAsync();
        await Expect(page.GetByText("Winter bulbs")).ToHaveCountAsync(0);
    }

    private static ILocator Title(IPage page, string title) =>
        page.GetByRole(
            AriaRole.Heading,
            new()
            {
                Name = title,
                Level = 1,
                Exact = true,
            }
        );
}
