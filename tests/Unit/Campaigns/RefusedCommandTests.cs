using AdminPortal.Features.Campaigns;
using AdminPortal.Features.Campaigns.Compose;
using Bunit;
using Ledgerpost.Campaigns;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Campaigns;

/// <summary>An editor who is one no longer, on a page that does not know it yet.</summary>
public sealed class RefusedCommandTests
{
    private const string Denied = "This needs the role editor; yours is viewer.";

    [Fact]
    public async Task NewCampaign_IsRefusedInASentence_AndItsNameStays()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var page = context.Render<NewCampaignPage>(parameters => parameters.TryAdd("Slug", "north"));
        await page.WaitForElement("[name=name]").InputAsync("Spring");
        await DemoteAsync(database, tenant);

        await page.Find("form").SubmitAsync();

        Assert.Equal([Denied], context.Toasts);
        Assert.Equal("Spring", page.Find("[name=name]").GetAttribute("value"));
        Assert.False(page.Find("[type=submit]").HasAttribute("disabled"));
    }

    [Fact]
    public async Task Draft_DeletedWhereItIsWritten_IsRefusedInASentence_AndStays()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var page = context.Show<ComposePage>(tenant, id, "/edit");
        page.WaitForElement("[data-draft=html]");
        await DemoteAsync(database, tenant);

        await page.InvokeAsync(() => Press(page, "Delete the draft"));
        context.Dialog.WaitForAssertion(() => Press(context.Dialog, "Delete the draft"));

        page.WaitForAssertion(() => Assert.Equal([Denied], context.Toasts));
        Assert.Equal("Spring", page.Find("[data-draft=name]").GetAttribute("value"));
        Assert.Equal(1, await CampaignsAsync(database, tenant));
    }

    [Fact]
    public async Task Draft_CopiedOrDeletedInTheList_IsRefusedInASentence_AndStays()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var page = context.Render<CampaignsPage>(parameters => parameters.TryAdd("Slug", "north"));
        page.WaitForElement("td.campaign-name");
        await DemoteAsync(database, tenant);

        await page.InvokeAsync(() => Press(page, "Duplicate"));
        page.WaitForAssertion(() => Assert.Equal([Denied], context.Toasts));
        await page.InvokeAsync(() => Press(page, "Delete the draft"));
        context.Dialog.WaitForAssertion(() => Press(context.Dialog, "Delete the draft"));

        page.WaitForAssertion(() => Assert.Equal([Denied, Denied], context.Toasts));
        Assert.Single(page.FindAll("td.campaign-name"));
        Assert.Equal(1, await CampaignsAsync(database, tenant));
    }

    private static void Press<T>(IRenderedComponent<T> component, string label)
        where T : IComponent => component.FindAll("button").First(button => button.TextContent.Trim() == label).Click();

    private static Task DemoteAsync(TestDatabase database, TestTenant tenant) =>
        new ChangeMemberRole(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Owner),
            tenant.People[TenantRole.Editor],
            TenantRole.Viewer,
            CancellationToken.None
        );

    private static async Task<int> CampaignsAsync(TestDatabase database, TestTenant tenant)
    {
        await using var db = database.Db.Read(tenant.Scope);
        return await db.Campaigns.CountAsync();
    }
}
