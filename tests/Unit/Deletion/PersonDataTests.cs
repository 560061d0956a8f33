using AdminPortal.Components.Shared;
using AdminPortal.Features.Settings;
using AdminPortal.Tenancy;
using Bunit;
using Ledgerpost.Deletion;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Radzen;
using UnitTests.Sending;

namespace UnitTests.Deletion;

/// <summary>What the page says of somebody's data.</summary>
public sealed class PersonDataTests : BunitContext
{
    private const string Address = "ada@example.net";

    [Theory]
    [InlineData(false, "was erased")]
    [InlineData(true, "a contact, 0 mails")]
    public async Task OneWhoWasErased_IsCalledSo_OnlyWhileNothingIsLeft(bool isBack, string said)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.EraseAsync(Address);
        if (isBack)
        {
            await engine.Database.AddContactAsync(engine.Tenant, Address);
        }

        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddSingleton(new ExportPerson(engine.Db));
        Services.AddSingleton(new ErasePerson(engine.Db, engine.Options));
        Services.AddRadzenComponents();
        Services.AddScoped<Confirmations>();
        Services.AddScoped<Toasts>();
        var session = new TenantSession(
            engine.Tenant.Id,
            "north",
            "North",
            "UTC",
            TenantRole.Admin,
            engine.Tenant.As(TenantRole.Admin),
            false
        );
        RenderTree.Add<CascadingValue<TenantSession>>(cascade => cascade.Add(value => value.Value, session));
        var page = Render<PersonData>();

        await page.Find("#person-address").ChangeAsync(Address);
        await page.Find("form").SubmitAsync();

        Assert.Contains(said, page.Find("p[role=status]").TextContent, StringComparison.Ordinal);
    }
}
