using AdminPortal;
using Ledgerpost.Identity;
using UITests.Support;

namespace UITests;

/// <summary>How a person signs in and where they are signed in: authenticator, recovery codes, passkey, sessions.</summary>
public sealed class YourAccountTests : IAsyncLifetime
{
    private readonly BrowserFixture _browser = new();
    private PortalProcess _portal = null!;
    private IPage _page = null!;

    public async Task InitializeAsync()
    {
        await _browser.InitializeAsync();
        // A passkey belongs to a name, never to a number such as 127.0.0.1.
        var address = PortalProcess.FreeAddress().Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        _portal = await PortalProcess.StartAsync(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["urls"] = address,
                ["Portal:PublicUrl"] = address,
                ["Demo:Seed"] = "true",
            }
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
    public async Task Authenticator_IsSetUp_AskedFor_AndReplacedByARecoveryCode()
    {
        await _page.OpenAsync(_portal, PortalUrls.You());
        await Expect(_page.GetByRole(AriaRole.Heading, new() { Name = "Authenticator app" })).ToBeVisibleAsync();
        await _page.LookAsync("you");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Set it up" }).ClickAsync();
        var secret = await _page.GetByTestId("authenticator-secret").InnerTextAsync();
        await Expect(_page.GetByRole(AriaRole.Img, new() { Name = "QR code" })).ToBeVisibleAsync();
        await _page.LookAsync("you-authenticator");
        await _page.GetByLabel("Code", new() { Exact = true }).FillAsync("000000");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Switch it on" }).ClickAsync();
        await Expect(_page.GetByText("This is not the app's code.")).ToBeVisibleAsync();
        await _page.GetByLabel("Code", new() { Exact = true }).FillAsync(CodeOf(secret));
        await _page.GetByRole(AriaRole.Button, new() { Name = "Switch it on" }).ClickAsync();
        var list = _page.GetByTestId("recovery-codes").GetByRole(AriaRole.Listitem);
        await Expect(list).ToHaveCountAsync(10);
        var codes = await list.AllInnerTextsAsync();
        await _page.LookAsync("you-recovery-codes");

        var other = await _browser.NewPageAsync();
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
        var device = await _page.Context.NewCDPSessionAsync(_page);
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
        await _page.OpenAsync(_portal, PortalUrls.You());
        await _page.GetByLabel("Name of the new passkey").FillAsync("This laptop");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add a passkey" }).ClickAsync();
        var passkey = _page.GetByTestId("passkey");
        await Expect(passkey).ToContainTextAsync("This laptop");
        await passkey.GetByRole(AriaRole.Button, new() { Name = "Rename" }).ClickAsync();
        await _page.GetByLabel("Name of the passkey").FillAsync("The laptop at home");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Save the name" }).ClickAsync();
        await Expect(passkey).ToContainTextAsync("The laptop at home");
        await _page.LookAsync("you-passkeys");

        await _page.GotoAsync(_portal.Url + PortalUrls.SignOut);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(_page.GetByRole(AriaRole.Heading, new() { Name = "You are signed out" })).ToBeVisibleAsync();
        await _page.GotoAsync(_portal.Url + PortalUrls.SignInAndReturn(PortalUrls.YourSessions));
        await _page.LookAsync("sign-in-passkey");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Use a passkey" }).ClickAsync();
        await Expect(_page).ToHaveURLAsync(_portal.Url + PortalUrls.YourSessions);
        await Expect(_page.GetByText("Signed in with a passkey").First).ToBeVisibleAsync();

        await _page.OpenAsync(_portal, PortalUrls.You());
        await _page.GetByRole(AriaRole.Button, new() { Name = "Remove The laptop at home" }).ClickAsync();
        await _page
            .GetByRole(AriaRole.Dialog)
            .GetByRole(AriaRole.Button, new() { Name = "Remove the passkey" })
            .ClickAsync();
        await Expect(passkey).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task OtherSession_IsListed_SignedOutFromHere_AndItsOpenPageSaysSo()
    {
        var other = await _browser.NewPageAsync();
        await other.SignInAsync(_portal);
        await other.OpenAsync(_portal, PortalUrls.Contacts("demo"));
        await _page.OpenAsync(_portal, PortalUrls.YourSessions);
        await Expect(_page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Chrome on Linux" }).First)
            .ToBeVisibleAsync();
        await _page.LookAsync("you-sessions");

        await _page.GetByRole(AriaRole.Button, new() { Name = "Sign out everywhere else" }).ClickAsync();

        await Expect(_page.GetByText("One other session was ended.")).ToBeVisibleAsync();
        await Expect(other.GetByText("This session was ended from another one of yours"))
            .ToBeVisibleAsync(new() { Timeout = 60_000 });
        await other.LookAsync("sign-in-ended");
    }

    private async Task PasswordAsync(IPage page)
    {
        await page.GotoAsync(_portal.Url + PortalUrls.SignIn);
        await page.GetByLabel("E-mail").FillAsync(Account.OperatorEmail);
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(Account.OperatorPassword);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
    }

    private static string CodeOf(string secret) => Totp.Code(secret, Totp.StepAt(TimeProvider.System.GetUtcNow()));
}
