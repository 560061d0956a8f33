using AdminPortal;
using UITests.Journeys;
using UITests.Support;

namespace UITests;

/// <summary>Another password, by mail and by the person; what a tenant asks of its members; and how its owner leaves or deletes it.</summary>
public sealed class PasswordTests : IAsyncLifetime
{
    private readonly BrowserFixture _browser = new();
    private PortalProcess _portal = null!;
    private IPage _page = null!;

    public async Task InitializeAsync()
    {
        await _browser.InitializeAsync();
        _portal = await PortalProcess.StartAsync(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["Demo:Seed"] = "true",
                ["Portal:MailFrom"] = "Ledgerpost <portal@mail.example.org>",
            }
        );
        _page = await _browser.NewPageAsync();
    }

    public async Task DisposeAsync()
    {
        await _browser.DisposeAsync();
        await _portal.DisposeAsync();
    }

    [Fact]
    public async Task Forgotten_IsAskedFor_AndOldLinksAndWrongPasswordsSayWhatHappened()
    {
        await _page.GotoAsync(_portal.Url + PortalUrls.SignIn);
        await _page.GetByLabel("E-mail").FillAsync(Account.OperatorEmail);
        await _page.GetByLabel("Password", new() { Exact = true }).FillAsync("not the password");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(_page.GetByText("close an account for 15 minutes")).ToBeVisibleAsync();
        await _page.LookAsync("sign-in-wrong");
        await _page.GetByRole(AriaRole.Link, new() { Name = "Forgot your password?" }).ClickAsync();
        await Expect(_page.GetByRole(AriaRole.Heading, new() { Name = "Choose another password" })).ToBeVisibleAsync();
        await _page.LookAsync("forgot");
        await _page.GetByLabel("E-mail address").FillAsync(Account.OperatorEmail);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Mail me a link" }).ClickAsync();
        await Expect(_page.GetByRole(AriaRole.Heading, new() { Name = "Look into your mail" })).ToBeVisibleAsync();
        await _page.LookAsync("forgot-asked");
        await _page.GotoAsync(_portal.Url + PortalUrls.Reset("nobody-has-this-one"));
        await Expect(_page.GetByRole(AriaRole.Heading, new() { Name = "This link is over" })).ToBeVisibleAsync();
        await _page.LookAsync("reset-over");
    }

    [Fact]
    public async Task Form_OfBeforeTheSignIn_SaysThatItIsTooOld()
    {
        await _page.GotoAsync(_portal.Url + PortalUrls.SignIn);
        var other = await _page.Context.NewPageAsync();
        await other.SignInAsync(_portal);
        await _page.GetByLabel("E-mail").FillAsync(Account.OperatorEmail);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();

        await Expect(_page.GetByRole(AriaRole.Heading, new() { Name = "This form is too old" })).ToBeVisibleAsync();
        await _page.LookAsync("old-form");
        await _page.GetByRole(AriaRole.Link, new() { Name = "Open its page again" }).ClickAsync();
        await Expect(_page.GetByRole(AriaRole.Navigation, new() { Name = "Main" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Changed_ByThePerson_WhoIsToldWhatIsWrong_AndSignsInWithIt()
    {
        await _page.SignInAsync(_portal);
        await _page.OpenAsync(_portal, PortalUrls.You());
        await _page.GetByRole(AriaRole.Button, new() { Name = "Change the password" }).ClickAsync();
        await ChangeAsync("not this one", "another one of words");
        await Expect(_page.GetByText("This is not the password of this account.")).ToBeVisibleAsync();
        await _page.LookAsync("you-password-wrong");
        await ChangeAsync(Account.OperatorPassword, "another one of words");
        await Expect(_page.GetByText("The password was changed.")).ToBeVisibleAsync();

        var other = await _browser.NewPageAsync();
        await other.SignInAsync(_portal, password: "another one of words");
    }

    [Fact]
    public async Task Settings_AskForASecondFactor_AndForTheNameBeforeTheOrganisationGoes()
    {
        await _page.SignInAsync(_portal);
        await _page.OpenAsync(_portal, PortalUrls.Settings("demo"));
        await _page.GetByLabel("Members need a second factor").CheckAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(_page.GetByText("You signed in without a second factor.")).ToBeVisibleAsync();
        await _page.LookAsync("settings-second-factor");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Delete the organisation…" }).ClickAsync();
        await Expect(_page.Question().GetByText("The audit log stays", new() { Exact = false })).ToBeVisibleAsync();
        await _page.LookAsync("settings-delete");
    }

    private async Task ChangeAsync(string before, string next)
    {
        await _page.GetByLabel("Password until now").FillAsync(before);
        await _page.GetByLabel("New password").FillAsync(next);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Change it" }).ClickAsync();
    }
}
