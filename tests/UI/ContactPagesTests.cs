using System.Globalization;
using System.Text;
using AdminPortal;
using UITests.Support;

namespace UITests;

/// <summary>A day with the contacts: one by hand, many from a file, a segment, an address to leave alone, a domain.</summary>
public sealed class ContactPagesTests : IAsyncLifetime
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
    public async Task Contact_AddedWithFaults_KeepsWhatWasTyped_ThenIsFoundChangedAndDeleted()
    {
        await _page.OpenAsync(_portal, PortalUrls.Contacts(Slug));
        await LookAsync("contacts");
        await _page.GetByRole(AriaRole.Link, new() { Name = "Add contact" }).ClickAsync();
        await _page.GetByLabel("E-mail address").FillAsync("ada@nowhere");
        await _page.GetByLabel("First name").FillAsync("Ada with a rather long first name, as some people have");
        await _page.GetByLabel("Tags").FillAsync("Early Adopters, vip");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add contact" }).ClickAsync();
        await Expect(_page.GetByText("is not a domain that can receive mail")).ToBeVisibleAsync();
        await Expect(_page.GetByLabel("Tags")).ToHaveValueAsync("Early Adopters, vip");
        await LookAsync("contacts-form-error");

        await _page
            .GetByLabel("E-mail address")
            .FillAsync("ada.with.a.very.long.address@subdomain.of.a.subdomain.example");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add contact" }).ClickAsync();
        await Expect(_page.GetByText("The contact was added.")).ToBeVisibleAsync();

        await _page.GetByRole(AriaRole.Searchbox, new() { Name = "Search address or name" }).FillAsync("ada with");
        var found = _page.GetByRole(
            AriaRole.Link,
            new() { Name = "ada.with.a.very.long.address@subdomain.of.a.subdomain.example" }
        );
        await Expect(found).ToBeVisibleAsync();
        await Expect(_page.GetByText("1 contact", new() { Exact = true })).ToBeVisibleAsync();
        await _page.ReloadAsync();
        await found.ClickAsync();
        await Expect(_page.GetByLabel("Tags")).ToHaveValueAsync("early adopters, vip");
        await LookAsync("contacts-panel");
        await _page.GetByRole(AriaRole.Link, new() { Name = "Cancel" }).ClickAsync();

        await _page.GetByRole(AriaRole.Checkbox, new() { Name = "Select every contact of this page" }).CheckAsync();
        await Expect(_page.GetByText("1 contact selected")).ToBeVisibleAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Delete 1" }).ClickAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Delete 1 contact" }).ClickAsync();
        await Expect(_page.GetByText("1 contact was deleted.")).ToBeVisibleAsync();
        await Expect(_page.GetByText("No contact matches.")).ToBeVisibleAsync();
        await LookAsync("contacts-no-match");
    }

    [Fact]
    public async Task File_Imported_IsReportedLineByLine_AndItsTagMakesASegment()
    {
        await _page.OpenAsync(_portal, PortalUrls.ImportContacts(Slug));
        await LookAsync("import");
        await UploadAsync("name\nAda");
        await Expect(_page.GetByText("There is no column for the e-mail address.")).ToBeVisibleAsync();
        await LookAsync("import-refused");

        var csv = new StringBuilder("E-mail;First name;Tags\n");
        for (var i = 0; i < 3000; i++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"imported{i}@example.net;Person {i};\"spring, part {i % 3}\"\n");
        }

        csv.Append(
            "imported7@example.net;Again;\nnot an address;<script>alert(1)</script>;\n=cmd|' /C calc'!A0;Formula;\n"
        );
        await UploadAsync(csv.ToString());
        await Expect(_page.GetByText("Done", new() { Exact = true })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(_page.GetByText("The same address is on line 9; this line was not used.")).ToBeVisibleAsync();
        await Expect(_page.GetByText("=cmd|' /C calc'!A0")).ToBeVisibleAsync();
        await LookAsync("import-report");
        await _page.GetByRole(AriaRole.Link, new() { Name = "Duplicate" }).ClickAsync();
        await Expect(_page.GetByText("not an address")).ToBeHiddenAsync();
        var download = await _page.RunAndWaitForDownloadAsync(() =>
            _page.GetByRole(AriaRole.Link, new() { Name = "Rejected lines" }).ClickAsync()
        );
        Assert.Contains("'=cmd", await File.ReadAllTextAsync(await download.PathAsync()), StringComparison.Ordinal);

        await _page.OpenAsync(_portal, PortalUrls.Segments(Slug));
        await LookAsync("segments");
        await _page.GetByRole(AriaRole.Link, new() { Name = "New segment" }).ClickAsync();
        await _page.GetByLabel("Name", new() { Exact = true }).FillAsync("Spring, first third");
        await _page.GetByLabel("Tags", new() { Exact = true }).FillAsync("spring, part 0");
        await _page.GetByLabel("all of these tags").CheckAsync();
        await Expect(_page.GetByText("1,000 contacts")).ToBeVisibleAsync();
        await LookAsync("segments-panel");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Create segment" }).ClickAsync();
        await Expect(_page.GetByRole(AriaRole.Link, new() { Name = "Spring, first third" })).ToBeVisibleAsync();
        await LookAsync("segments-full");

        await _page.OpenAsync(_portal, PortalUrls.Contacts(Slug, tag: "spring"));
        await _page.GetByRole(AriaRole.Checkbox, new() { Name = "Select every contact of this page" }).CheckAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Select all 3,000 that match" }).ClickAsync();
        await _page.GetByPlaceholder("Tag", new() { Exact = true }).FillAsync("everybody");
        await LookAsync("contacts-bulk");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add tag" }).ClickAsync();
        await Expect(_page.GetByText("3,000 contacts tagged")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Contacts_WithAFieldOfTheirOwn_ArePutIntoASegmentOneByOne()
    {
        await _page.OpenAsync(_portal, PortalUrls.NewContact(Slug));
        await _page.GetByLabel("E-mail address").FillAsync("ada.lovelace@example.net");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add a field" }).ClickAsync();
        await _page.GetByLabel("Name of the field").FillAsync("Town");
        await _page.GetByPlaceholder("value").FillAsync("Bergen");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add contact" }).ClickAsync();
        await Expect(_page.GetByText("is no name for a field")).ToBeVisibleAsync();
        await LookAsync("contact-field-fault");
        await _page.GetByLabel("Name of the field").FillAsync("town");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add contact" }).ClickAsync();
        await Expect(_page.GetByText("The contact was added.")).ToBeVisibleAsync();

        await _page.OpenAsync(_portal, PortalUrls.NewSegment(Slug));
        await _page.GetByLabel("Name", new() { Exact = true }).FillAsync("Guests of the opening");
        await _page.GetByLabel("Contacts that are named one by one").CheckAsync();
        await LookAsync("segment-named-new");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Create segment" }).ClickAsync();
        await Expect(_page.GetByText("named one by one", new() { Exact = true })).ToBeVisibleAsync();
        await LookAsync("segments-named");

        await _page.OpenAsync(_portal, PortalUrls.Contacts(Slug));
        await _page.GetByRole(AriaRole.Checkbox, new() { Name = "Select ada.lovelace@example.net" }).CheckAsync();
        await _page.GetByLabel("Segment", new() { Exact = true }).SelectOptionAsync("Guests of the opening");
        await LookAsync("contacts-bulk-segment");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Put into segment" }).ClickAsync();
        await Expect(_page.GetByText("1 contact was put into")).ToBeVisibleAsync();
        await _page.OpenAsync(_portal, PortalUrls.Segments(Slug));
        await _page.GetByRole(AriaRole.Link, new() { Name = "Guests of the opening" }).ClickAsync();
        await Expect(_page.GetByText("of whom 1 may be mailed")).ToBeVisibleAsync();
        await LookAsync("segment-named");
    }

    [Fact]
    public async Task Address_PutOnTheList_ShowsAtItsContact_AndComesOffAgain()
    {
        await _page.OpenAsync(_portal, PortalUrls.Suppression(Slug));
        await LookAsync("suppression");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add address" }).ClickAsync();
        await _page.GetByLabel("E-mail address").FillAsync("nonsense");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add address" }).ClickAsync();
        await Expect(_page.GetByText("The address needs a name")).ToBeVisibleAsync();
        await LookAsync("suppression-error");
        await _page.GetByLabel("E-mail address").FillAsync("leave.me@example.net");
        await _page.GetByLabel("Note").FillAsync("by phone");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add address" }).ClickAsync();
        await Expect(_page.GetByText("leave.me@example.net will not be mailed.")).ToBeVisibleAsync();
        await Expect(_page.GetByText(": by phone")).ToBeVisibleAsync();
        await LookAsync("suppression-full");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Remove leave.me@example.net" }).ClickAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Remove from the list" }).ClickAsync();
        await Expect(_page.GetByText("leave.me@example.net was removed from the list.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Domain_Added_ShowsItsRecords_TakesASender_AndIsChecked()
    {
        await _page.OpenAsync(_portal, PortalUrls.Senders(Slug));
        await LookAsync("senders");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add domain" }).ClickAsync();
        await _page.GetByLabel("Domain", new() { Exact = true }).FillAsync("not a domain");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add domain" }).ClickAsync();
        await Expect(_page.GetByText("This is not a domain that can send mail.")).ToBeVisibleAsync();
        await LookAsync("senders-error");
        await _page.GetByLabel("Domain", new() { Exact = true }).FillAsync("mail.northwind-traders.com");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add domain" }).ClickAsync();
        var card = _page.GetByRole(AriaRole.Region, new() { Name = "mail.northwind-traders.com", Exact = true });
        await Expect(card.GetByText("DKIM").First).ToBeVisibleAsync();
        await card.GetByRole(AriaRole.Button, new() { Name = "Add sender" }).ClickAsync();
        await card.GetByLabel("Address").FillAsync("news");
        await card.GetByLabel("Name", new() { Exact = true }).FillAsync("Northwind News");
        await LookAsync("senders-form");
        await card.GetByRole(AriaRole.Button, new() { Name = "Add sender" }).ClickAsync();
        await Expect(card.GetByText("news@mail.northwind-traders.com")).ToBeVisibleAsync();
        await card.GetByRole(AriaRole.Button, new() { Name = "Check again" }).ClickAsync();
        await Expect(card.GetByText("Being checked").Or(card.GetByText("Verified", new() { Exact = true })).First)
            .ToBeVisibleAsync();
        await LookAsync("senders-full");
    }

    private async Task UploadAsync(string csv)
    {
        var field = _page.GetByLabel("CSV file", new() { Exact = true });
        await Expect(field).ToBeEnabledAsync();
        await field.SetInputFilesAsync(
            new FilePayload
            {
                Name = "people.csv",
                MimeType = "text/csv",
                Buffer = Encoding.UTF8.GetBytes(csv),
            }
        );
    }

    private Task LookAsync(string name) => _page.LookAsync(name);
}
