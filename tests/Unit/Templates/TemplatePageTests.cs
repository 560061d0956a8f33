using AdminPortal.Features.Campaigns;
using AdminPortal.Features.Templates;
using Bunit;
using Ledgerpost.Templates;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Campaigns;
using UnitTests.Support;

namespace UnitTests.Templates;

public sealed class TemplatePageTests
{
    private static readonly TemplateInput Letter = new("Letter", "Hi", "<p>Hi {{email}}");

    [Fact]
    public async Task NewTemplate_WithAFault_SaysItAtItsFieldAndKeepsTheText_ThenSaves()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var page = context.Render<TemplatePage>(parameters => parameters.TryAdd("Slug", "north"));

        await page.InvokeAsync(() => page.Find("[name=name]").Change("Letter"));
        await page.InvokeAsync(() => page.Find("[name=html]").Change("<p>Hi {{frist_name}}"));
        await page.Find("form").SubmitAsync();

        Assert.Contains("frist_name", page.Find("[name=html] ~ .lp-error").TextContent, StringComparison.Ordinal);
        Assert.Equal("true", page.Find("[name=html]").GetAttribute("aria-invalid"));
        Assert.Equal("Letter", page.Find("[name=name]").GetAttribute("value"));
        await page.InvokeAsync(() => page.Find("[name=html]").Change("<p>Hi {{first_name}}"));
        await page.Find("form").SubmitAsync();

        var row = Assert.Single((await new TemplateList(database.Db).ExecuteAsync(tenant.Scope, null, 9)).Rows);
        Assert.EndsWith(
            $"/t/north/templates/{row.Id}",
            context.Services.GetRequiredService<NavigationManager>().Uri,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Template_ChangedBySomebodyElse_IsNotSavedOver()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var editor = tenant.As(TenantRole.Editor);
        var id = await TemplateTests.CreateAsync(database, editor, Letter);
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var page = context.Show<TemplatePage>(tenant, id);
        page.WaitForElement("[name=subject]");
        await new ChangeTemplate(database.Db).ExecuteAsync(editor, id, 1, Letter with { Subject = "Theirs" });

        await page.InvokeAsync(() => page.Find("[name=subject]").Change("Mine"));
        await page.Find("form").SubmitAsync();

        Assert.Contains("Nothing was saved", page.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Equal("Mine", page.Find("[name=subject]").GetAttribute("value"));
        Assert.Equal("Theirs", (await new TemplateList(database.Db).FindAsync(tenant.Scope, id))?.Subject);
    }

    [Fact]
    public async Task Template_ForAViewer_IsShownAndOffersNothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await TemplateTests.CreateAsync(database, tenant.As(TenantRole.Editor), Letter);
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Viewer);

        var page = context.Show<TemplatePage>(tenant, id);
        var list = context.Render<TemplatesPage>(parameters => parameters.TryAdd("Slug", "north"));

        page.WaitForElement("[name=name]");
        Assert.Empty(page.FindAll("button"));
        Assert.All(page.FindAll("input, textarea"), field => Assert.True(field.HasAttribute("disabled")));
        Assert.Equal("Letter", list.WaitForElement(".template-name").TextContent);
        Assert.Empty(list.FindAll("button"));
    }

    [Fact]
    public async Task NewCampaign_FromATemplate_HasItsContent()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await TemplateTests.CreateAsync(database, tenant.As(TenantRole.Editor), Letter);
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        context.Services.GetRequiredService<NavigationManager>().NavigateTo($"/t/north/campaigns/new?template={id}");
        var page = context.Render<NewCampaignPage>(parameters => parameters.TryAdd("Slug", "north"));

        Assert.Equal(id.ToString(), page.WaitForElement("[name=template]").GetAttribute("value"));
        await page.InvokeAsync(() => page.Find("[name=name]").Input("Spring"));
        await page.Find("form").SubmitAsync();

        var address = context.Services.GetRequiredService<NavigationManager>();
        page.WaitForAssertion(() => Assert.EndsWith("/edit", address.Uri, StringComparison.Ordinal));
        await using var db = database.Db.Read(tenant.Scope);
        var campaign = await db.Campaigns.SingleAsync();
        Assert.Equal(("Spring", "Hi", "<p>Hi {{email}}"), (campaign.Name, campaign.Subject, campaign.Html));
    }
}
