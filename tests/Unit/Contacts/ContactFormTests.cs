using AdminPortal.Features.Contacts;
using AdminPortal.Tenancy;
using Bunit;
using Ledgerpost.Contacts;
using Ledgerpost.Segments;
using Ledgerpost.Tenancy;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Support;

namespace UnitTests.Contacts;

public sealed class ContactFormTests : BunitContext
{
    [Fact]
    public async Task Form_WithFaults_NamesEachFieldAndKeepsWhatWasTyped_ThenSaves()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var saved = Guid.Empty;
        var form = Show(database, Session(tenant, TenantRole.Editor), contact: null, id => saved = id);

        await form.InvokeAsync(() => form.Find("#contact-email").Input("ada@"));
        await form.InvokeAsync(() => form.Find("#contact-first").Input("Ada"));
        await form.InvokeAsync(() => form.Find("#contact-tags").Input("a\u202eb"));
        await form.Find("form").SubmitAsync();

        Assert.Contains("needs a name", form.Find("#contact-email-error").TextContent, StringComparison.Ordinal);
        Assert.Contains("U+202E", form.Find("#contact-tags-error").TextContent, StringComparison.Ordinal);
        Assert.Empty(form.FindAll("#contact-first-error"));
        Assert.Equal("true", form.Find("#contact-email").GetAttribute("aria-invalid"));
        Assert.Equal("Ada", form.Find("#contact-first").GetAttribute("value"));
        Assert.Equal(Guid.Empty, saved);

        await form.InvokeAsync(() => form.Find("#contact-email").Input("ada@example.net"));
        await form.InvokeAsync(() => form.Find("#contact-tags").Input("news"));
        await form.Find("form").SubmitAsync();

        var contact = await new ContactList(database.Db).FindAsync(tenant.As(TenantRole.Viewer), saved);
        Assert.Equal("ada@example.net", contact?.Email);
    }

    [Fact]
    public async Task Form_WithFields_NamesWhatIsWrong_ThenSavesAndShowsThem()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var saved = Guid.Empty;
        var form = Show(database, Session(tenant, TenantRole.Editor), contact: null, id => saved = id);
        await form.InvokeAsync(() => form.Find("#contact-email").Input("ada@example.net"));
        Add("town", "Bergen");
        Add("town", "Oslo");
        await form.Find("form").SubmitAsync();
        Assert.Contains("there twice", form.Find("#contact-fields-error").TextContent, StringComparison.Ordinal);

        Name(1).Input("Plan");
        await form.Find("form").SubmitAsync();
        Assert.Contains(
            "no name for a field",
            form.Find("#contact-fields-error").TextContent,
            StringComparison.Ordinal
        );
        Assert.Equal(Guid.Empty, saved);
        Name(1).Input("plan");
        await form.Find("form").SubmitAsync();

        var contact = await new ContactList(database.Db).FindAsync(tenant.As(TenantRole.Viewer), saved);
        Assert.Equal(["plan: Oslo", "town: Bergen"], contact!.Fields.Select(field => $"{field.Key}: {field.Value}"));
        form.Render(parameters => parameters.Add(shown => shown.Contact, contact));
        Assert.Equal(
            ["plan", "Oslo", "town", "Bergen"],
            form.FindAll(".contact-field input").Select(input => input.GetAttribute("value"))
        );

        AngleSharp.Dom.IElement Name(int row) => form.FindAll("[aria-label='Name of the field']")[row];

        void Add(string name, string value)
        {
            form.FindAll("button").First(button => button.TextContent == "Add a field").Click();
            var row = form.FindAll(".contact-field").Count - 1;
            Name(row).Input(name);
            form.FindAll(".contact-field input")[(row * 2) + 1].Input(value);
        }
    }

    [Fact]
    public async Task Form_ForAnAddressThatIsThere_LeadsToItsContact()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var other = await database.AddContactAsync(tenant, "ada@example.net");
        var form = Show(database, Session(tenant, TenantRole.Editor), contact: null);

        await form.InvokeAsync(() => form.Find("#contact-email").Input("ADA@example.net"));
        await form.Find("form").SubmitAsync();

        Assert.Contains(other.ToString(), form.Find(".lp-field a").GetAttribute("href"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Form_ForAViewer_ShowsAndOffersNothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await database.AddContactAsync(tenant, "ada@example.net", "news");
        var contact = await new ContactList(database.Db).FindAsync(tenant.As(TenantRole.Viewer), id);

        var form = Show(database, Session(tenant, TenantRole.Viewer), contact);

        Assert.Empty(form.FindAll("button"));
        Assert.All(form.FindAll("input"), input => Assert.True(input.HasAttribute("disabled")));
        Assert.Equal("news", form.Find("#contact-tags").GetAttribute("value"));
    }

    [Fact]
    public async Task Form_ByWhoWasDemotedMeanwhile_SaysSoAndKeepsWhatWasTyped()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        // The page still believes in an editor; the database does not.
        var form = Show(
            database,
            Session(tenant, TenantRole.Editor) with
            {
                Caller = tenant.As(TenantRole.Viewer),
            },
            contact: null
        );

        await form.InvokeAsync(() => form.Find("#contact-email").Input("ada@example.net"));
        await form.Find("form").SubmitAsync();

        Assert.Contains("role editor", form.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Equal("ada@example.net", form.Find("#contact-email").GetAttribute("value"));
    }

    [Fact]
    public async Task Form_WhoseContactWasChangedAndReadAgainMeanwhile_SavesNothingOverIt()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await database.AddContactAsync(tenant, "ada@example.net", "news");
        var list = new ContactList(database.Db);
        var form = Show(
            database,
            Session(tenant, TenantRole.Editor),
            await list.FindAsync(tenant.As(TenantRole.Viewer), id)
        );
        await form.InvokeAsync(() => form.Find("#contact-first").Input("Mine"));
        database.Time.Advance(TimeSpan.FromMinutes(1));
        await new TagContacts(database.Db).ExecuteAsync(tenant.As(TenantRole.Owner), new SelectedContacts(id), "vip");
        var now = await list.FindAsync(tenant.As(TenantRole.Viewer), id);

        form.Render(parameters => parameters.Add(shown => shown.Contact, now));
        await form.Find("form").SubmitAsync();

        Assert.Contains("Somebody changed", form.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Equal("Mine", form.Find("#contact-first").GetAttribute("value"));
        var kept = await list.FindAsync(tenant.As(TenantRole.Viewer), id);
        Assert.Equal(("First", "news, vip"), (kept!.FirstName, string.Join(", ", kept.Tags)));
    }

    private static TenantSession Session(TestTenant tenant, TenantRole role) =>
        new(tenant.Id, tenant.Slug, "North", "UTC", role, tenant.As(role));

    private IRenderedComponent<ContactForm> Show(
        TestDatabase database,
        TenantSession session,
        ContactRow? contact,
        Action<Guid>? saved = null
    )
    {
        Services.AddLogging();
        Services.AddSingleton(new AddContact(database.Db));
        Services.AddSingleton(new ChangeContact(database.Db));
        return Render<ContactForm>(parameters =>
            parameters
                .Add(form => form.Session, session)
                .Add(form => form.Contact, contact)
                .Add(form => form.CloseHref, "/")
                .Add(form => form.OnSaved, id => saved?.Invoke(id))
        );
    }
}
