using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using UITests.Support;

namespace UITests.Journeys;

/// <summary>A newcomer's first hour: sign in with what the start printed, import, write, look, launch, watch, believe.</summary>
public sealed partial class FirstCampaign(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task Newcomer_ImportsPeopleAndSendsThemACampaign_EachGetsOneMail()
    {
        await using var stage = await Stage.SetAsync(browser, [("Bootstrap:Email", ""), ("Bootstrap:Password", "")]);
        var (email, password) = Printed(stage.Portal);
        var page = await stage.NewPageAsync();
        await page.SignInAsync(stage.Portal, email, password);

        var navigation = page.GetByRole(AriaRole.Navigation, new() { Name = "Main" });
        await navigation.GetByRole(AriaRole.Link, new() { Name = "Contacts" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Import" }).ClickAsync();
        // A field that is not ready yet would let the file fall, so the page keeps it shut until it is.
        await Expect(page.GetByLabel("CSV file")).ToBeEnabledAsync();
        await page.GetByLabel("CSV file")
            .SetInputFilesAsync(
                new FilePayload
                {
                    Name = "garden-club.csv",
                    MimeType = "text/csv",
                    Buffer = Encoding.UTF8.GetBytes(GardenClub()),
                }
            );
        await Expect(page.GetByText("Done", new() { Exact = true })).ToBeVisibleAsync();
        await CountsAsync(page, "Lines", "253");
        await CountsAsync(page, "Added", "250");
        await CountsAsync(page, "Duplicate", "1");
        await CountsAsync(page, "Rejected", "2");
        // Line numbers as an editor counts them: the names of the columns are line 1.
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "The address contains a blank" }))
            .ToContainTextAsync("252");
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "The same address is on line 2" }))
            .ToContainTextAsync("Duplicate");

        await navigation.GetByRole(AriaRole.Link, new() { Name = "Campaigns" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "New campaign" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "New campaign" })).ToBeVisibleAsync();
        await page.GetByLabel("Name").FillAsync("Club evening");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start writing" }).ClickAsync();
        var launch = page.GetByRole(AriaRole.Button, new() { Name = "Launch ..." });
        await Expect(launch).ToBeDisabledAsync();
        await page.GetByLabel("From").SelectOptionAsync(new SelectOptionValue { Index = 1 });
        await page.GetByLabel("Subject").FillAsync("{{fallback first_name \"Friend\"}}, come on Friday");
        await page.GetByLabel("Content, in HTML")
            .FillAsync(
                """
                <p>Dear {{first_nmae}},</p><p>we meet on Friday.</p>
                <p>Garden Club, 12 Harbour Street. <a href="{{unsubscribe_url}}">Unsubscribe</a></p>
                """
            );
        await page.GetByLabel("Audience").SelectOptionAsync("Contacts with a tag");
        await page.GetByLabel("Tag", new() { Exact = true }).SelectOptionAsync("garden club");

        // The slip in the field's name shows before the launch, not after.
        var preflight = page.GetByRole(AriaRole.Region, new() { Name = "Before the launch" });
        await Expect(preflight).ToContainTextAsync("first_nmae");
        await Expect(launch).ToBeDisabledAsync();
        await page.GetByLabel("Content, in HTML")
            .FillAsync(
                """
                <p>Dear {{fallback first_name "friend"}},</p><p>we meet on Friday.</p>
                <p>Garden Club, 12 Harbour Street. <a href="{{unsubscribe_url}}">Unsubscribe</a></p>
                """
            );
        await Expect(preflight).ToContainTextAsync("250 people will get it.");
        await Expect(preflight.GetByText("Ready", new() { Exact = true })).ToBeVisibleAsync();
        await SeenAsAsync(page, "member7@club.example", "Dear Gunnar,");
        await SeenAsAsync(page, "member10@club.example", "Dear friend,");

        await launch.ClickAsync();
        var question = page.Question();
        await Expect(question).ToContainTextAsync("Launch “Club evening” to 250 people?");
        await Expect(question).ToContainTextAsync("news@demo.ledgerpost.test");
        await stage.Provider.BreakAsync(
            new
            {
                kind = "slow",
                on = "batch",
                delay_milliseconds = 700,
            }
        );
        var campaign = await page.AnswerLaunchAsync(250);
        await page.StandsAtAsync("Sent");
        await page.CountsAsync("Accepted", 250);
        foreach (var nobody in new[] { "In doubt", "Pending", "Excluded", "Refused", "Unknown" })
        {
            await page.CountsAsync(nobody, 0);
        }

        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Delivered 250" }))
            .ToBeVisibleAsync(new() { Timeout = 90_000 });
        var mails = await stage.Provider.MailsAsync(campaign);
        Assert.Equal(250, mails.Count);
        Assert.Equal(250, mails.SelectMany(mail => mail.To).Distinct().Count());
        Assert.All(mails, mail => Assert.EndsWith("@club.example", Assert.Single(mail.To), StringComparison.Ordinal));
        await CarriesAWayOutAsync(stage, mails[0]);
        await CarriesAWayOutAsync(stage, mails[^1]);
        Assert.Equal("Friend, come on Friday", mails.Single(mail => mail.To[0] == "member10@club.example").Subject);
    }

    private static async Task CarriesAWayOutAsync(Stage stage, ProviderMail mail)
    {
        var source = await stage.Provider.ReadAsync(mail.Id);
        var headers = source.GetProperty("headers");
        Assert.StartsWith($"<{stage.Portal.Url}/u/", Text(headers, "List-Unsubscribe"), StringComparison.Ordinal);
        Assert.Equal("List-Unsubscribe=One-Click", Text(headers, "List-Unsubscribe-Post"));
        Assert.Contains($"{stage.Portal.Url}/u/", Text(source, "html"), StringComparison.Ordinal);
        Assert.Contains("we meet on Friday", Text(source, "text"), StringComparison.Ordinal);

        static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
    }

    private static async Task SeenAsAsync(IPage page, string email, string greeting)
    {
        await page.GetByLabel("Seen as").FillAsync(email);
        await page.GetByLabel("Seen as").PressAsync("Tab");
        await Expect(page.FrameLocator("iframe[title^='The mail as']").GetByText(greeting)).ToBeVisibleAsync();
    }

    private static Task CountsAsync(IPage page, string name, string count) =>
        Expect(page.Locator(".import-counts div").Filter(new() { Has = page.GetByText(name, new() { Exact = true }) }))
            .ToContainTextAsync(count);

    /// <summary>250 people, every tenth without a name; then three lines that are not.</summary>
    private static string GardenClub()
    {
        string[] names = ["Astrid", "Birgit", "Carl", "Dagny", "Erik", "Frida", "Gunnar", "Helga", "Ivar"];
        var csv = new StringBuilder("email,first_name,last_name,tags\n");
        for (var i = 1; i <= 250; i++)
        {
            var name = i % 10 == 0 ? "" : names[(i - 1) % 10];
            csv.Append(CultureInfo.InvariantCulture, $"member{i}@club.example,{name},Member,\"garden club; paid\"\n");
        }

        return csv.Append("not an address,Nobody,,garden club\n")
            .Append("member1@club.example,Astrid,Again,garden club\n")
            .Append("evil@club.example\u202e,Evil,,garden club\n")
            .ToString();
    }

    private static (string Email, string Password) Printed(PortalProcess portal)
    {
        var printed = SignInHint().Match(portal.Output);
        Assert.True(printed.Success, portal.Output);
        return (printed.Groups["email"].Value, printed.Groups["password"].Value);
    }

    [GeneratedRegex(
        @"Sign in as\s+(?<email>\S+)\s+Password\s+(?<password>\S+)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex SignInHint();
}
