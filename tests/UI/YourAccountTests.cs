using AdminPortal;
using Ledgerpost.Identity;
using UITests.Support;

namespace UITests;

/// <summary>How a person signs in and where they are signed in: authenticator, recovery codes, passkey, sessions.</summary>
public sealed class YourAccountTests(BrowserFixture browser) : PageTests(browser, UnderAName())
{
    [Fact]
    public async Task Authenticator_IsSetUp_AskedFor_AndReplacedByARecoveryCode()
    {
        await OpenAsync(PortalUrls.You());
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "Authenticator app" })).ToBeVisibleAsync();
        await LookAsync("you");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Set it up" }).ClickAsync();
        var secret = await Page.GetByTestId("authenticator-secret").InnerTextAsync();
        await Expect(Page.GetByRole(AriaRole.Img, new() { Name = "QR code" })).ToBeVisibleAsync();
        await LookAsync("you-authenticator");
        await Page.GetByLabel("Code", new() { Exact = true }).FillAsync("000000");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Switch it on" }).ClickAsync();
        await Expect(Page.GetByText("This is not the app's code.")).ToBeVisibleAsync();
        await Page.GetByLabel("Code", new() { Exact = true }).FillAsync(CodeOf(secret));
        await Page.GetByRole(AriaRole.Button, new() { Name = "Switch it on" }).ClickAsync();
        var list = Page.GetByTestId("recovery-codes").GetByRole(AriaRole.Listitem);
        await Expect(list).ToHaveCountAsync(10);
        var codes = await list.AllInnerTextsAsync();
        await LookAsync("you-recovery-codes");

        var other = await Browser.NewPageAsync();
        await PasswordAsync(other);
        await Expect(other.GetByRole(AriaRole.Heading, new() { Name = "Your code" })).ToBeVisibleAsync();
        await other.GetByLabel("Code of your authenticator app").FillAsync("000000");
        await other.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(other.GetByText("This code is not right")).ToBeVisibleAsync();
        await other.LookAsync("second-step");
        await other.GetByLabel("Code of your authenticator app").FillAsync(codes[0]);
        await other.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(other.GetByRole(AriaRole.Navigation, new() { Name = "Main" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Passkey_IsAdded_Named_SignsIn_AndIsRemoved()
    {
        var device = await Page.Context.NewCDPSessionAsync(Page);
        await device.SendAsync("WebAuthn.enable");
        await device.SendAsync(
            "WebAuthn.addVirtualAuthenticator",
            new Dictionary<string, object>
            {
                ["options"] = new Dictionary<string, object>
                {
                    ["protocol"] = "ctap2",
                    ["transport"] = "internal",
                    ["hasResidentKey"] = true,
                    ["hasUserVerification"] = true,
                    ["isUserVerified"] = true,
                    ["automaticPresenceSimulation"] = true,
                },
            }
        );
        await OpenAsync(PortalUrls.You());
        await Page.GetByLabel("Name of the new passkey").FillAsync("This laptop");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add a passkey" }).ClickAsync();
        var passkey = Page.GetByTestId("passkey");
        await Expect(passkey).ToContainTextAsync("This laptop");
        await passkey.GetByRole(AriaRole.Button, new() { Name = "Rename" }).ClickAsync();
        await Page.GetByLabel("Name of the passkey").FillAsync("The laptop at home");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Save the name" }).ClickAsync();
        await Expect(passkey).ToContainTextAsync("The laptop at home");
        await LookAsync("you-passkeys");

        await Page.GotoAsync(Portal.Url + PortalUrls.SignOut);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "You are signed out" })).ToBeVisibleAsync();
        await Page.GotoAsync(Portal.Url + PortalUrls.SignInAndReturn(PortalUrls.YourSessions));
        await LookAsync("sign-in-passkey");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Use a passkey" }).ClickAsync();
        await Expect(Page).ToHaveURLAsync(Portal.Url + PortalUrls.YourSessions);
        await Expect(Page.GetByText("Signed in with a passkey").First).ToBeVisibleAsync();

        await OpenAsync(PortalUrls.You());
        await Page.GetByRole(AriaRole.Button, new() { Name = "Remove The laptop at home" }).ClickAsync();
        await Page.GetByRole(AriaRole.Dialog)
            .GetByRole(AriaRole.Button, new() { Name = "Remove the passkey" })
            .ClickAsync();
        await Expect(passkey).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task OtherSession_IsListed_SignedOutFromHere_AndItsOpenPageSaysSo()
    {
        var other = await Browser.NewPageAsync();
        await other.SignInAsync(Portal);
        await other.OpenAsync(Portal, PortalUrls.Contacts(Slug));
        await OpenAsync(PortalUrls.YourSessions);
        await Expect(Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Chrome on Linux" }).First)
            .ToBeVisibleAsync();
        await LookAsync("you-sessions");

        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign out everywhere else" }).ClickAsync();

        await Expect(Page.GetByText("One other session was ended.")).ToBeVisibleAsync();
        await Expect(other.GetByText("This session was ended from another one of yours"))
            .ToBeVisibleAsync(new() { Timeout = 60_000 });
        await other.LookAsync("sign-in-ended");
    }

    /// <summary>A passkey belongs to a name, never to a number such as 127.0.0.1.</summary>
    private static (string, string)[] UnderAName()
    {
        var address = PortalProcess.FreeAddress().Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        return [("urls", address), ("Portal:PublicUrl", address)];
    }

    private async Task PasswordAsync(IPage page)
    {
        await page.GotoAsync(Portal.Url + PortalUrls.SignIn);
        await page.GetByLabel("E-mail").FillAsync(Account.OperatorEmail);
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(Account.OperatorPassword);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
    }

    private static string CodeOf(string secret) => Totp.Code(secret, Totp.StepAt(TimeProvider.System.GetUtcNow()));
}
