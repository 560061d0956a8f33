using AdminPortal;
using UITests.Support;

namespace UITests;

/// <summary>The frame around every page, by keyboard and on a phone.</summary>
public sealed class ShellTests(PortalFixture fixture) : IClassFixture<PortalFixture>
{
    [Fact]
    public async Task Search_OpenedByCtrlK_LeadsToTheContactsThatMatch()
    {
        var page = await fixture.NewPageAsync();
        await page.OpenAsync(fixture.Portal, PortalUrls.Gallery);

        await page.Keyboard.PressAsync("Control+k");
        var search = page.GetByRole(AriaRole.Combobox, new() { Name = "Search or go to" });
        await Expect(search).ToBeFocusedAsync();
        await search.PressSequentiallyAsync("ada@");
        await Expect(page.Locator("#lp-search-list [aria-selected=true]")).ToHaveTextAsync("Contacts with “ada@”");
        await Screenshots.TakeAsync(page, "search", fullPage: false);
        await search.PressAsync("ArrowDown");
        await Expect(page.Locator("#lp-search-list [aria-selected=true]")).ToHaveTextAsync("Campaigns with “ada@”");
        await search.PressAsync("ArrowUp");
        await Expect(page.Locator("#lp-search-list [aria-selected=true]")).ToHaveTextAsync("Contacts with “ada@”");
        await search.PressAsync("Enter");

        await Expect(page).ToHaveURLAsync(fixture.Portal.Url + PortalUrls.Contacts("demo", q: "ada@"));
    }

    [Fact]
    public async Task Drawer_OnAPhone_OpensAndClosesByKeyboard()
    {
        var page = await fixture.NewPageAsync(390, 844);
        await page.OpenAsync(fixture.Portal, PortalUrls.Gallery);
        var navigation = page.GetByRole(AriaRole.Navigation, new() { Name = "Main" });
        await Expect(navigation).ToBeHiddenAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Open the menu" }).PressAsync("Enter");
        await Expect(navigation.GetByRole(AriaRole.Link, new() { Name = "Campaigns" })).ToBeVisibleAsync();
        await page.ScreenshotAsync(
            new() { Path = Path.Combine(Repository.Artifacts, "screenshots", "drawer-390-light.png") }
        );
        await page.Keyboard.PressAsync("Escape");

        await Expect(navigation).ToBeHiddenAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Open the menu" })).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Theme_Chosen_IsInTheFirstByteOfTheNextPage()
    {
        var page = await fixture.NewPageAsync();
        await page.OpenAsync(fixture.Portal, PortalUrls.Gallery);

        await page.GetByRole(AriaRole.Button, new() { Name = "Dark theme" }).ClickAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        var answer = await page.Context.APIRequest.GetAsync(fixture.Portal.Url + PortalUrls.Gallery);
        Assert.Contains("data-theme=\"dark\"", await answer.TextAsync(), StringComparison.Ordinal);
        await page.ReloadAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Dark theme", Pressed = true })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Theme as the system has it" }).ClickAsync();

