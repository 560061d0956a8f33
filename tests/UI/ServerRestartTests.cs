using AdminPortal;
using UITests.Support;

namespace UITests;

/// <summary>The page comes back by itself, which .NET 10's own template does not do with this script.</summary>
public sealed class ServerRestartTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task Server_KilledAndStartedAgain_PageComesBackWithTheStateOfItsAddress()
    {
        await using var portal = await PortalProcess.StartAsync();
        var page = await browser.NewPageAsync();
        await page.SignInAsync(portal);
        await page.OpenAsync(portal, PortalUrls.GalleryScript + "?step=41");
        var step = page.GetByLabel("Step").And(page.Locator("output"));
        await page.GetByRole(AriaRole.Link, new() { Name = "Next step" }).ClickAsync();
        await Expect(step).ToHaveTextAsync("42");
        await page.EvaluateAsync("window.oldDocument = true");

        await portal.KillAsync();
        await Expect(page.GetByText("The connection to the server was lost.")).ToBeVisibleAsync();
        await portal.StartAgainAsync();

        await page.WaitForFunctionAsync("() => window.oldDocument !== true", null, new() { Timeout = 60_000 });
        await Expect(step).ToHaveTextAsync("42");
        await page.GetByRole(AriaRole.Button, new() { Name = "Click", Exact = true }).ClickAsync();
        await Expect(page.GetByLabel("Clicks").And(page.Locator("output"))).ToHaveTextAsync("1");
        Assert.EndsWith("?step=42", page.Url, StringComparison.Ordinal);
    }
}
