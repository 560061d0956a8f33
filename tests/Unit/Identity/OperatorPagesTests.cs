using AdminPortal;
using AdminPortal.Account;
using AdminPortal.Components.Shared;
using AdminPortal.Features.Operating;
using Bunit;
using Bunit.TestDoubles;
using Ledgerpost.Identity;
using Ledgerpost.Programs;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Radzen;

namespace UnitTests.Identity;

/// <summary>The page of the people and programs who run the installation.</summary>
public sealed class OperatorPagesTests : BunitContext
{
    /// <summary>For what the page reads when it opens.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task OnesOwnRights_Taken_LeadToTheSignInPage_WhichSaysWhy()
    {
        await using var rig = await AccountRig.CreateAsync();
        var ada = await FirstAsync(rig);
        var added = Assert.IsType<OperatorOutcome.Added>(
            await new AddOperator(rig.Database.Db).ExecuteAsync(AccountRig.As(ada), "bob@example.org", default)
        );
        await new UseSetUpLink(rig.Database.Db, rig.Database.Ids).ExecuteAsync(
            added.SetUpToken,
            null,
            null,
            AccountRig.Password,
            null,
            default
        );
        var page = Open<OperatorPeople>(rig, ada);
        var dialogs = Services.GetRequiredService<DialogService>();
        dialogs.OnOpen += (_, _, _, _) => dialogs.Close(true);

        await page.WaitForElement("[aria-label='Take the rights of ada@example.org']", Patience).ClickAsync();

        Assert.Equal(SessionEnd.RightsTaken, await rig.StateAsync(ada));
        var led = Assert.Single(Services.GetRequiredService<BunitNavigationManager>().History);
        Assert.Equal((PortalUrls.SignIn + "?ended=rightstaken", true), (led.Uri, led.Options.ForceLoad));
        Assert.Empty(page.FindAll("[role=alert]"));
    }

    [Fact]
    public async Task AddressThatIsNone_IsSaidAtItsField_AsItsDescription()
    {
        await using var rig = await AccountRig.CreateAsync();
        var page = Open<OperatorPeople>(rig, await FirstAsync(rig));
        page.WaitForState(() => page.Markup.Contains("The last one stays.", StringComparison.Ordinal), Patience);

        await page.Find("#operator-email").ChangeAsync("nobody");
        await page.Find("form").SubmitAsync();

        var field = page.Find("#operator-email");
        Assert.Equal("true", field.GetAttribute("aria-invalid"));
        Assert.Contains(page.Find("[role=alert]").Id, field.GetAttribute("aria-describedby")!.Split(' '));
    }

    [Fact]
    public async Task FormForAKey_OpenedAgainAfterCancel_SaysNothingOfBefore()
    {
        await using var rig = await AccountRig.CreateAsync();
        var page = Open<OperatorKeys>(rig, await FirstAsync(rig), all => all.Add(keys => keys.Adding, true));
        page.WaitForState(
            () => page.Markup.Contains("No program has an operator's key.", StringComparison.Ordinal),
            Patience
        );
        await page.Find("#operator-key-name").InputAsync(new string('x', ApiKey.MaxNameLength + 1));
        await page.Find("form").SubmitAsync();
        Assert.NotEmpty(page.FindAll("#operator-key-error"));

        page.Render(all => all.Add(keys => keys.Adding, false));
        page.Render(all => all.Add(keys => keys.Adding, true));

        Assert.Empty(page.FindAll("#operator-key-error"));
        Assert.Empty(page.Find("#operator-key-name").GetAttribute("value") ?? "");
    }

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

    private IRenderedComponent<T> Open<T>(
        AccountRig rig,
        OpenedSession session,
        Action<ComponentParameterCollectionBuilder<T>>? with = null
    )
        where T : IComponent
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        var db = rig.Database.Db;
        Services.AddLogging();
        Services.AddSingleton<TimeProvider>(rig.Database.Time);
        Services.AddSingleton(new OperatorList(db));
        Services.AddSingleton(new AddOperator(db));
        Services.AddSingleton(new RemoveOperator(db));
        Services.AddSingleton(new OperatorKeyList(db));
        Services.AddSingleton(new MakeOperatorKey(db));
        Services.AddSingleton(new RevokeOperatorKey(db));
        Services.AddRadzenComponents();
        Services.AddScoped<Confirmations>();
        Services.AddScoped<Toasts>();
        var person = Task.FromResult(new AuthenticationState(PortalPrincipal.Of(session)));
        RenderTree.Add<CascadingValue<Task<AuthenticationState>>>(cascade => cascade.Add(value => value.Value, person));
        return Render<T>(all => with?.Invoke(all));
    }
}
