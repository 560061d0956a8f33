using System.Security.Cryptography;
using AdminPortal;
using UITests.Support;

namespace UITests;

/// <summary>
/// The script comes from .NET 9's runtime package and speaks to a .NET 10 server (src/AdminPortal/BlazorScript.targets).
/// That pairing is ours, so everything the portal uses of it is tried here in a real browser.
/// </summary>
public sealed class BlazorScriptTests(PortalFixture fixture) : IClassFixture<PortalFixture>, IAsyncLifetime
{
    private readonly List<string> _errors = [];
    private IPage _page = null!;

    public async Task InitializeAsync()
    {
        _page = await fixture.NewPageAsync();
        _page.PageError += (_, error) => _errors.Add(error);
        _page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _errors.Add(message.Text);
            }
        };
    }

    public async Task DisposeAsync()
    {
        await _page.Context.DisposeAsync();
        Assert.Empty(_errors);
    }

    [Fact]
    public async Task Circuit_Started_AnswersClicks()
    {
        await _page.OpenAsync(fixture.Portal, PortalUrls.GalleryScript);

        await _page
            .GetByRole(AriaRole.Button, new() { Name = "Click", Exact = true })
            .ClickAsync(new() { ClickCount = 3 });

        await Expect(_page.GetByLabel("Clicks").And(_page.Locator("output"))).ToHaveTextAsync("3");
    }

    [Fact]
    public async Task Binding_FromThePageAndFromTheServer_GoesBothWays()
    {
        await _page.OpenAsync(fixture.Portal, PortalUrls.GalleryScript);
        var name = _page.GetByLabel("Your name");

        await name.PressSequentiallyAsync("Ada");
        await Expect(_page.GetByLabel("Greeting")).ToHaveTextAsync("Dear Ada,");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Set to Grace" }).ClickAsync();

        await Expect(name).ToHaveValueAsync("Grace");
    }

    [Fact]
    public async Task Module_Imported_Answers()
    {
        await _page.OpenAsync(fixture.Portal, PortalUrls.GalleryScript);

        await _page.GetByRole(AriaRole.Button, new() { Name = "Ask the module" }).ClickAsync();

        await Expect(_page.GetByLabel("Module's answer")).ToHaveTextAsync("6 times 7 is 42");
    }

    [Fact]
    public async Task Dialog_ConfirmedAndEscaped_AnswersYesAndNo()
    {
        await _page.OpenAsync(fixture.Portal, PortalUrls.Gallery);
        var launch = _page.GetByRole(AriaRole.Button, new() { Name = "Launch", Exact = true });
        var dialog = _page.GetByRole(AriaRole.Dialog).Filter(new() { HasText = "4,812 people" });

        await launch.ClickAsync();
        await Expect(dialog.Locator(":focus")).ToHaveCountAsync(1);
        await _page.Keyboard.PressAsync("Escape");
        await Expect(_page.GetByText("Not launched.")).ToBeVisibleAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await launch.ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Launch", Exact = true }).ClickAsync();

        await Expect(_page.GetByText("4,812 people are waiting.")).ToBeVisibleAsync();
        await Expect(dialog).Not.ToBeVisibleAsync();
    }

    [Fact]
    public async Task DropDown_Chosen_TellsTheServer()
    {
        await _page.OpenAsync(fixture.Portal, PortalUrls.GalleryScript);

        await _page.GetByText("Choose a fruit").ClickAsync();
        await _page.GetByRole(AriaRole.Option, new() { Name = "Quince" }).ClickAsync();

        await Expect(_page.GetByLabel("Chosen")).ToHaveTextAsync("Quince");
    }

    [Fact]
    public async Task Upload_Of200Kilobytes_ArrivesWhole()
    {
        var content = new byte[200 * 1024];
        new Random(7).NextBytes(content);
        await _page.OpenAsync(fixture.Portal, PortalUrls.GalleryScript);

        await _page
            .GetByLabel("A file")
            .SetInputFilesAsync(
                new FilePayload
                {
                    Name = "people.csv",
                    MimeType = "text/csv",
                    Buffer = content,
                }
            );

        var hash = Convert.ToHexStringLower(SHA256.HashData(content));
        await Expect(_page.GetByLabel("Uploaded")).ToHaveTextAsync($"people.csv: 204800 bytes, {hash}");
    }

    [Fact]
    public async Task Grid_NextPage_ShowsTheNextRows()
    {
        await _page.OpenAsync(fixture.Portal, PortalUrls.GalleryTables);
        var grid = _page.GetByRole(AriaRole.Region, new() { Name = "Radzen grid" });
        await Expect(grid.GetByText("person10@example.org")).ToBeVisibleAsync();

        await grid.Locator(".rz-pager-next").ClickAsync();

        await Expect(grid.GetByText("person11@example.org")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Virtualize_ScrolledToTheEnd_ShowsTheLastRow()
    {
        await _page.OpenAsync(fixture.Portal, PortalUrls.GalleryTables);
        var list = _page.GetByLabel("A thousand people");
        await Expect(list.GetByText("1 · person1@example.org")).ToBeVisibleAsync();
        await Expect(list.GetByText("1000 · person1000@example.org")).ToHaveCountAsync(0);

        await list.EvaluateAsync("list => list.scrollTo(0, list.scrollHeight)");

        await Expect(list.GetByText("1000 · person1000@example.org")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Navigation_ByLinkAndBack_KeepsTheCircuitAndTheAddress()
    {
        await _page.OpenAsync(fixture.Portal, PortalUrls.GalleryScript);
        await _page.EvaluateAsync("window.sameDocument = true");

        await _page.GetByRole(AriaRole.Link, new() { Name = "Next step" }).ClickAsync();
        await Expect(_page.GetByLabel("Step").And(_page.Locator("output"))).ToHaveTextAsync("1");
        await _page.GetByRole(AriaRole.Link, new() { Name = "Tables" }).ClickAsync();
        await Expect(_page.GetByRole(AriaRole.Heading, new() { Name = "Tables", Level = 1 })).ToBeVisibleAsync();
        await _page.GoBackAsync();

        await Expect(_page.GetByLabel("Step").And(_page.Locator("output"))).ToHaveTextAsync("1");
        Assert.EndsWith("?step=1", _page.Url, StringComparison.Ordinal);
        Assert.True(await _page.EvaluateAsync<bool>("window.sameDocument === true"));
    }

    [Fact]
    public async Task StreamRendering_SlowPart_ArrivesAfterTheFirst()
    {
        // Noted by the page itself: a look from here could come too late for the first part.
        await _page.AddInitScriptAsync(
            """
            window.seen = [];
            new MutationObserver(() => {
              const text = document.querySelector("[role=status]")?.textContent;
              if (text && window.seen.at(-1) !== text) window.seen.push(text);
            }).observe(document, { childList: true, subtree: true, characterData: true });
            """
        );

        await _page.GotoAsync(fixture.Portal.Url + PortalUrls.GalleryStatic);

        await Expect(_page.GetByText("The stream arrived.")).ToBeVisibleAsync();
        Assert.Equal(
            ["Waiting for the stream…", "The stream arrived."],
            await _page.EvaluateAsync<string[]>("window.seen")
        );
    }

    [Fact]
    public async Task EnhancedForm_Posted_AnswersWithoutReload()
    {
        await _page.OpenAsync(fixture.Portal, PortalUrls.GalleryStatic);
        await Expect(_page.GetByText("The stream arrived.")).ToBeVisibleAsync();
        await _page.EvaluateAsync("window.sameDocument = true");

        await _page.GetByLabel("E-mail").FillAsync("Ada");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();

        await Expect(_page.GetByLabel("Answer")).ToHaveTextAsync("Hello, Ada.");
        Assert.True(await _page.EvaluateAsync<bool>("window.sameDocument === true"));
    }

    [Fact]
    public async Task StaticPage_LeftByLink_StartsTheCircuit()
    {
        await _page.OpenAsync(fixture.Portal, PortalUrls.GalleryStatic);
        await Expect(_page.GetByText("The stream arrived.")).ToBeVisibleAsync();

        await _page.GetByRole(AriaRole.Link, new() { Name = "To the gallery" }).ClickAsync();
        await _page.GetByRole(AriaRole.Link, new() { Name = "Script" }).ClickAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Click", Exact = true }).ClickAsync();

        await Expect(_page.GetByLabel("Clicks").And(_page.Locator("output"))).ToHaveTextAsync("1");
    }
}
