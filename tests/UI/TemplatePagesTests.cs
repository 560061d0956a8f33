using AdminPortal;
using UITests.Support;

namespace UITests;

/// <summary>A template is written with a mistake, mended, used for a campaign and deleted; the campaign keeps its copy.</summary>
public sealed class TemplatePagesTests : IAsyncLifetime
{
    private readonly BrowserFixture _browser = new();
    private PortalProcess _portal = null!;
    private IPage _page = null!;

    public async Task InitializeAsync()
    {
        await _browser.InitializeAsync();
        _portal = await PortalProcess.StartAsync(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Demo:Seed"] = "true" }
        );
        _page = await _browser.NewPageAsync();
        await _page.SignInAsync(_portal);
    }

    public async Task DisposeAsync()
    {
        await _browser.DisposeAsync();
        await _portal.DisposeAsync();
    }

    [Fact]
    public async Task Template_WrittenUsedAndDeleted_LeavesItsCampaignAsItIs()
    {
        await _page.OpenAsync(_portal, PortalUrls.Templates(Stage.Tenant));
        await _page.LookAsync("templates");
        await _page.GetByRole(AriaRole.Link, new() { Name = "New template" }).ClickAsync();
        await Expect(_page.GetByRole(AriaRole.Heading, new() { Name = "New template" })).ToBeVisibleAsync();
        await _page
            .GetByLabel("Name", new() { Exact = true })
            .FillAsync("A letter with a rather long name, as some people give their letters");
        await _page.GetByLabel("Subject").FillAsync("Good morning, {{fallback first_name \"friend\"}}");
        await _page.GetByLabel("Content, in HTML").FillAsync("<h1>Good morning</h1>\n<p>Dear {{frist_name}},</p>");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Create template" }).ClickAsync();
        await Expect(_page.GetByText("Line 2: There is no field").First).ToBeVisibleAsync();
        await _page.LookAsync("template-fault");
        await _page.GetByLabel("Content, in HTML").FillAsync("<h1>Good morning</h1>\n<p>Dear {{first_name}},</p>");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Create template" }).ClickAsync();
        await Expect(_page.GetByText("The template was created.")).ToBeVisibleAsync();
        await _page.LookAsync("template");

        await _page.GetByRole(AriaRole.Link, new() { Name = "New campaign from it" }).ClickAsync();
        // Both pages have a field "Name": until the next one is there, the template's own would be filled.
        await Expect(_page.GetByRole(AriaRole.Heading, new() { Name = "New campaign" })).ToBeVisibleAsync();
        await _page.GetByLabel("Name").FillAsync("Morning mail");
        await _page.LookAsync("campaign-new-template");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Start writing" }).ClickAsync();
        await Expect(_page.GetByLabel("Subject")).ToHaveValueAsync("Good morning, {{fallback first_name \"friend\"}}");
        var campaign = _page.Url;

        await _page.OpenAsync(_portal, PortalUrls.Templates(Stage.Tenant));
        await _page.GetByRole(AriaRole.Button, new() { Name = "Actions for A letter" }).ClickAsync();
        await _page.GetByRole(AriaRole.Menuitem, new() { Name = "Delete" }).ClickAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Delete template" }).ClickAsync();
        await Expect(_page.GetByRole(AriaRole.Link, new() { Name = "A letter" })).ToBeHiddenAsync();
        await _page.GotoAsync(campaign);
        await Expect(_page.GetByLabel("Content, in HTML"))
            .ToHaveValueAsync("<h1>Good morning</h1>\n<p>Dear {{first_name}},</p>");
    }
}
