using System.Net.Http.Headers;
using AdminPortal;
using UITests.Support;

namespace UITests;

/// <summary>A key for a program: made, shown once, used, revoked.</summary>
public sealed class ApiKeysPageTests : IAsyncLifetime
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
    public async Task Key_IsMadeByKeyboard_ShownOnce_Works_AndIsRevokedByName()
    {
        await _page.OpenAsync(_portal, PortalUrls.ApiKeys(Slug));
        await Expect(_page.GetByText("No program has a key.")).ToBeVisibleAsync();
        await LookAsync("api-keys-empty");
        await _page.GetByRole(AriaRole.Link, new() { Name = "New key" }).ClickAsync();
        await _page.GetByRole(AriaRole.Checkbox, new() { Name = "read" }).UncheckAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Make the key" }).ClickAsync();
        await Expect(_page.GetByText("Give the key a name")).ToBeVisibleAsync();
        await Expect(_page.GetByText("Choose at least one.")).ToBeVisibleAsync();
        await LookAsync("api-keys-form");

        await _page.GetByLabel("Name").FocusAsync();
        await _page.Keyboard.TypeAsync("The shop's nightly import of everybody who bought something");
        await _page.Keyboard.PressAsync("Tab");
        await _page.Keyboard.PressAsync("Space");
        await _page.Keyboard.PressAsync("Tab");
        await _page.Keyboard.PressAsync("Space");
        await _page.Keyboard.PressAsync("Enter");
        await Expect(_page.GetByText("will never be shown again")).ToBeVisibleAsync();
        var key = await _page.GetByTestId("api-key").TextContentAsync();
        await Expect(_page.GetByRole(AriaRole.Cell, new() { Name = "read, contacts" })).ToBeVisibleAsync();
        await LookAsync("api-keys-made");
        Assert.Equal(200, await AskAsync(key!));

        await _page.ReloadAsync();
        await Expect(_page.GetByRole(AriaRole.Cell, new() { Name = "read, contacts" })).ToBeVisibleAsync();
        await Expect(_page.GetByTestId("api-key")).ToHaveCountAsync(0);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Revoke The shop" }).ClickAsync();
        await Expect(_page.GetByText("stops working at once")).ToBeVisibleAsync();
        await LookAsync("api-keys-revoke");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Revoke the key" }).ClickAsync();
        await Expect(_page.GetByText("No program has a key.")).ToBeVisibleAsync();
        Assert.Equal(401, await AskAsync(key!));
    }

    private async Task<int> AskAsync(string key)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await client.GetAsync(new Uri(_portal.Url + "/api/v1/contacts"));
        return (int)answer.StatusCode;
    }

    private Task LookAsync(string name) => _page.LookAsync(name);
}
