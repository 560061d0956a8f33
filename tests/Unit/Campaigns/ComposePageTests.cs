using AdminPortal.Features.Campaigns.Compose;
using Bunit;
using Ledgerpost.Campaigns;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Support;

namespace UnitTests.Campaigns;

public sealed class ComposePageTests
{
    private const string Good = "<p>Hi</p><a href=\"{{unsubscribe_url}}\">Leave</a>";

    [Fact]
    public async Task Typing_IsSaved_AndAFaultIsSaidAtItsFieldWhileTheTextStays()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var page = await ShowAsync(context, tenant, id);

        await page.InvokeAsync(() => page.Find("[data-draft=html]").Change("<p>Hi {{frist_name}}</p>"));

        page.WaitForAssertion(() =>
            Assert.Contains(
                "There is no field \u201c{{frist_name}}\u201d.",
                page.Find("#compose-html ~ .lp-error").TextContent
            )
        );
        Assert.Equal("true", page.Find("#compose-html").GetAttribute("aria-invalid"));
        Assert.Equal("<p>Hi {{frist_name}}</p>", (await ReadAsync(database, tenant)).Html);
        Assert.Contains("Saved", page.Find(".save-status").TextContent);
    }

    [Fact]
    public async Task PlainText_TypedAndEmptied_IsSavedAndShown_ThenMadeFromTheContentAgain()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var page = context.Show<ComposePage>(tenant, id, "/edit?view=text");
        page.WaitForElement("[data-draft=html]").Change(Good);

        await page.InvokeAsync(() => page.Find("[data-draft=text]").Change("Hello {{frist_name}}"));
        page.WaitForAssertion(() =>
            Assert.Contains("{{frist_name}}", page.Find("#compose-text ~ .lp-error").TextContent)
        );
        await page.InvokeAsync(() => page.Find("[data-draft=text]").Change("Hello {{first_name}}"));
        Shows("Hello Alex");
        Assert.Equal("Hello {{first_name}}", (await ReadAsync(database, tenant)).Text);

        await page.InvokeAsync(() => page.Find("[data-draft=text]").Change(""));
        Shows("Hi");
        Assert.Null((await ReadAsync(database, tenant)).Text);

        void Shows(string start) =>
            page.WaitForAssertion(() =>
            {
                Assert.StartsWith(start, page.Find(".preview-text").TextContent, StringComparison.Ordinal);
                Assert.StartsWith("Saved", page.Find(".save-status").TextContent.Trim(), StringComparison.Ordinal);
            });
    }

    [Fact]
    public async Task NameThatCannotBeKept_IsSaidAtItsField_AndSavedOnceMended()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var page = await ShowAsync(context, tenant, id);

        // Found and changed in one go: a save may draw the page anew at any moment.
        await page.InvokeAsync(() => page.Find("[data-draft=name]").Change(" "));
        page.WaitForAssertion(() =>
            Assert.Contains("needs a name", page.Find("[data-draft=name] ~ .lp-error").TextContent)
        );
        await page.InvokeAsync(() => page.Find("[data-draft=subject]").Change("Hello"));
        await page.InvokeAsync(() => page.Find("[data-draft=name]").Change("Summer"));

        page.WaitForAssertion(() => Assert.Contains("Saved", page.Find(".save-status").TextContent));
        var saved = await ReadAsync(database, tenant);
        Assert.Equal(("Summer", "Hello"), (saved.Name, saved.Subject));
    }

    [Fact]
    public async Task SaveAfterSomebodyElse_ShowsBothTexts_AndKeepsMineOnlyWhenChosen()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var page = await ShowAsync(context, tenant, id);
        var content = DraftContent.Of(await ReadAsync(database, tenant));
        await new SaveDraft(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Owner),
            id,
            1,
            content with
            {
                Subject = "Theirs",
            },
            CancellationToken.None
        );

        await page.InvokeAsync(() => page.Find("[data-draft=subject]").Change("Mine"));

        page.WaitForAssertion(() =>
            Assert.Equal(["Theirs", "Mine"], page.FindAll(".conflict-field pre").Select(text => text.TextContent))
        );
        Assert.Equal("Theirs", (await ReadAsync(database, tenant)).Subject);
        page.FindAll("button").First(button => button.TextContent == "Save mine over it").Click();
        page.WaitForAssertion(() => Assert.StartsWith("Saved", page.Find(".save-status").TextContent.Trim()));
        Assert.Empty(page.FindAll(".conflict-field"));
        Assert.Equal("Mine", (await ReadAsync(database, tenant)).Subject);
    }

    [Fact]
    public async Task Conflict_TakeTheirs_PutsTheirTextIntoTheField()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Editor);
        var page = await ShowAsync(context, tenant, id);
        var content = DraftContent.Of(await ReadAsync(database, tenant));
        await new SaveDraft(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Owner),
            id,
            1,
            content with
            {
                Subject = "Theirs",
            },
            CancellationToken.None
        );
        await page.InvokeAsync(() => page.Find("[data-draft=subject]").Change("Mine"));
        page.WaitForElement(".conflict-field");

        page.FindAll("button").First(b => b.TextContent == "Take what Owner of north saved").Click();

        page.WaitForAssertion(() => Assert.Equal("Theirs", page.Find("[data-draft=subject]").GetAttribute("value")));
        Assert.Empty(page.FindAll(".conflict-field"));
    }

    [Theory]
    [InlineData(TenantRole.Editor, false)]
    [InlineData(TenantRole.Admin, true)]
    public async Task ReadyDraft_CanBeLaunchedAndTestedByAdminsOnly(TenantRole role, bool may)
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, role);
        var page = await ShowAsync(context, tenant, id);

        var buttons = page.FindAll("button").Select(button => button.TextContent.Trim()).ToList();

        Assert.Equal(may, buttons.Contains("Launch ..."));
        Assert.Equal(may, buttons.Contains("Send test mail"));
        Assert.Equal(!may, page.Markup.Contains("An admin launches it.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Launch_Confirmed_FreezesTheAudienceAndLeadsToTheCampaign()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.AddContactsAsync(tenant, 3);
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Admin);
        var page = await ShowAsync(context, tenant, id);
        await page.InvokeAsync(() => page.Find("[data-draft=subject]").Change("Hello"));
        await page.InvokeAsync(() => page.Find("[data-draft=html]").Change(Good));
        page.WaitForAssertion(() => Assert.False(Launch(page).HasAttribute("disabled")));

        Launch(page).Click();
        context.Dialog.WaitForAssertion(() => Assert.Contains("Launch to 3 people", context.Dialog.Markup));
        context.Dialog.FindAll("button").First(b => b.TextContent == "Launch to 3 people").Click();

        var address = context.Services.GetRequiredService<NavigationManager>();
        page.WaitForAssertion(() => Assert.EndsWith($"/t/north/campaigns/{id}", address.Uri));
        Assert.Equal(CampaignStatus.Sending, (await ReadAsync(database, tenant)).Status);
        await using var db = database.Db.Read(tenant.Scope);
        Assert.Equal(3, await db.Recipients.CountAsync());
    }

    [Fact]
    public async Task Viewer_IsLedToTheCampaignThatHeMayRead()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Viewer);

        var page = context.Show<ComposePage>(tenant, id, "/edit");

        var address = context.Services.GetRequiredService<NavigationManager>();
        page.WaitForAssertion(() => Assert.EndsWith($"/t/north/campaigns/{id}", address.Uri));
    }

    private static AngleSharp.Dom.IElement Launch(IRenderedComponent<ComposePage> page) =>
        page.FindAll("button").First(button => button.TextContent == "Launch ...");

    private static Task<IRenderedComponent<ComposePage>> ShowAsync(
        CampaignPagesContext context,
        TestTenant tenant,
        Guid id
    )
    {
        var page = context.Show<ComposePage>(tenant, id, "/edit");
        page.WaitForElement("[data-draft=html]");
        return Task.FromResult(page);
    }

    private static async Task<Campaign> ReadAsync(TestDatabase database, TestTenant tenant)
    {
        await using var db = database.Db.Read(tenant.Scope);
        return await db.Campaigns.SingleAsync();
    }
}
