using AdminPortal;
using UITests.Support;

namespace UITests;

/// <summary>A template is written with a mistake, mended, used for a campaign and deleted; the campaign keeps its copy.</summary>
public sealed class TemplatePagesTests(BrowserFixture browser) : PageTests(browser)
{
    [Fact]
    public async Task Template_WrittenUsedAndDeleted_LeavesItsCampaignAsItIs()
    {
        await OpenAsync(PortalUrls.Templates(Slug));
        await LookAsync("templates");
        await Page.GetByRole(AriaRole.Link, new() { Name = "New template" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "New template" })).ToBeVisibleAsync();
        await Page.GetByLabel("Name", new() { Exact = true })
            .FillAsync("A letter with a rather long name, as some people give their letters");
        await Page.GetByLabel("Subject").FillAsync("Good morning, {{fallback first_name \"friend\"}}");
        await Page.GetByLabel("Content, in HTML").FillAsync("<h1>Good morning</h1>\n<p>Dear {{frist_name}},</p>");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Create template" }).ClickAsync();
        await Expect(Page.GetByText("Line 2: There is no field").First).ToBeVisibleAsync();
        await LookAsync("template-fault");
        await Page.GetByLabel("Content, in HTML").FillAsync("<h1>Good morning</h1>\n<p>Dear {{first_name}},</p>");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Create template" }).ClickAsync();
        await Expect(Page.GetByText("The template was created.")).ToBeVisibleAsync();
        await LookAsync("template");

        await Page.GetByRole(AriaRole.Link, new() { Name = "New campaign from it" }).ClickAsync();
        // Both pages have a field "Name": until the next one is there, the template's own would be filled.
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "New campaign" })).ToBeVisibleAsync();
        await Page.GetByLabel("Name").FillAsync("Morning mail");
        await LookAsync("campaign-new-template");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Start writing" }).ClickAsync();
        await Expect(Page.GetByLabel("Subject")).ToHaveValueAsync("Good morning, {{fallback first_name \"friend\"}}");
        var campaign = Page.Url;

        await OpenAsync(PortalUrls.Templates(Slug));
        await Page.GetByRole(AriaRole.Button, new() { Name = "Actions for A letter" }).ClickAsync();
        await Page.GetByRole(AriaRole.Menuitem, new() { Name = "Delete" }).ClickAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Delete template" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Link, new() { Name = "A letter" })).ToBeHiddenAsync();
        await Page.GotoAsync(campaign);
        await Expect(Page.GetByLabel("Content, in HTML"))
            .ToHaveValueAsync("<h1>Good morning</h1>\n<p>Dear {{first_name}},</p>");
    }
}
