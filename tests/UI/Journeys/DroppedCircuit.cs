using UITests.Support;

namespace UITests.Journeys;

/// <summary>The server dies under somebody who is writing.</summary>
public sealed class DroppedCircuit(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task Draft_TypedWhileTheServerIsGone_IsThereWhenItComesBack()
    {
        await using var stage = await Stage.SetAsync(browser, []);
        var page = await stage.EnterAsync();
        await page.WriteAsync(stage, "Autumn bulbs");
        var content = page.GetByLabel("Content, in HTML");
        await content.FillAsync("<p>Saved before the crash.</p>");
        await Expect(page.Locator(".page-header").GetByText("Saved just now")).ToBeVisibleAsync();

        await content.PressSequentiallyAsync(" typed as it died");
        await stage.Portal.KillAsync();
        await content.PressSequentiallyAsync(", and after");
        await page.GetByLabel("Subject").FillAsync("A subject nobody saw");
        await page.EvaluateAsync("window.oldDocument = true");
        await stage.Portal.StartAgainAsync();

        await page.WaitForFunctionAsync("() => window.oldDocument !== true", null, new() { Timeout = 30_000 });
        await Expect(content).ToHaveValueAsync("<p>Saved before the crash.</p> typed as it died, and after");
        await Expect(page.GetByLabel("Subject")).ToHaveValueAsync("A subject nobody saw");
        await Expect(page.Locator(".page-header").GetByText("Saved just now")).ToBeVisibleAsync();

        // The server has it too: another window shows the same.
        var other = await stage.EnterAsync();
        await other.GotoAsync(page.Url);
        await Expect(other.GetByLabel("Subject")).ToHaveValueAsync("A subject nobody saw");
        await Expect(other.GetByLabel("Content, in HTML"))
            .ToHaveValueAsync("<p>Saved before the crash.</p> typed as it died, and after");
    }
}
