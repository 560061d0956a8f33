using System.Net.Http.Headers;
using AdminPortal;
using UITests.Support;

namespace UITests;

/// <summary>A key for a program: made, shown once, used, revoked.</summary>
public sealed class ApiKeysPageTests(BrowserFixture browser) : PageTests(browser)
{
    [Fact]
    public async Task Key_IsMadeByKeyboard_ShownOnce_Works_AndIsRevokedByName()
    {
        await OpenAsync(PortalUrls.ApiKeys(Slug));
        await Expect(Page.GetByText("No program has a key.")).ToBeVisibleAsync();
        await LookAsync("api-keys-empty");
        await Page.GetByRole(AriaRole.Link, new() { Name = "New key" }).ClickAsync();
        await Page.GetByRole(AriaRole.Checkbox, new() { Name = "read" }).UncheckAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Make the key" }).ClickAsync();
        await Expect(Page.GetByText("Give the key a name")).ToBeVisibleAsync();
        await Expect(Page.GetByText("Choose at least one.")).ToBeVisibleAsync();
        await LookAsync("api-keys-form");

        await Page.GetByLabel("Name").FocusAsync();
        await Page.Keyboard.TypeAsync("The shop's nightly import of everybody who bought something");
        await Page.Keyboard.PressAsync("Tab");
        await Page.Keyboard.PressAsync("Space");
        await Page.Keyboard.PressAsync("Tab");
        await Page.Keyboard.PressAsync("Space");
        await Page.Keyboard.PressAsync("Enter");
        await Expect(Page.GetByText("will never be shown again")).ToBeVisibleAsync();
        var key = await Page.GetByTestId("api-key").TextContentAsync();
        await Expect(Page.GetByRole(AriaRole.Cell, new() { Name = "read, contacts" })).ToBeVisibleAsync();
        await LookAsync("api-keys-made");
        Assert.Equal(200, await AskAsync(key!));

        await Page.ReloadAsync();
        await Expect(Page.GetByRole(AriaRole.Cell, new() { Name = "read, contacts" })).ToBeVisibleAsync();
        await Expect(Page.GetByTestId("api-key")).ToHaveCountAsync(0);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Revoke The shop" }).ClickAsync();
        await Expect(Page.GetByText("stops working at once")).ToBeVisibleAsync();
        await LookAsync("api-keys-revoke");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Revoke the key" }).ClickAsync();
        await Expect(Page.GetByText("No program has a key.")).ToBeVisibleAsync();
        Assert.Equal(401, await AskAsync(key!));
    }

    private async Task<int> AskAsync(string key)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await client.GetAsync(new Uri(Portal.Url + "/api/v1/contacts"));
        return (int)answer.StatusCode;
    }
}
