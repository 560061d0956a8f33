using System.Net.Http.Headers;
using System.Net.Http.Json;
using AdminPortal;
using UITests.Support;

namespace UITests;

/// <summary>The audit log: many entries, a long difference, filters that find nothing, and the file.</summary>
public sealed class AuditPageTests(BrowserFixture browser) : PageTests(browser)
{
    [Fact]
    public async Task Log_IsPaged_Unfolded_Filtered_Verified_AndDownloadedAsItIsFiltered()
    {
        await FillAsync(await KeyAsync());
        await OpenAsync(PortalUrls.Audit(Slug));
        var lines = Page.GetByRole(AriaRole.List, new() { Name = "Audit log, newest first" });
        await Expect(lines.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(50);
        await Expect(lines.GetByText("Shop").First).ToBeVisibleAsync();
        await LookAsync("audit-many");

        var changed = lines.GetByRole(AriaRole.Listitem).Filter(new() { HasText = "changed the template" }).First;
        await changed.GetByText("What changed").FocusAsync();
        await Page.Keyboard.PressAsync("Enter");
        await Expect(changed.GetByText("Another beginning")).ToBeVisibleAsync();
        await LookAsync("audit-difference");

        await Page.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Link, new() { Name = "Newest" })).ToBeVisibleAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Verify now" }).ClickAsync();
        await Expect(Page.GetByText("entries are as they were written")).ToBeVisibleAsync();

        await Page.GetByLabel("What", new() { Exact = true }).SelectOptionAsync("template.changed");
        await Expect(lines.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(1);
        var download = await Page.RunAndWaitForDownloadAsync(() =>
            Page.GetByRole(AriaRole.Link, new() { Name = "CSV" }).ClickAsync()
        );
        var file = await File.ReadAllTextAsync(await download.PathAsync());
        Assert.Equal("audit-log.csv", download.SuggestedFilename);
        Assert.Equal(2, file.TrimEnd().Split('\n').Length);
        Assert.Contains("template.changed", file, StringComparison.Ordinal);

        await OpenAsync(PortalUrls.Audit(Slug, target: "nobody has this name"));
        await Expect(Page.GetByText("No entry matches these filters.")).ToBeVisibleAsync();
        await LookAsync("audit-nothing");
        await OpenAsync(PortalUrls.Audit(Slug, action: "audit.exported"));
        await Expect(lines.GetByText("the audit log")).ToBeVisibleAsync();
        await OpenAsync(PortalUrls.Settings(Slug));
        await Expect(Page.GetByText("Owners get the audit log's anchor by mail")).ToBeVisibleAsync();
        await LookAsync("audit-settings");
    }

    [Fact]
    public async Task InstallationsLog_IsForTheOperator_FoundInTheNavigation_Filtered_Verified_AndDownloaded()
    {
        await OpenAsync(PortalUrls.OperatorTenants);
        await Page.GetByRole(AriaRole.Link, new() { Name = "Audit log" }).First.ClickAsync();
        var lines = Page.GetByRole(AriaRole.List, new() { Name = "Audit log, newest first" });
        await Expect(lines.GetByText("signed in as").First).ToBeVisibleAsync();
        await Expect(lines.GetByText("operator of this installation").First).ToBeVisibleAsync();
        await LookAsync("audit-operator");

        await Page.GetByRole(AriaRole.Button, new() { Name = "Verify now" }).ClickAsync();
        await Expect(Page.GetByText("entries are as they were written")).ToBeVisibleAsync();
        await Page.GetByLabel("What", new() { Exact = true }).SelectOptionAsync("operator.created");
        await Expect(lines.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(1);
        var download = await Page.RunAndWaitForDownloadAsync(() =>
            Page.GetByRole(AriaRole.Link, new() { Name = "CSV" }).ClickAsync()
        );
        var file = await File.ReadAllTextAsync(await download.PathAsync());
        Assert.Equal(2, file.TrimEnd().Split('\n').Length);
        Assert.Contains("operator.created", file, StringComparison.Ordinal);

        await OpenAsync(PortalUrls.Audit(slug: null, target: "nobody has this name"));
        await Expect(Page.GetByText("No entry matches these filters.")).ToBeVisibleAsync();
        await LookAsync("audit-operator-nothing");
    }

    private async Task<string> KeyAsync()
    {
        await OpenAsync(PortalUrls.ApiKeys(Slug, adding: true));
        await Page.GetByRole(AriaRole.Checkbox, new() { Name = "contacts" }).First.CheckAsync();
        await Page.GetByRole(AriaRole.Checkbox, new() { Name = "send writes" }).CheckAsync();
        await Page.GetByLabel("Name").FillAsync("Shop");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Make the key" }).ClickAsync();
        return (await Page.GetByTestId("api-key").TextContentAsync())!;
    }

    private async Task FillAsync(string key)
    {
        using var client = new HttpClient { BaseAddress = new Uri(Portal.Url + "/api/v1/") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        for (var i = 0; i < 120; i++)
        {
            using var made = await client.PostAsJsonAsync("contacts", new { email = $"person{i}@example.net" });
            Assert.Equal(201, (int)made.StatusCode);
        }

        var long_ = string.Concat(Enumerable.Repeat("<p>A paragraph of a letter that goes on and on.</p>", 60));
        using var template = await client.PostAsJsonAsync(
            "templates",
            new
            {
                name = "Letter",
                subject = "Hello",
                html = long_,
            }
        );
        Assert.Equal(201, (int)template.StatusCode);
        using var changed = await client.PutAsJsonAsync(
            template.Headers.Location!.ToString(),
            new
            {
                name = "Letter of the season, with a name that is longer",
                subject = "Hello again",
                html = "<p>Another beginning.</p>" + long_,
            }
        );
        Assert.Equal(200, (int)changed.StatusCode);
    }
}
