using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using AdminPortal;
using UITests.Support;

namespace UITests;

/// <summary>Who runs the installation: a key is made, used and revoked; another operator comes, and the first one goes.</summary>
public sealed class OperatorsPageTests(BrowserFixture browser) : PageTests(browser, ("Demo:Seed", "false"))
{
    [Fact]
    public async Task Key_IsMade_ShownOnce_Works_AndIsRevokedByName()
    {
        await OpenAsync(PortalUrls.Operators());
        await Expect(Page.GetByText("No program has an operator's key.")).ToBeVisibleAsync();
        await Expect(Page.GetByText("The last one stays.")).ToBeVisibleAsync();
        await LookAsync("operators-alone");
        await Page.GetByRole(AriaRole.Link, new() { Name = "New key" }).ClickAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Make the key" }).ClickAsync();
        await Expect(Page.GetByText("Give the key a name")).ToBeVisibleAsync();
        await Page.GetByLabel("Name of the key").FillAsync("Set-up script");
        await Page.Keyboard.PressAsync("Enter");
        await Expect(Page.GetByText("will never be shown again")).ToBeVisibleAsync();
        var key = await Page.GetByTestId("operator-key").TextContentAsync();
        await Expect(Page.GetByRole(AriaRole.Cell, new() { Name = "Set-up script", Exact = true })).ToBeVisibleAsync();
        await LookAsync("operators-key-made");
        Assert.Equal(200, await AskAsync(key!));

        await Page.ReloadAsync();
        await Expect(Page.GetByRole(AriaRole.Cell, new() { Name = "Set-up script", Exact = true })).ToBeVisibleAsync();
        await Expect(Page.GetByTestId("operator-key")).ToHaveCountAsync(0);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Revoke Set-up script" }).ClickAsync();
        await Expect(Page.GetByText("stops working at once")).ToBeVisibleAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Revoke the key" }).ClickAsync();
        await Expect(Page.GetByText("No program has an operator's key.")).ToBeVisibleAsync();
        Assert.Equal(401, await AskAsync(key!));
    }

    [Fact]
    public async Task AnotherOperator_ComesByALink_AndTakesTheFirstOnesRights_WhoIsSignedOut()
    {
        await OpenAsync(PortalUrls.Operators());
        await Page.GetByLabel("E-mail address of another operator").FillAsync("bob@example.org");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Make the link" }).ClickAsync();
        var link = await Page.GetByTestId("set-up-link").TextContentAsync();
        await Expect(Page.GetByText("Waits for its link")).ToBeVisibleAsync();
        await LookAsync("operators-waiting");

        var bob = await Browser.NewPageAsync();
        await bob.GotoAsync(link!);
        await bob.GetByLabel("Password", new() { Exact = true }).FillAsync("a password of words");
        await bob.GetByLabel("The same again").FillAsync("a password of words");
        await bob.GetByRole(AriaRole.Button, new() { Name = "Set the password and sign in" }).ClickAsync();
        await Expect(bob.GetByRole(AriaRole.Link, new() { Name = "Tenants" }).First).ToBeVisibleAsync();
        await bob.OpenAsync(Portal, PortalUrls.Operators());
        await bob.GetByRole(
                AriaRole.Button,
                new() { NameRegex = new("^Take the rights of (?!bob)", RegexOptions.None, TimeSpan.FromSeconds(1)) }
            )
            .ClickAsync();
        await Expect(bob.GetByText("They are signed out everywhere")).ToBeVisibleAsync();
        await bob.LookAsync("operators-take-rights");
        await bob.GetByRole(AriaRole.Button, new() { Name = "Take the rights", Exact = true }).ClickAsync();
        await Expect(bob.GetByText("The last one stays.")).ToBeVisibleAsync();

        await Page.ReloadAsync();
        await Expect(Page.GetByText("You are not an operator of this installation any more")).ToBeVisibleAsync();
        await LookAsync("operators-signed-out");
    }

    private async Task<int> AskAsync(string key)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await client.GetAsync(new Uri(Portal.Url + "/api/v1/tenants"));
        return (int)answer.StatusCode;
    }
}
