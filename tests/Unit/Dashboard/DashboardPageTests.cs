using AdminPortal.Features.Dashboard;
using AdminPortal.Tenancy;
using Bunit;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Support;

namespace UnitTests.Dashboard;

public sealed class DashboardPageTests : BunitContext
{
    private const string Quiet = "Nothing is being sent, and nothing waits for you.";

    [Fact]
    public async Task Dashboard_LeftOpen_ShowsWhatStoppedSince_AndKeepsItWhenItCannotBeRead()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        Services.AddLogging();
        Services.AddSingleton<TimeProvider>(database.Time);
        Services.AddSingleton(new DashboardQuery(database.Db));
        var session = new TenantSession(
            tenant.Id,
            tenant.Slug,
            "North Ltd",
            "UTC",
            TenantRole.Viewer,
            tenant.As(TenantRole.Viewer)
        );
        RenderTree.Add<CascadingValue<TenantSession>>(cascade => cascade.Add(value => value.Value, session));
        var page = Render<DashboardPage>(parameters => parameters.Add(part => part.Slug, tenant.Slug));
        page.WaitForAssertion(() => Assert.Contains(Quiet, page.Markup, StringComparison.Ordinal));

        await database.AddCampaignAsync(tenant, CampaignStatus.Partial, RecipientState.Pending);
        // As the gate has it every half minute.
        page.Render();
        page.WaitForAssertion(() => Assert.DoesNotContain(Quiet, page.Markup, StringComparison.Ordinal));
        Assert.Contains("Spring", page.Markup, StringComparison.Ordinal);

        using var statements = StatementLog.Of(database.ConnectionString);
        var tried = 0;
        statements.Before = _ =>
        {
            Interlocked.Increment(ref tried);
            throw new IOException("Not just now.");
        };
        page.Render();
        page.WaitForAssertion(() => Assert.Equal(1, tried));
        Assert.Contains("Spring", page.Markup, StringComparison.Ordinal);
        Assert.Empty(page.FindAll("[role=alert]"));
    }
}
