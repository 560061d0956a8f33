using System.Text.RegularExpressions;
using AdminPortal;
using UITests.Support;

namespace UITests.Journeys;

/// <summary>A person who is reached by mail alone: invited, forgets the password, chooses another, and leaves.</summary>
public sealed partial class PeopleByMail(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    private const string Mira = "mira@south.test";
    private const string First = "a password of words";
    private const string Second = "another one of other words";

    private static readonly (string, string) Writes = ("Portal:MailFrom", "Ledgerpost <portal@demo.ledgerpost.test>");

    [Fact]
    public async Task Member_IsInvitedByMail_ChoosesAnotherPasswordByMail_AndLeaves()
    {
        await using var stage = await Stage.SetAsync(browser, [Writes]);
        var owner = await stage.EnterAsync();
        await owner.OpenAsync(stage.Portal, PortalUrls.Members(Stage.Tenant));
        await owner.GetByLabel("E-mail address").FillAsync(Mira);
        await owner.GetByRole(AriaRole.Button, new() { Name = "Add member" }).ClickAsync();
        await Expect(MembersRow(owner)).ToContainTextAsync("Not set up yet");
        await Screenshots.TakeAsync(owner, "members-mailed");

        var mira = await browser.NewPageAsync();
        await mira.GotoAsync(await LinkAsync(stage, "/account/set-up/"));
        await mira.GetByLabel("Your name").FillAsync("Mira");
        await SetPasswordAsync(mira, "Password", First, "Set the password and sign in");
        await Expect(mira).ToHaveURLAsync(stage.Portal.Url + PortalUrls.Tenant(Stage.Tenant));

        var elsewhere = await browser.NewPageAsync();
        await elsewhere.GotoAsync(stage.Portal.Url + PortalUrls.Forgot);
        await elsewhere.GetByLabel("E-mail address").FillAsync(Mira);
        await elsewhere.GetByRole(AriaRole.Button, new() { Name = "Mail me a link" }).ClickAsync();
        await Expect(elsewhere.GetByRole(AriaRole.Heading, new() { Name = "Look into your mail" })).ToBeVisibleAsync();
        var link = await LinkAsync(stage, "/account/reset/");
        await elsewhere.GotoAsync(link);
        await elsewhere.GetByLabel("New password").FillAsync(Second);
        await elsewhere.GetByRole(AriaRole.Button, new() { Name = "Set the password" }).ClickAsync();
        await Expect(elsewhere.GetByText("The two passwords are not the same.")).ToBeVisibleAsync();
        await Screenshots.TakeAsync(elsewhere, "reset");
        await SetPasswordAsync(elsewhere, "New password", Second, "Set the password");
        await Expect(elsewhere.GetByText("The password of this account was changed")).ToBeVisibleAsync();
        await Screenshots.TakeAsync(elsewhere, "reset-done");
        await elsewhere.GotoAsync(link);
        await Expect(elsewhere.GetByRole(AriaRole.Heading, new() { Name = "This link is over" })).ToBeVisibleAsync();

        // Where she was signed in with the old one she is not any more.
        await mira.GotoAsync(stage.Portal.Url + PortalUrls.Tenant(Stage.Tenant));
        await Expect(mira.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
        await mira.SignInAsync(stage.Portal, Mira, Second);
        await mira.OpenAsync(stage.Portal, PortalUrls.Members(Stage.Tenant));
        await mira.GetByRole(AriaRole.Button, new() { Name = "Leave", Exact = true }).ClickAsync();
        await Screenshots.TakeAsync(mira, "members-leave");
        await mira.Question().GetByRole(AriaRole.Button, new() { Name = "Leave" }).ClickAsync();
        await Expect(mira.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToBeVisibleAsync();
        await Expect(mira).Not.ToHaveURLAsync(stage.Portal.Url + PortalUrls.Members(Stage.Tenant));
        await Screenshots.TakeAsync(mira, "members-left");
        var answer = await mira.GotoAsync(stage.Portal.Url + PortalUrls.Tenant(Stage.Tenant));
        Assert.Equal(404, answer!.Status);
        await owner.OpenAsync(stage.Portal, PortalUrls.Members(Stage.Tenant));
        await Expect(MembersRow(owner)).ToHaveCountAsync(0);
    }

    private static ILocator MembersRow(IPage page) => page.GetByRole(AriaRole.Row).Filter(new() { HasText = Mira });

    private static async Task SetPasswordAsync(IPage page, string label, string password, string button)
    {
        await page.GetByLabel(label, new() { Exact = true }).FillAsync(password);
        await page.GetByLabel("The same again").FillAsync(password);
        await page.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync();
    }

    /// <summary>The address in the newest mail to her that has one of this kind.</summary>
    private static async Task<string> LinkAsync(Stage stage, string path)
    {
        var text = await stage.Provider.TextToAsync(Mira, path);
        return Address()
            .Matches(text)
            .Select(match => match.Value)
            .First(found => found.Contains(path, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"http://[^\s<>""]+", RegexOptions.None, 1000)]
    private static partial Regex Address();
}
