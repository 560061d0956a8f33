using AdminPortal;
using UITests.Support;

namespace UITests.Journeys;

/// <summary>From the first start to a second person in a tenant of their own, and the walls between.</summary>
public sealed class SignInJourney(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    private const string Password = "a password of words";

    private static readonly Dictionary<string, string> Newcomer = new(StringComparer.Ordinal)
    {
        ["Bootstrap:Email"] = "",
        ["Bootstrap:Password"] = "",
        ["Demo:Seed"] = "true",
    };

    [Fact]
    public async Task Newcomer_SignsInWithWhatTheStartPrinted_AndLooksAround()
    {
        await using var portal = await PortalProcess.StartAsync(Newcomer);
        var (email, password) = Printed(portal);
        var page = await browser.NewPageAsync();

        await page.GotoAsync(portal.Url + PortalUrls.Audit("demo"));
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
        await Screenshots.TakeAsync(page, "sign-in");
        await SignInAsync(page, email, "not the password");
        await Expect(page.GetByText("The address or the password is not right.")).ToBeVisibleAsync();
        await Expect(page.GetByLabel("E-mail address")).ToHaveValueAsync(email);
        await Screenshots.TakeAsync(page, "sign-in-wrong");
        await SignInAsync(page, email, password);

        await Expect(page).ToHaveURLAsync(portal.Url + PortalUrls.Audit("demo"));
        await Expect(
                page.GetByRole(AriaRole.Listitem).Filter(new() { HasText = "filled Northwind Garden with demo data" })
            )
            .ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Dashboard" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = "Northwind Garden" }))
            .ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "312 contacts" })).ToBeVisibleAsync();
        await Screenshots.TakeAsync(page, "dashboard");
        await page.GotoAsync(portal.Url);
        await Expect(page).ToHaveURLAsync(portal.Url + PortalUrls.Tenant("demo"));

        await page.GetByRole(AriaRole.Button, new() { Name = "Demo" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Sign out" }).ClickAsync();
        await Screenshots.TakeAsync(page, "sign-out");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "You are signed out" })).ToBeVisibleAsync();
        await page.GotoAsync(portal.Url + PortalUrls.Tenant("demo"));
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task SecondTenant_IsMadeHandedOverAndWalledOff()
    {
        await using var portal = await PortalProcess.StartAsync(Newcomer);
        var (email, password) = Printed(portal);
        var operators = await browser.NewPageAsync();
        await operators.SignInAsync(portal, email, password);
        await operators.OpenAsync(portal, PortalUrls.OperatorTenants);
        await operators.GetByRole(AriaRole.Button, new() { Name = "New tenant" }).ClickAsync();
        await operators.GetByLabel("Name").FillAsync("South Harbour Museum");
        await Expect(operators.GetByLabel("Address", new() { Exact = true })).ToHaveValueAsync("south-harbour-museum");
        await operators.GetByLabel("Owner's e-mail address").FillAsync("nobody");
        await operators.GetByRole(AriaRole.Button, new() { Name = "Create the tenant" }).ClickAsync();
        await Expect(operators.GetByText("The address needs a name, an @ and a domain.")).ToBeVisibleAsync();
        await Screenshots.TakeAsync(operators, "tenants-new");
        await operators.GetByLabel("Owner's e-mail address").FillAsync("mira@south.test");
        await operators.GetByRole(AriaRole.Button, new() { Name = "Create the tenant" }).ClickAsync();
        var link = await operators.GetByTestId("set-up-link").InnerTextAsync();
        await Screenshots.TakeAsync(operators, "tenants");

        var owner = await browser.NewPageAsync();
        await owner.GotoAsync(link);
        await Expect(owner.GetByLabel("E-mail address")).ToHaveValueAsync("mira@south.test");
        await owner.GetByLabel("Your name").FillAsync("Mira");
        await owner.GetByLabel("Password", new() { Exact = true }).FillAsync("short");
        await owner.GetByLabel("The same again").FillAsync("short");
        await owner.GetByRole(AriaRole.Button, new() { Name = "Set the password and sign in" }).ClickAsync();
        await Expect(owner.GetByText("The password must have at least 12 characters.")).ToBeVisibleAsync();
        await Expect(owner.GetByLabel("Your name")).ToHaveValueAsync("Mira");
        await Screenshots.TakeAsync(owner, "set-up");
        await owner.GetByLabel("Password", new() { Exact = true }).FillAsync(Password);
        await owner.GetByLabel("The same again").FillAsync(Password);
        await owner.GetByRole(AriaRole.Button, new() { Name = "Set the password and sign in" }).ClickAsync();
        await Expect(owner).ToHaveURLAsync(portal.Url + PortalUrls.Tenant("south-harbour-museum"));
        await Expect(owner.GetByText("The first steps")).ToBeVisibleAsync();
        await Screenshots.TakeAsync(owner, "dashboard-empty");

        await WallStandsAsync(portal, owner, own: "south-harbour-museum", foreign: "demo");
        await WallStandsAsync(portal, operators, own: "demo", foreign: "south-harbour-museum");
        await MembersAsync(portal, owner);
        await InvitationAsync(portal, owner, operators, email);

        var late = await browser.NewPageAsync();
        await late.GotoAsync(link);
        await Expect(late.GetByRole(AriaRole.Heading, new() { Name = "This link is over" })).ToBeVisibleAsync();
        await Screenshots.TakeAsync(late, "set-up-over");
    }

    /// <summary>By its address, and from within an open page.</summary>
    private static async Task WallStandsAsync(PortalProcess portal, IPage page, string own, string foreign)
    {
        foreach (
            var path in new[] { PortalUrls.Tenant(foreign), PortalUrls.Audit(foreign), PortalUrls.Tenant("no-such") }
        )
        {
            var answer = await page.GotoAsync(portal.Url + path);
            Assert.Equal(404, answer!.Status);
            await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "There is nothing here" })).ToBeVisibleAsync();
        }

        await page.OpenAsync(portal, PortalUrls.Audit(own));
        await page.EvaluateAsync("address => Blazor.navigateTo(address)", PortalUrls.Audit(foreign));
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "There is nothing here" })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Audit log" })).ToBeHiddenAsync();
    }

    private static async Task MembersAsync(PortalProcess portal, IPage page)
    {
        const string slug = "south-harbour-museum";
        await page.OpenAsync(portal, PortalUrls.Members(slug));
        await page.GetByLabel("E-mail address").FillAsync("ola@south.test");
        await page.GetByLabel("Role").SelectOptionAsync("Viewer");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add member" }).ClickAsync();
        await Expect(page.GetByTestId("set-up-link")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "ola@south.test" }))
            .ToContainTextAsync("Not set up yet");
        await Screenshots.TakeAsync(page, "members");
        await page.GetByRole(AriaRole.Button, new() { Name = "Done" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Change ola@south.test" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Make admin" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "ola@south.test" }))
            .ToContainTextAsync("Admin");
        await page.GetByRole(AriaRole.Button, new() { Name = "Change Mira" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Make editor" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Make editor" }).ClickAsync();
        await Expect(page.GetByText("This is the last owner.")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Organisation" }).ClickAsync();
        await page.GetByLabel("Name").FillAsync("South Harbour");
        await page.GetByLabel("Time zone").SelectOptionAsync("Europe/Oslo");
        await Screenshots.TakeAsync(page, "settings");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(
                page.GetByRole(AriaRole.Button, new() { Name = "Switch the tenant. Now: South Harbour", Exact = true })
            )
            .ToBeVisibleAsync();

        await page.OpenAsync(portal, PortalUrls.Audit(slug));
        var changed = page.GetByRole(AriaRole.Listitem)
            .Filter(new() { HasText = "changed the role of ola@south.test" });
        await changed.GetByText("What changed").ClickAsync();
        await Expect(changed).ToContainTextAsync("Viewer");
        await Expect(changed).ToContainTextAsync("from 127.0.0.1");
        await Screenshots.TakeAsync(page, "audit");
        await page.GetByLabel("What", new() { Exact = true }).SelectOptionAsync("tenant");
        await Expect(page).ToHaveURLAsync(portal.Url + PortalUrls.Audit(slug, action: "tenant"));
        await Expect(changed).ToBeHiddenAsync();
        await Expect(page.GetByText("created the organisation")).ToBeVisibleAsync();
        await page.GetByLabel("Name of what it was done to").FillAsync("nothing has this name");
        await Expect(page.GetByText("No entry matches these filters.")).ToBeVisibleAsync();
        await Screenshots.TakeAsync(page, "audit-filtered");
        await page.GoBackAsync();
        await Expect(page.GetByText("created the organisation")).ToBeVisibleAsync();
    }

    /// <summary>A person who has an account is no member before they accept, with a link that was not renewed since.</summary>
    private static async Task InvitationAsync(PortalProcess portal, IPage owner, IPage invited, string email)
    {
        const string slug = "south-harbour-museum";
        await owner.OpenAsync(portal, PortalUrls.Members(slug));
        await owner.GetByLabel("E-mail address").FillAsync(email);
        await owner.GetByRole(AriaRole.Button, new() { Name = "Add member" }).ClickAsync();
        var first = await owner.GetByTestId("invitation-link").InnerTextAsync();
        await Expect(owner.GetByTestId("invitation")).ToContainTextAsync(email);
        await Screenshots.TakeAsync(owner, "members-invited");
        await owner.GetByRole(AriaRole.Button, new() { Name = $"New link for {email}" }).ClickAsync();
        await Expect(owner.GetByTestId("invitation-link")).Not.ToHaveTextAsync(first);
        var second = await owner.GetByTestId("invitation-link").InnerTextAsync();

        await owner.GotoAsync(second);
        await Expect(owner.GetByRole(AriaRole.Heading, new() { Name = "This invitation is for another account" }))
            .ToBeVisibleAsync();
        await Screenshots.TakeAsync(owner, "join-other-account");
        await invited.GotoAsync(first);
        await Expect(invited.GetByRole(AriaRole.Heading, new() { Name = "This invitation is over" }))
            .ToBeVisibleAsync();
        await invited.GotoAsync(second);
        await Screenshots.TakeAsync(invited, "join");
        await invited.GetByRole(AriaRole.Button, new() { Name = "Join South Harbour" }).ClickAsync();
        await Expect(invited).ToHaveURLAsync(portal.Url + PortalUrls.Tenant(slug));
        await owner.OpenAsync(portal, PortalUrls.Members(slug));
        await Expect(owner.GetByRole(AriaRole.Row).Filter(new() { HasText = email })).ToContainTextAsync("Editor");
        await Expect(owner.GetByTestId("invitation")).ToHaveCountAsync(0);
    }

    private static async Task SignInAsync(IPage page, string email, string password)
    {
        await page.GetByLabel("E-mail address").FillAsync(email);
        await page.GetByLabel("Password").FillAsync(password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }

    private static (string Email, string Password) Printed(PortalProcess portal)
    {
        // The address is printed before the account, so the lines below it may still be on their way.
        var patience = System.Diagnostics.Stopwatch.StartNew();
        while (
            !portal.Output.Contains("  Data ", StringComparison.Ordinal) && patience.Elapsed < TimeSpan.FromSeconds(10)
        )
        {
            Thread.Yield();
        }

        return (WordAfter(portal.Output, "Sign in as"), WordAfter(portal.Output, "Password"));
    }

    private static string WordAfter(string text, string label) =>
        text[(text.IndexOf(label, StringComparison.Ordinal) + label.Length)..].TrimStart().Split('\n', ' ')[0];
}
