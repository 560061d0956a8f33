using AdminPortal.Components.Shared;
using AdminPortal.Features.Settings;
using AdminPortal.Hosting;
using AdminPortal.Tenancy;
using Bunit;
using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Radzen;
using UnitTests.Deletion;
using UnitTests.Identity;
using UnitTests.Support;

namespace UnitTests.Tenancy;

/// <summary>A settings page that was opened a while ago.</summary>
public sealed class SettingsPageTests : BunitContext
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Name_SavedOnAnOldPage_LeavesTheSecondFactorAsItIsNow(bool requiredMeanwhile)
    {
        await using var rig = await AccountRig.CreateAsync();
        var session = await rig.NewlySignedInAsync();
        await rig.EnableAsync(session);
        var tenant = await rig.Database.AddTenantAsync("north");
        await rig.JoinAsync(tenant.Id, session.UserId, TenantRole.Owner);
        var caller = new Caller(tenant.Scope, AccountRig.As(session));
        var change = new ChangeTenant(rig.Database.Db);
        Task RequireAsync(bool required) =>
            change.ExecuteAsync(caller, new TenantChange(null, null, required), CancellationToken.None);
        await RequireAsync(!requiredMeanwhile);
        var page = Open(
            rig,
            new TenantSession(tenant.Id, "north", "North", "UTC", TenantRole.Owner, caller, !requiredMeanwhile)
        );
        await RequireAsync(requiredMeanwhile);

        await page.Find("#settings-name").ChangeAsync("Far north");
        await page.Find("form").SubmitAsync();

        Assert.Equal(("Far north", requiredMeanwhile), await NowAsync());
        // What is ticked there is another matter.
        await page.Find("input[type=checkbox]").ChangeAsync(requiredMeanwhile);
        await page.Find("form").SubmitAsync();
        Assert.Equal(("Far north", requiredMeanwhile), await NowAsync());

        async Task<(string, bool)> NowAsync()
        {
            await using var db = rig.Database.Db.Read(TenantScope.None);
            var row = await db.Tenants.SingleAsync();
            return (row.Name, row.RequiresSecondFactor);
        }
    }

    [Fact]
    public async Task WhatStandsUnchangedOnAnOldPage_LeavesNameAndTimeZoneAsTheyAreNow()
    {
        await using var rig = await AccountRig.CreateAsync();
        var session = await rig.NewlySignedInAsync();
        var tenant = await rig.Database.AddTenantAsync("north");
        await rig.JoinAsync(tenant.Id, session.UserId, TenantRole.Owner);
        var caller = new Caller(tenant.Scope, AccountRig.As(session));
        var page = Open(rig, new TenantSession(tenant.Id, "north", "north Ltd", "UTC", TenantRole.Owner, caller));
        await new ChangeTenant(rig.Database.Db).ExecuteAsync(
            caller,
            new TenantChange("Far north", "Europe/Oslo"),
            CancellationToken.None
        );

        await page.FindAll("input[type=checkbox]")[1].ChangeAsync(true);
        await page.Find("form").SubmitAsync();

        await using var db = rig.Database.Db.Read(TenantScope.None);
        var row = await db.Tenants.SingleAsync();
        Assert.Equal(("Far north", "Europe/Oslo", true), (row.Name, row.TimeZone, row.MailsAnchors));
    }

    [Theory]
    [InlineData(TenantRole.Admin, true)]
    [InlineData(TenantRole.Owner, false)]
    public async Task WhatIsTheOwners_IsShownToAnAdmin_WithWhy_AndIsNotTheirsToChange(TenantRole role, bool isRefused)
    {
        await using var rig = await AccountRig.CreateAsync();
        var session = await rig.NewlySignedInAsync();
        await rig.EnableAsync(session);
        var tenant = await rig.Database.AddTenantAsync("north");
        await rig.JoinAsync(tenant.Id, session.UserId, role);
        var caller = new Caller(tenant.Scope, AccountRig.As(session));
        var change = new ChangeTenant(rig.Database.Db);

        var page = Open(rig, new TenantSession(tenant.Id, "north", "North", "UTC", role, caller, false));

        Assert.All(page.FindAll("input[type=checkbox]"), box => Assert.Equal(isRefused, box.HasAttribute("disabled")));
        Assert.Equal(
            isRefused ? 2 : 0,
            page.FindAll(".lp-hint").Count(hint => hint.TextContent.Contains("Only an owner"))
        );
        foreach (var asked in new[] { new TenantChange("N", null, true), new TenantChange("N", null, null, true) })
        {
            var thrown = await Record.ExceptionAsync(() => change.ExecuteAsync(caller, asked, default));
            Assert.Equal(isRefused, thrown is AccessDeniedException);
        }

        // What is so already is no decision.
        Assert.IsType<ChangeTenantResult.Done>(
            await change.ExecuteAsync(caller, new TenantChange("Far north", null, !isRefused, !isRefused), default)
        );
        await using var db = rig.Database.Db.Read(TenantScope.None);
        var row = await db.Tenants.SingleAsync();
        Assert.Equal(("Far north", !isRefused, !isRefused), (row.Name, row.RequiresSecondFactor, row.MailsAnchors));
    }

    /// <summary>On SQLite everybody waits in one line, and nobody is told to come again.</summary>
    [PostgreSqlFact]
    public async Task Deletion_BesideALongCommandOfTheTenant_IsSaidToHaveToWait_AndDeletesNothing()
    {
        await using var rig = await AccountRig.CreateAsync();
        var session = await rig.NewlySignedInAsync();
        var tenant = await rig.Database.AddTenantAsync("north");
        await rig.JoinAsync(tenant.Id, session.UserId, TenantRole.Owner);
        var caller = new Caller(tenant.Scope, AccountRig.As(session));
        var page = Open(rig, new TenantSession(tenant.Id, "north", "north Ltd", "UTC", TenantRole.Owner, caller));
        var dialogs = Services.GetRequiredService<DialogService>();
        dialogs.OnOpen += (_, _, _, _) => dialogs.Close(true);

        await DeletionSteps.BesideALongCommandAsync(
            rig.Database,
            tenant,
            () => page.Find("[aria-labelledby='settings-delete'] button").ClickAsync()
        );

        var told = Assert.Single(Services.GetRequiredService<NotificationService>().Messages);
        Assert.Equal(
            (
                NotificationSeverity.Error,
                "Another command of this organisation is being carried out.",
                "Nothing was deleted; try again in a minute."
            ),
            (told.Severity, told.Summary, told.Detail)
        );
        await using var db = rig.Database.Db.Read(TenantScope.None);
        Assert.Null((await db.Tenants.SingleAsync()).DeletionBegunAt);
    }

    private IRenderedComponent<SettingsPage> Open(AccountRig rig, TenantSession session)
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        ComponentFactories.AddStub<PersonData>();
        Services.AddLogging();
        Services.AddSingleton<TimeProvider>(rig.Database.Time);
        Services.AddSingleton(new ChangeTenant(rig.Database.Db));
        Services.AddSingleton(
            new AccountMailer(
                new AccountMailOptions(null, (_, token) => token),
                new EphemeralDataProtectionProvider(),
                new AccountMailSignal()
            )
        );
        Services.AddSingleton(new DeleteTenant(rig.Database.Db, new DeletionSignal()));
        Services.AddSingleton(
            new PortalOptions(
                rig.Database.Folder,
                TestDatabase.Provider,
                rig.Database.ConnectionString,
                "https://portal.test",
                SeedDemo: false,
                new BootstrapOptions(null, null, null)
            )
        );
        Services.AddRadzenComponents();
        Services.AddScoped<Confirmations>();
        Services.AddScoped<Toasts>();
        RenderTree.Add<CascadingValue<TenantSession>>(cascade => cascade.Add(value => value.Value, session));
        return Render<SettingsPage>(page => page.Add(one => one.Slug, "north"));
    }
}
