using AdminPortal.Features.Campaigns.Watch;
using Bunit;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Support;
using static Ledgerpost.Recipients.RecipientState;

namespace UnitTests.Campaigns;

public sealed class CampaignPageTests
{
    private static readonly RecipientState[] Stopped =
    [
        Accepted,
        Accepted,
        InDoubt,
        Pending,
        Pending,
        Pending,
        Refused,
    ];

    [Fact]
    public async Task PartialCampaign_ShowsWhyWhoWaitsAndFiveNumbers_AndALegendThatAddsUp()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CampaignPagesContext.AddStoppedAsync(database, tenant, Stopped);
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Admin);

        var page = context.Show<CampaignPage>(tenant, id);

        page.WaitForAssertion(() =>
            Assert.Equal(
                "The provider stopped answering after 2 of 7. Nobody was mailed twice. 3 people are waiting.",
                page.Find("#stop-title").TextContent
            )
        );
        // The exact numbers come after the page: they are counted beside it.
        page.WaitForAssertion(() =>
            Assert.Equal(
                ["2", "1", "0", "3", "0"],
                page.FindAll(".five-numbers dd").Select(number => number.TextContent)
            )
        );
        var legend = page.FindAll(".segmented-bar-legend li .lp-num").Select(n => int.Parse(n.TextContent)).ToList();
        Assert.Equal(7, legend[^1]);
        Assert.Equal(legend[^1], legend.SkipLast(1).Sum());
    }

    [Theory]
    [InlineData(TenantRole.Viewer, false, false)]
    [InlineData(TenantRole.Editor, false, true)]
    [InlineData(TenantRole.Admin, true, true)]
    [InlineData(TenantRole.Owner, true, true)]
    public async Task PartialCampaign_OffersWhatTheRoleMayDo(TenantRole role, bool mayResume, bool mayDuplicate)
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CampaignPagesContext.AddStoppedAsync(database, tenant, Stopped);
        await using var context = new CampaignPagesContext(database, tenant, role);

        var page = context.Show<CampaignPage>(tenant, id);

        page.WaitForElement(".five-numbers");
        var buttons = page.FindAll("button").Select(button => button.TextContent.Trim()).ToList();
        Assert.Equal(mayResume, buttons.Contains("Resume partial"));
        Assert.Equal(mayResume, buttons.Contains("Cancel the campaign"));
        Assert.Equal(mayDuplicate, buttons.Contains("Duplicate"));
    }

    [Fact]
    public async Task Resume_Confirmed_StartsOneRunAndShowsItsReceipt()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CampaignPagesContext.AddStoppedAsync(database, tenant, Stopped);
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Admin);
        var page = context.Show<CampaignPage>(tenant, id);
        page.WaitForElement(".five-numbers");

        Press(page, "Resume partial");
        context.Dialog.WaitForAssertion(() => Assert.Contains("Send to 3 people", context.Dialog.Markup));
        Assert.Equal(1, await RunsAsync(database, tenant));
        Press(context.Dialog, "Send to 3 people");

        page.WaitForAssertion(() => Assert.Contains("2, resume", page.Find(".ledger-receipt").TextContent));
        Assert.Equal(["Run 2 has started: 3 people will be mailed."], context.Toasts);
        Assert.Equal(2, await RunsAsync(database, tenant));
        Assert.Empty(page.FindAll("#stop-title"));
    }

    [Fact]
    public async Task Resume_NotNow_StartsNothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CampaignPagesContext.AddStoppedAsync(database, tenant, Stopped);
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Admin);
        var page = context.Show<CampaignPage>(tenant, id);
        page.WaitForElement(".five-numbers");

        Press(page, "Resume partial");
        context.Dialog.WaitForAssertion(() => Assert.Contains("Not now", context.Dialog.Markup));
        Press(context.Dialog, "Not now");

        page.WaitForAssertion(() => Assert.False(page.Find(".stop-card button").HasAttribute("disabled")));
        Assert.Equal(1, await RunsAsync(database, tenant));
    }

    [Fact]
    public async Task Resume_WhenSomebodyWasFirst_SaysWhereItStandsAndStartsNothingMore()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CampaignPagesContext.AddStoppedAsync(database, tenant, Stopped);
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Admin);
        var page = context.Show<CampaignPage>(tenant, id);
        page.WaitForElement(".five-numbers[aria-label]:not([aria-busy])");
        Press(page, "Resume partial");
        context.Dialog.WaitForAssertion(() => Assert.Contains("Send to 3 people", context.Dialog.Markup));

        await context
            .Services.GetRequiredService<ResumeCampaign>()
            .ExecuteAsync(tenant.As(TenantRole.Owner), id, new ResumeRequest(1, false), CancellationToken.None);
        Press(context.Dialog, "Send to 3 people");

        page.WaitForAssertion(() => Assert.Equal(["It stands at sending, run 2."], context.Toasts));
        Assert.Equal(2, await RunsAsync(database, tenant));
    }

    [Fact]
    public async Task EngineSaysThatSomethingChanged_PageReadsAgain()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CampaignPagesContext.AddStoppedAsync(database, tenant, Stopped);
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Viewer);
        var page = context.Show<CampaignPage>(tenant, id);
        page.WaitForElement(".five-numbers");

        await database.Db.WriteAsync(
            tenant.Scope,
            async (db, token) => (await db.Campaigns.SingleAsync(token)).Status = CampaignStatus.Sent,
            CancellationToken.None
        );
        context.Services.GetRequiredService<Ledgerpost.LiveUpdates.CampaignNotifier>().Publish(id);

        page.WaitForAssertion(() => Assert.Equal("The campaign is now sent.", page.Find("[aria-live]").TextContent));
        Assert.Empty(page.FindAll("#stop-title"));
    }

    [Fact]
    public async Task AnotherCampaign_InTheAddress_BeginsWithNothingOfTheOneBefore()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var first = await CampaignPagesContext.AddStoppedAsync(database, tenant, Stopped);
        var second = await database.AddCampaignAsync(tenant, CampaignStatus.Partial, Accepted, Pending);
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Viewer);
        var page = context.Show<CampaignPage>(tenant, first);
        page.WaitForAssertion(() => Assert.Equal("3", page.FindAll(".five-numbers dd")[3].TextContent));
        var seen = new List<string>();
        page.OnMarkupUpdated += (_, _) =>
        {
            // The first one may still be shown anew until the address changes.
            if (page.Instance.Id == second)
            {
                seen.AddRange(page.FindAll(".five-numbers").Select(numbers => numbers.TextContent));
            }
        };

        page.Render(parameters => parameters.Add(one => one.Id, second));

        page.WaitForAssertion(() =>
            Assert.Equal(
                ["1", "0", "0", "0", "1"],
                page.FindAll(".five-numbers dd").Select(number => number.TextContent)
            )
        );
        Assert.All(seen, numbers => Assert.DoesNotContain("Will be sent3", numbers, StringComparison.Ordinal));
        // What is read out is what happened to the campaign, and nothing happened to this one.
        Assert.Empty(page.Find("[aria-live]").TextContent);
    }

    [Fact]
    public async Task Count_ThatFails_IsSaidAndMadeAgainAtTheNextLook()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CampaignPagesContext.AddStoppedAsync(database, tenant, Stopped);
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Admin);
        using var statements = StatementLog.Of(database.ConnectionString);
        statements.Before = statement =>
        {
            // Who joined since: that is asked for the numbers of a resume alone.
            if (statement.Contains("FROM \"Contacts\"", StringComparison.Ordinal))
            {
                throw new IOException("Not just now.");
            }
        };

        var page = context.Show<CampaignPage>(tenant, id);

        page.WaitForAssertion(() =>
            Assert.Contains("could not be counted", page.Find(".stop-card").TextContent, StringComparison.Ordinal)
        );
        Assert.DoesNotContain("counting", page.Find(".five-numbers").TextContent, StringComparison.Ordinal);
        Assert.True(page.Find(".stop-card button").HasAttribute("disabled"));

        statements.Before = null;
        page.Render();

        page.WaitForAssertion(() => Assert.False(page.Find(".stop-card button").HasAttribute("disabled")));
        Assert.DoesNotContain("could not be counted", page.Find(".stop-card").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_FollowsTheAddress_AndAPanelShowsTheStory()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CampaignPagesContext.AddStoppedAsync(database, tenant, Stopped);
        await using var context = new CampaignPagesContext(database, tenant, TenantRole.Viewer);

        var page = context.Show<CampaignPage>(tenant, id, "?state=pending&recipient=4");

        page.WaitForAssertion(() => Assert.Equal(3, page.FindAll("td.recipient-address").Count));
        page.WaitForAssertion(() =>
            Assert.Contains("Waits for its turn; nothing was sent.", page.Find(".side-panel").TextContent)
        );
    }

    [Fact]
    public async Task AnotherTenantsCampaign_DoesNotExist()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var id = await database.AddCampaignAsync(north, CampaignStatus.Partial, Pending);
        await using var context = new CampaignPagesContext(database, south, TenantRole.Owner);

        var page = context.Show<CampaignPage>(south, id);

        page.WaitForAssertion(() => Assert.Equal("No such campaign", page.Find("h1").TextContent));
    }

    private static void Press<T>(IRenderedComponent<T> component, string label)
        where T : Microsoft.AspNetCore.Components.IComponent =>
        component.FindAll("button").First(button => button.TextContent.Trim() == label).Click();

    private static async Task<int> RunsAsync(TestDatabase database, TestTenant tenant)
    {
        await using var db = database.Db.Read(tenant.Scope);
        return await db.Runs.CountAsync();
    }
}
