using AdminPortal.Account;
using AdminPortal.Components.Shared;
using AdminPortal.Features.Tenants;
using AdminPortal.Hosting;
using Bunit;
using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Radzen;
using UnitTests.Identity;
using UnitTests.Senders;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Deletion;

/// <summary>How far a deletion is, as it is kept and as the operators' page says it.</summary>
public sealed class DeletionProgressTests : BunitContext
{
    /// <summary>For what the page reads when it opens, and when it looks again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task DeletionThatStoppedHalfWay_IsShownAsFarAsItIs_AndThePageFollowsItToItsEnd()
    {
        await using var rig = await AccountRig.CreateAsync();
        var north = await rig.Database.AddTenantAsync("north");
        await rig.Database.AddContactsAsync(north, 5);
        var delete = new DeleteTenant(rig.Database.Db, new DeletionSignal());
        Assert.IsType<DeleteTenantResult.Begun>(
            await delete.ExecuteAsync(Actor.CommandLine, north.Id, "north Ltd", record: null, default)
        );
        var rows = await RowsAsync(rig, north);
        var crash = new ScriptedCrash
        {
            On = async _ =>
            {
                if ((await rig.Database.CountRowsAsync(north.Id))["Contacts"] == 2)
                {
                    throw new SimulatedCrashException();
                }
            },
        };
        var job = DeletionSteps.Job(rig.Database, crash, new ScriptedDomains(), atMost: 1);

        await Assert.ThrowsAsync<SimulatedCrashException>(() => job.RunOnceAsync(default));

        var left = await RowsAsync(rig, north);
        Assert.InRange(left, 1, rows - 1);
        await using (var db = rig.Database.Db.Read(TenantScope.Installation))
        {
            var tenant = await db.Tenants.SingleAsync();
            Assert.Equal(((long?)rows, rows - left), (tenant.DeletionRows, tenant.DeletionRemoved));
        }

        var page = Open(rig, delete, await FirstAsync(rig));
        page.WaitForAssertion(
            () =>
                Assert.Equal(
                    $"Being deleted: {rows - left} of {rows} rows are gone",
                    page.Find(".status-badge").TextContent.Trim()
                ),
            Patience
        );

        crash.On = null;
        Assert.Equal(1, await job.RunOnceAsync(default));
        rig.Database.Time.Advance(TimeSpan.FromSeconds(1));
        page.WaitForAssertion(() => Assert.Contains("No tenant yet.", page.Markup, StringComparison.Ordinal), Patience);
    }

    /// <summary>On SQLite everybody waits in one line, and nobody is told to come again.</summary>
    [PostgreSqlFact]
    public async Task Deletion_BesideALongCommandOfTheTenant_IsSaidToHaveToWait_AndDeletesNothing()
    {
        await using var rig = await AccountRig.CreateAsync();
        var north = await rig.Database.AddTenantAsync("north");
        var delete = new DeleteTenant(rig.Database.Db, new DeletionSignal());
        var page = Open(rig, delete, await FirstAsync(rig));
        var dialogs = Services.GetRequiredService<DialogService>();
        dialogs.OnOpen += (_, _, _, _) => dialogs.Close(true);
        var button = page.WaitForElement("[aria-label='Delete north Ltd']", Patience);

        await DeletionSteps.BesideALongCommandAsync(rig.Database, north, () => button.ClickAsync());

        var told = Assert.Single(Services.GetRequiredService<NotificationService>().Messages);
        Assert.Equal(
            (
                "Another command of this organisation is being carried out.",
                "Nothing was deleted; try again in a minute."
            ),
            (told.Summary, told.Detail)
        );
        await using var db = rig.Database.Db.Read(TenantScope.None);
        Assert.Null((await db.Tenants.SingleAsync()).DeletionBegunAt);
    }

    /// <summary>All but the log, which stays.</summary>
    private static async Task<long> RowsAsync(AccountRig rig, TestTenant tenant) =>
        (await rig.Database.CountRowsAsync(tenant.Id))
            .Where(table => table.Key != "AuditEntries")
            .Sum(table => table.Value);

    private static async Task<OpenedSession> FirstAsync(AccountRig rig)
    {
        await new FirstOperator(rig.Database.Db, rig.Database.Ids).CreateAsync(
            "ada@example.org",
            AccountRig.Password,
            "Ada",
            default
        );
        return await rig.SignInAsync();
    }

    private IRenderedComponent<TenantsPage> Open(AccountRig rig, DeleteTenant delete, OpenedSession session)
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        var db = rig.Database.Db;
        Services.AddLogging();
        Services.AddSingleton<TimeProvider>(rig.Database.Time);
        Services.AddSingleton(new TenantHealthList(db));
        Services.AddSingleton(new CreateTenant(db));
        Services.AddSingleton(new InviteFirstOwner(db));
        Services.AddSingleton(delete);
        Services.AddSingleton(
            new AccountMailer(
                new AccountMailOptions(null, (_, token) => token),
                AccountRig.Protection,
                new AccountMailSignal()
            )
        );
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
        var person = Task.FromResult(new AuthenticationState(PortalPrincipal.Of(session)));
        RenderTree.Add<CascadingValue<Task<AuthenticationState>>>(cascade => cascade.Add(value => value.Value, person));
        return Render<TenantsPage>();
    }
}
