using AdminPortal.Components.Shared;
using AdminPortal.Features.Contacts;
using AdminPortal.Tenancy;
using Bunit;
using Ledgerpost;
using Ledgerpost.Contacts;
using Ledgerpost.Segments;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Radzen;
using UnitTests.Support;

namespace UnitTests.Contacts;

public sealed class ContactsPageTests : BunitContext
{
    [Fact]
    public async Task OpenForm_WhoseContactIsDeletedMeanwhile_KeepsWhatWasTypedAndSaysSo()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await database.AddContactAsync(tenant, "ada@example.net");
        var page = Show(database, tenant, id);
        await page.WaitForElement("#contact-first").InputAsync("Mine");
        await new DeleteContacts(database.Db).ExecuteAsync(tenant.As(TenantRole.Owner), new SelectedContacts(id), 1);

        // As every half minute.
        page.Render();

        page.WaitForAssertion(() =>
            Assert.Contains("deleted meanwhile", page.Find(".side-panel [role=status]").TextContent)
        );
        Assert.Equal("Mine", page.Find("#contact-first").GetAttribute("value"));
        await page.Find(".side-panel form").SubmitAsync();
        Assert.Contains("Nothing was saved", page.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Equal("Mine", page.Find("#contact-first").GetAttribute("value"));
    }

    [Fact]
    public async Task Contact_ThatIsNotThere_HasNoForm()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.AddContactAsync(tenant, "ada@example.net");

        var page = Show(database, tenant, database.Ids.New());

        page.WaitForAssertion(() => Assert.Contains("does not exist", page.Find(".side-panel").TextContent));
        Assert.Empty(page.FindAll("#contact-first"));
    }

    private IRenderedComponent<ContactsPage> Show(TestDatabase database, TestTenant tenant, Guid contact)
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddLogging();
        Services.AddRadzenComponents();
        Services.AddScoped<Confirmations>();
        Services.AddScoped<Toasts>();
        Services.AddSingleton<TimeProvider>(database.Time);
        Services.AddSingleton<IIds>(database.Ids);
        Services.AddSingleton(database.Db);
        Services.AddSingleton<ContactList>();
        Services.AddSingleton<AddContact>();
        Services.AddSingleton<ChangeContact>();
        Services.AddSingleton<DeleteContacts>();
        Services.AddSingleton<AddSuppression>();
        Services.AddSingleton<RemoveSuppression>();
        var session = new TenantSession(
            tenant.Id,
            tenant.Slug,
            "North Ltd",
            "UTC",
            TenantRole.Editor,
            tenant.As(TenantRole.Editor)
        );
        RenderTree.Add<CascadingValue<TenantSession>>(cascade => cascade.Add(value => value.Value, session));
        Services.GetRequiredService<NavigationManager>().NavigateTo($"/t/north/contacts?contact={contact}");
        return Render<ContactsPage>(parameters => parameters.Add(one => one.Slug, "north"));
    }
}
