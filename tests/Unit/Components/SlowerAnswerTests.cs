using AdminPortal.Components.Shared;
using AdminPortal.Features.Campaigns;
using AdminPortal.Features.Contacts;
using AdminPortal.Features.Suppression;
using AdminPortal.Tenancy;
using Bunit;
using Ledgerpost;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Segments;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Radzen;
using UnitTests.Support;

namespace UnitTests.Components;

/// <summary>Of two searches the first is answered last: the list is that of the second, which stands in the address.</summary>
public sealed class SlowerAnswerTests : BunitContext
{
    [Fact]
    public Task Contacts_OfAnOlderSearch_AreNotShown() => AssertNewerStaysAsync<ContactsPage>("contacts");

    [Fact]
    public Task Suppressions_OfAnOlderSearch_AreNotShown() => AssertNewerStaysAsync<SuppressionPage>("suppression");

    [Fact]
    public Task Campaigns_OfAnOlderSearch_AreNotShown() => AssertNewerStaysAsync<CampaignsPage>("campaigns");

    private async Task AssertNewerStaysAsync<TPage>(string path)
        where TPage : IComponent
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        foreach (var name in (string[])["ada", "grace"])
        {
            await database.AddContactAsync(tenant, $"{name}@example.net");
            await new AddSuppression(database.Db).ExecuteAsync(
                tenant.As(TenantRole.Admin),
                $"{name}@example.net",
                SuppressionReason.Manual,
                null
            );
            await database.AddCampaignAsync(tenant, CampaignStatus.Draft);
            await database.Db.WriteAsync(
                tenant.Scope,
                async (db, token) => (await db.Campaigns.SingleAsync(row => row.Name == "Spring", token)).Name = name,
                CancellationToken.None
            );
        }

        AddServices(database, tenant);
        var navigation = Services.GetRequiredService<NavigationManager>();
        navigation.NavigateTo($"/t/north/{path}");
        var page = Render<TPage>(parameters => parameters.TryAdd("Slug", tenant.Slug));
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll("tbody tr").Count));
        using var statements = StatementLog.Of(database.ConnectionString);
        statements.Before = _ =>
        {
            // The second one is asked and answered while the first is still being read.
            statements.Before = null;
            navigation.NavigateTo($"/t/north/{path}?q=grace");
        };

        await page.InvokeAsync(() => navigation.NavigateTo($"/t/north/{path}?q=ada"));

        page.WaitForAssertion(() =>
            Assert.Contains("grace", Assert.Single(page.FindAll("tbody tr")).TextContent, StringComparison.Ordinal)
        );
        Assert.EndsWith("grace", navigation.Uri, StringComparison.Ordinal);
    }

    private void AddServices(TestDatabase database, TestTenant tenant)
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
        Services.AddSingleton<DeleteContacts>();
        Services.AddSingleton<SuppressionList>();
        Services.AddSingleton<AddSuppression>();
        Services.AddSingleton<RemoveSuppression>();
        Services.AddCampaignFeature();
        var session = new TenantSession(
            tenant.Id,
            tenant.Slug,
            "North Ltd",
            "UTC",
            TenantRole.Viewer,
            tenant.As(TenantRole.Viewer)
        );
        RenderTree.Add<CascadingValue<TenantSession>>(cascade => cascade.Add(value => value.Value, session));
    }
}