        await Expect(page.Locator("html")).Not.ToHaveAttributeAsync("data-theme", "dark");
    }

    [Fact]
    public async Task Menu_ByKeyboard_AsksBeforeDeleting()
    {
        var page = await fixture.NewPageAsync();
        await page.OpenAsync(fixture.Portal, PortalUrls.Gallery);

        await page.GetByRole(AriaRole.Button, new() { Name = "More actions" }).PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Menuitem, new() { Name = "Duplicate" })).ToBeFocusedAsync();
        await Screenshots.TakeAsync(page, "menu", fullPage: false);
        await page.Keyboard.PressAsync("End");
        await page.Keyboard.PressAsync("Enter");
        var dialog = page.GetByRole(AriaRole.Dialog).Filter(new() { HasText = "The draft is gone then." });
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Delete" })).ToBeDisabledAsync();
        await dialog.GetByLabel("Type autumn to confirm").FillAsync("autumn");
        await Screenshots.TakeAsync(page, "dialog", fullPage: false);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();

        await Expect(page.GetByText("Deleted.", new() { Exact = true })).ToBeVisibleAsync();
        await Expect(page.GetByText("It could not be deleted.")).ToBeVisibleAsync();
        await Screenshots.TakeAsync(page, "toast", fullPage: false);
    }

    [Fact]
    public async Task Page_ThatFails_KeepsTheFrameAndTriesAgain()
    {
        var page = await fixture.NewPageAsync();
        await page.OpenAsync(fixture.Portal, PortalUrls.GalleryScript);

        await page.GetByRole(AriaRole.Button, new() { Name = "Fail on purpose" }).ClickAsync();
        await Expect(
                page.GetByText("Something went wrong on this page.", new() { Exact = true }).Locator("visible=true")
            )
            .ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Click", Exact = true }).ClickAsync();

        await Expect(page.GetByLabel("Clicks").And(page.Locator("output"))).ToHaveTextAsync("1");
    }

    [Fact]
    public async Task Row_Clicked_IsOneStepInTheHistory_AndAnotherTabLeavesThisOne()
    {
        var page = await fixture.NewPageAsync();
        await page.OpenAsync(fixture.Portal, PortalUrls.GalleryTables);
        var rows = page.GetByRole(AriaRole.Region, new() { Name = "People", Exact = true }).Locator("tbody tr");
        var panel = page.GetByRole(AriaRole.Complementary);
        var first = rows.Nth(0).GetByRole(AriaRole.Link);

        var other = await page.Context.RunAndWaitForPageAsync(() =>
            first.ClickAsync(new() { Modifiers = [KeyboardModifier.Control] })
        );
        await other.CloseAsync();
        await first.ClickAsync();
        await Expect(panel.GetByText("Number 1 of the ledger.")).ToBeVisibleAsync();
        // Beside the link: the panel stands over the other cells.
        await rows.Nth(1)
            .GetByRole(AriaRole.Cell)
            .First.ClickAsync(
                new()
                {
                    Position = new() { X = 2, Y = 2 },
                }
            );
        await Expect(panel.GetByText("Number 2 of the ledger.")).ToBeVisibleAsync();

        await page.GoBackAsync();
        await Expect(panel.GetByText("Number 1 of the ledger.")).ToBeVisibleAsync();
        await page.GoBackAsync();
        await Expect(panel).ToBeHiddenAsync();
        await Expect(page).ToHaveURLAsync(fixture.Portal.Url + PortalUrls.GalleryTables);

        // What stands apart in a row, its menu here, does not lead away.
        await rows.Nth(0).GetByRole(AriaRole.Button).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Open" }).ClickAsync();
        await rows.Nth(0)
            .GetByRole(AriaRole.Cell)
            .Last.ClickAsync(
                new()
                {
                    Position = new() { X = 2, Y = 2 },
                }
            );
        await page.ReloadAsync();
        await Expect(page).ToHaveURLAsync(fixture.Portal.Url + PortalUrls.GalleryTables);
    }

    [Fact]
    public async Task UnknownAddress_Opened_Answers404AndSaysSo()
    {
        var page = await fixture.NewPageAsync();

        var answer = await page.GotoAsync(fixture.Portal.Url + "/no/such/page");

        Assert.Equal(404, answer!.Status);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "There is nothing here" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Skip_ByKeyboard_IsTheFirstStop()
    {
        var page = await fixture.NewPageAsync();
        await page.OpenAsync(fixture.Portal, PortalUrls.Gallery);
        await page.EvaluateAsync("document.activeElement.blur()");

        var skip = page.GetByRole(AriaRole.Link, new() { Name = "Skip to the content" });
        await skip.FocusAsync();
        await Expect(skip).ToBeInViewportAsync();
        await page.Keyboard.PressAsync("Enter");

        await Expect(page.Locator("main")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Title_OfTheNextPage_TakesTheFocusAndTheFirstDoesNot()
    {
        var page = await fixture.NewPageAsync();
        await page.OpenAsync(fixture.Portal, PortalUrls.GalleryScript);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).Not.ToBeFocusedAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Tables" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Tables", Level = 1 })).ToBeFocusedAsync();
    }
}
