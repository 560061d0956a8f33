using System.Net.Http.Headers;
using System.Net.Http.Json;
using AdminPortal;
using UITests.Support;

namespace UITests;

/// <summary>The audit log: many entries, a long difference, filters that find nothing, and the file.</summary>
public sealed class AuditPageTests : IAsyncLifetime
{
    private const string Slug = "demo";
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
    public async Task Log_IsPaged_Unfolded_Filtered_Verified_AndDownloadedAsItIsFiltered()
    {
        await FillAsync(await KeyAsync());
        await _page.OpenAsync(_portal, PortalUrls.Audit(Slug));
        var lines = _page.GetByRole(AriaRole.List, new() { Name = "Audit log, newest first" });
        await Expect(lines.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(50);
        await Expect(lines.GetByText("Shop").First).ToBeVisibleAsync();
        await _page.LookAsync("audit-many");

        var changed = lines.GetByRole(AriaRole.Listitem).Filter(new() { HasText = "changed the template" }).First;
        await changed.GetByText("What changed").FocusAsync();
        await _page.Keyboard.PressAsync("Enter");
        await Expect(changed.GetByText("Another beginning")).ToBeVisibleAsync();
        await _page.LookAsync("audit-difference");

        await _page.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        await Expect(_page.GetByRole(AriaRole.Link, new() { Name = "Newest" })).ToBeVisibleAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Verify now" }).ClickAsync();
        await Expect(_page.GetByText("entries are as they were written")).ToBeVisibleAsync();

        await _page.GetByLabel("What", new() { Exact = true }).SelectOptionAsync("template.changed");
        await Expect(lines.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(1);
        var download = await _page.RunAndWaitForDownloadAsync(() =>
            _page.GetByRole(AriaRole.Link, new() { Name = "CSV" }).ClickAsync()
        );
        var file = await File.ReadAllTextAsync(await download.PathAsync());
        Assert.Equal("audit-log.csv", download.SuggestedFilename);
        Assert.Equal(2, file.TrimEnd().Split('\n').Length);
        Assert.Contains("template.changed", file, StringComparison.Ordinal);

        await _page.OpenAsync(_portal, PortalUrls.Audit(Slug, target: "nobody has this name"));
        await Expect(_page.GetByText("No entry matches these filters.")).ToBeVisibleAsync();
        await _page.LookAsync("audit-nothing");
        await _page.OpenAsync(_portal, PortalUrls.Audit(Slug, action: "audit.exported"));
        await Expect(lines.GetByText("the audit log")).ToBeVisibleAsync();
        await _page.OpenAsync(_portal, PortalUrls.Settings(Slug));
        await Expect(_page.GetByText("Owners get the audit log's anchor by mail")).ToBeVisibleAsync();
        await _page.LookAsync("audit-settings");
    }

    private async Task<string> KeyAsync()
    {
        await _page.OpenAsync(_portal, PortalUrls.ApiKeys(Slug, adding: true));
        await _page.GetByRole(AriaRole.Checkbox, new() { Name = "contacts" }).First.CheckAsync();
        await _page.GetByRole(AriaRole.Checkbox, new() { Name = "send writes" }).CheckAsync();
        await _page.GetByLabel("Name").FillAsync("Shop");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Make the key" }).ClickAsync();
        return (await _page.GetByTestId("api-key").TextContentAsync())!;
    }

    private async Task FillAsync(string key)
    {
        using var client = new HttpClient { BaseAddress = new Uri(_portal.Url + "/api/v1/") };
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
