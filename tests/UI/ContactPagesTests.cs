using System.Globalization;
using System.Text;
using AdminPortal;
using UITests.Support;

namespace UITests;

/// <summary>A day with the contacts: one by hand, many from a file, a segment, an address to leave alone, a domain.</summary>
public sealed class ContactPagesTests(BrowserFixture browser) : PageTests(browser)
{
    [Fact]
    public async Task Contact_AddedWithFaults_KeepsWhatWasTyped_ThenIsFoundChangedAndDeleted()
    {
        await OpenAsync(PortalUrls.Contacts(Slug));
        await LookAsync("contacts");
        await Page.GetByRole(AriaRole.Link, new() { Name = "Add contact" }).ClickAsync();
        await Page.GetByLabel("E-mail address").FillAsync("ada@nowhere");
        await Page.GetByLabel("First name").FillAsync("Ada with a rather long first name, as some people have");
        await Page.GetByLabel("Tags").FillAsync("Early Adopters, vip");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add contact" }).ClickAsync();
        await Expect(Page.GetByText("is not a domain that can receive mail")).ToBeVisibleAsync();
        await Expect(Page.GetByLabel("Tags")).ToHaveValueAsync("Early Adopters, vip");
        await LookAsync("contacts-form-error");

        await Page.GetByLabel("E-mail address")
            .FillAsync("ada.with.a.very.long.address@subdomain.of.a.subdomain.example");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add contact" }).ClickAsync();
        await Expect(Page.GetByText("The contact was added.")).ToBeVisibleAsync();

        // Looked for at each pause in typing, and what is typed after it is not lost.
        var search = Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search address or name" });
        await search.PressSequentiallyAsync("ada ");
        await Expect(Page.GetByRole(AriaRole.Link, new() { Name = "Remove the filter “ada”" })).ToBeVisibleAsync();
        await search.PressSequentiallyAsync("with");
        await Expect(search).ToHaveValueAsync("ada with");
        var found = Page.GetByRole(
            AriaRole.Link,
            new() { Name = "ada.with.a.very.long.address@subdomain.of.a.subdomain.example" }
        );
        await Expect(found).ToBeVisibleAsync();
        await Expect(Page.GetByText("1 contact", new() { Exact = true })).ToBeVisibleAsync();
        await Page.GetByRole(AriaRole.Link, new() { Name = "Remove the filter “ada with”" }).ClickAsync();
        await Expect(search).ToHaveValueAsync("");
        await search.FillAsync("ada with");
        await Expect(Page.GetByText("1 contact", new() { Exact = true })).ToBeVisibleAsync();
        await Page.ReloadAsync();
        await found.ClickAsync();
        await Expect(Page.GetByLabel("Tags")).ToHaveValueAsync("early adopters, vip");
        await LookAsync("contacts-panel");
        await Page.GetByRole(AriaRole.Link, new() { Name = "Cancel" }).ClickAsync();

        await Page.GetByRole(AriaRole.Checkbox, new() { Name = "Select every contact of this page" }).CheckAsync();
        await Expect(Page.GetByText("1 contact selected")).ToBeVisibleAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Delete 1" }).ClickAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Delete 1 contact" }).ClickAsync();
        await Expect(Page.GetByText("1 contact was deleted.")).ToBeVisibleAsync();
        await Expect(Page.GetByText("No contact matches.")).ToBeVisibleAsync();
        await LookAsync("contacts-no-match");
    }

    [Fact]
    public async Task File_Imported_IsReportedLineByLine_AndItsTagMakesASegment()
    {
        await OpenAsync(PortalUrls.ImportContacts(Slug));
        await LookAsync("import");
        await UploadAsync("name\nAda");
        await Expect(Page.GetByText("There is no column for the e-mail address.")).ToBeVisibleAsync();
        await LookAsync("import-refused");

        var csv = new StringBuilder("E-mail;First name;Tags\n");
        for (var i = 0; i < 3000; i++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"imported{i}@example.net;Person {i};\"spring, part {i % 3}\"\n");
        }

        csv.Append(
            "imported7@example.net;Again;\nnot an address;<script>alert(1)</script>;\n=cmd@example.net;\u202eFormula;\n"
        );
        await UploadAsync(csv.ToString());
        await Expect(Page.GetByText("Done", new() { Exact = true })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(Page.GetByText("The same address is on line 9; this line was not used.")).ToBeVisibleAsync();
        await Expect(Page.GetByText("=cmd@example.net")).ToBeVisibleAsync();
        await LookAsync("import-report");
        await Page.GetByRole(AriaRole.Link, new() { Name = "Duplicate" }).ClickAsync();
        await Expect(Page.GetByText("=cmd@example.net")).ToBeHiddenAsync();
        var download = await Page.RunAndWaitForDownloadAsync(() =>
            Page.GetByRole(AriaRole.Link, new() { Name = "Rejected lines" }).ClickAsync()
        );
        Assert.Contains("'=cmd", await File.ReadAllTextAsync(await download.PathAsync()), StringComparison.Ordinal);

        await OpenAsync(PortalUrls.Segments(Slug));
        await LookAsync("segments");
        await Page.GetByRole(AriaRole.Link, new() { Name = "New segment" }).ClickAsync();
        await Page.GetByLabel("Name", new() { Exact = true }).FillAsync("Spring, first third");
        await Page.GetByLabel("Tags", new() { Exact = true }).FillAsync("spring, part 0");
        await Page.GetByLabel("all of these tags").CheckAsync();
        await Expect(Page.GetByText("1,000 contacts")).ToBeVisibleAsync();
        await LookAsync("segments-panel");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Create segment" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Link, new() { Name = "Spring, first third" })).ToBeVisibleAsync();
        await LookAsync("segments-full");

        await OpenAsync(PortalUrls.Contacts(Slug, tag: "spring"));
        await Page.GetByRole(AriaRole.Checkbox, new() { Name = "Select every contact of this page" }).CheckAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Select all 3,000 that match" }).ClickAsync();
        await Page.GetByPlaceholder("Tag", new() { Exact = true }).FillAsync("everybody");
        await LookAsync("contacts-bulk");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add tag" }).ClickAsync();
        await Expect(Page.GetByText("3,000 contacts tagged")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Contacts_WithAFieldOfTheirOwn_ArePutIntoASegmentOneByOne()
    {
        await OpenAsync(PortalUrls.NewContact(Slug));
        await Page.GetByLabel("E-mail address").FillAsync("ada.lovelace@example.net");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add a field" }).ClickAsync();
        await Page.GetByLabel("Name of the field").FillAsync("Town");
        await Page.GetByPlaceholder("value").FillAsync("Bergen");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add contact" }).ClickAsync();
        await Expect(Page.GetByText("is no name for a field")).ToBeVisibleAsync();
        await LookAsync("contact-field-fault");
        await Page.GetByLabel("Name of the field").FillAsync("town");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add contact" }).ClickAsync();
        await Expect(Page.GetByText("The contact was added.")).ToBeVisibleAsync();

        await OpenAsync(PortalUrls.NewSegment(Slug));
        await Page.GetByLabel("Name", new() { Exact = true }).FillAsync("Guests of the opening");
        await Page.GetByLabel("Contacts that are named one by one").CheckAsync();
        await LookAsync("segment-named-new");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Create segment" }).ClickAsync();
        await Expect(Page.GetByText("named one by one", new() { Exact = true })).ToBeVisibleAsync();
        await LookAsync("segments-named");

        await OpenAsync(PortalUrls.Contacts(Slug));
        await Page.GetByRole(AriaRole.Checkbox, new() { Name = "Select ada.lovelace@example.net" }).CheckAsync();
        await Page.GetByLabel("Segment", new() { Exact = true }).SelectOptionAsync("Guests of the opening");
        await LookAsync("contacts-bulk-segment");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Put into segment" }).ClickAsync();
        await Expect(Page.GetByText("1 contact was put into")).ToBeVisibleAsync();
        await OpenAsync(PortalUrls.Segments(Slug));
        await Page.GetByRole(AriaRole.Link, new() { Name = "Guests of the opening" }).ClickAsync();
        await Expect(Page.GetByText("of whom 1 may be mailed")).ToBeVisibleAsync();
        await LookAsync("segment-named");
    }

    [Fact]
    public async Task Address_PutOnTheList_ShowsAtItsContact_AndComesOffAgain()
    {
        await OpenAsync(PortalUrls.Suppression(Slug));
        await LookAsync("suppression");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add address" }).ClickAsync();
        await Page.GetByLabel("E-mail address").FillAsync("nonsense");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add address" }).ClickAsync();
        await Expect(Page.GetByText("The address needs a name")).ToBeVisibleAsync();
        await LookAsync("suppression-error");
        await Page.GetByLabel("E-mail address").FillAsync("leave.me@example.net");
        await Page.GetByLabel("Note").FillAsync("by phone");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add address" }).ClickAsync();
        await Expect(Page.GetByText("leave.me@example.net will not be mailed.")).ToBeVisibleAsync();
        await Expect(Page.GetByText(": by phone")).ToBeVisibleAsync();
        await LookAsync("suppression-full");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Remove leave.me@example.net" }).ClickAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Remove from the list" }).ClickAsync();
        await Expect(Page.GetByText("leave.me@example.net was removed from the list.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Domain_Added_ShowsItsRecords_TakesASender_AndIsChecked()
    {
        await OpenAsync(PortalUrls.Senders(Slug));
        await LookAsync("senders");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add domain" }).ClickAsync();
        await Page.GetByLabel("Domain", new() { Exact = true }).FillAsync("not a domain");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add domain" }).ClickAsync();
        await Expect(Page.GetByText("This is not a domain that can send mail.")).ToBeVisibleAsync();
        await LookAsync("senders-error");
        await Page.GetByLabel("Domain", new() { Exact = true }).FillAsync("mail.northwind-traders.com");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add domain" }).ClickAsync();
        var card = Page.GetByRole(AriaRole.Region, new() { Name = "mail.northwind-traders.com", Exact = true });
        var dkim = card.GetByRole(AriaRole.Row).Filter(new() { HasText = "DKIM" });
        await dkim.GetByRole(AriaRole.Button, new() { Name = "Copy the value of the DKIM record" }).ClickAsync();
        await Expect(dkim.GetByText("Copied.")).ToBeAttachedAsync();
        Assert.Equal(
            await dkim.Locator("code").Nth(1).InnerTextAsync(),
            await Page.EvaluateAsync<string>("navigator.clipboard.readText()")
        );
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
        var field = Page.GetByLabel("CSV file", new() { Exact = true });
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
}
