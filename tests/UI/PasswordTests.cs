using AdminPortal;
using UITests.Journeys;
using UITests.Support;

namespace UITests;

/// <summary>Another password, by mail and by the person; what a tenant asks of its members; and how its owner leaves or deletes it.</summary>
public sealed class PasswordTests(BrowserFixture browser)
    : PageTests(browser, ("Portal:MailFrom", "Ledgerpost <portal@mail.example.org>"))
{
    protected override bool SignsIn => false;

    [Fact]
    public async Task Forgotten_IsAskedFor_AndOldLinksAndWrongPasswordsSayWhatHappened()
    {
        await Page.GotoAsync(Portal.Url + PortalUrls.SignIn);
        await Page.GetByLabel("E-mail").FillAsync(Account.OperatorEmail);
        await Page.GetByLabel("Password", new() { Exact = true }).FillAsync("not the password");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(Page.GetByText("close an account for 15 minutes")).ToBeVisibleAsync();
        await LookAsync("sign-in-wrong");
        await Page.GetByRole(AriaRole.Link, new() { Name = "Forgot your password?" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "Choose another password" })).ToBeVisibleAsync();
        await LookAsync("forgot");
        await Page.GetByLabel("E-mail address").FillAsync(Account.OperatorEmail);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Mail me a link" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "Look into your mail" })).ToBeVisibleAsync();
        await LookAsync("forgot-asked");
        await Page.GotoAsync(Portal.Url + PortalUrls.Reset("nobody-has-this-one"));
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "This link is over" })).ToBeVisibleAsync();
        await LookAsync("reset-over");
    }

    [Fact]
    public async Task Form_OfBeforeTheSignIn_SaysThatItIsTooOld()
    {
        await Page.GotoAsync(Portal.Url + PortalUrls.SignIn);
        var other = await Page.Context.NewPageAsync();
        await other.SignInAsync(Portal);
        await Page.GetByLabel("E-mail").FillAsync(Account.OperatorEmail);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();

        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "This form is too old" })).ToBeVisibleAsync();
        await LookAsync("old-form");
        await Page.GetByRole(AriaRole.Link, new() { Name = "Open its page again" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Navigation, new() { Name = "Main" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Changed_ByThePerson_WhoIsToldWhatIsWrong_AndSignsInWithIt()
    {
        await Page.SignInAsync(Portal);
        await OpenAsync(PortalUrls.You());
        await Page.GetByRole(AriaRole.Button, new() { Name = "Change the password" }).ClickAsync();
        await ChangeAsync("not this one", "another one of words");
        await Expect(Page.GetByText("This is not the password of this account.")).ToBeVisibleAsync();
        await LookAsync("you-password-wrong");
        await ChangeAsync(Account.OperatorPassword, "another one of words");
        await Expect(Page.GetByText("The password was changed.")).ToBeVisibleAsync();

        var other = await Browser.NewPageAsync();
        await other.SignInAsync(Portal, password: "another one of words");
    }

    [Fact]
    public async Task Settings_AskForASecondFactor_AndForTheNameBeforeTheOrganisationGoes()
    {
        await Page.SignInAsync(Portal);
        await OpenAsync(PortalUrls.Settings(Slug));
        await Page.GetByLabel("Members need a second factor").CheckAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(Page.GetByText("You signed in without a second factor.")).ToBeVisibleAsync();
        await LookAsync("settings-second-factor");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Delete the organisation…" }).ClickAsync();
        await Expect(Page.Question().GetByText("The audit log stays", new() { Exact = false })).ToBeVisibleAsync();
        await LookAsync("settings-delete");
    }

    private async Task ChangeAsync(string before, string next)
    {
        await Page.GetByLabel("Password until now").FillAsync(before);
        await Page.GetByLabel("New password").FillAsync(next);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Change it" }).ClickAsync();
    }
}
