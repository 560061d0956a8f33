using System.Net;
using AdminPortal;
using AdminPortal.Account;
using Ledgerpost.Identity;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Support;

namespace UnitTests.Identity;

/// <summary>What becomes of pages that are open when a session ends.</summary>
public sealed class OpenPageTests
{
    [Fact]
    public async Task OpenPage_OfASessionThatWasEnded_BecomesNobodysWithinAMinute_AndKnowsWhy()
    {
        await using var rig = await AccountRig.CreateAsync();
        await rig.AddPersonAsync();
        var (here, there) = (await rig.SignInAsync(), await rig.SignInAsync(origin: AccountRig.Elsewhere));
        using var page = Open(rig, there);
        var changed = new TaskCompletionSource<AuthenticationState>();
        page.AuthenticationStateChanged += async state => changed.TrySetResult(await state);
        await page.GetAuthenticationStateAsync();

        await rig.End.ExecuteForOthersAsync(AccountRig.As(here), default);
        Assert.False(changed.Task.IsCompleted);
        rig.Database.Time.Advance(TimeSpan.FromMinutes(1));

        var nobody = (await changed.Task.WaitAsync(TimeSpan.FromSeconds(10))).User;
        Assert.False(nobody.Identity!.IsAuthenticated);
        Assert.Equal("revoked", nobody.FindFirst(RevalidatePerson.EndedClaim)?.Value);
    }

    [Fact]
    public async Task NextRequest_OfASessionThatWasEnded_LeadsToTheSignInPage_WhichSaysWhy()
    {
        await using var host = await RealHost.StartAsync();
        using var here = await host.SignedInAsync();
        using var there = await host.SignedInAsync();
        var list = host.Get<SessionList>();
        var user = await OperatorAsync(host);
        var open = await list.OpenAsync(user, default);
        Assert.Equal(2, open.Count);
        Assert.Equal(HttpStatusCode.OK, (await there.GetAsync("/you/sessions")).StatusCode);

        await host.Get<CheckSession>().ExecuteAsync(user, open[1].Id, default);
        var actor = new Ledgerpost.Tenancy.Actor(Ledgerpost.Tenancy.ActorKind.User, user, "Op", null, open[0].Id);
        await host.Get<EndSessions>().ExecuteForOthersAsync(actor, default);

        var first = await here.GetAsync("/you/sessions");
        var second = await there.GetAsync("/you/sessions");
        var (refused, browser) = first.StatusCode == HttpStatusCode.Found ? (first, here) : (second, there);
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Found], new[] { first.StatusCode, second.StatusCode }.Order());
        Assert.Contains("ended=revoked", refused.Headers.Location!.PathAndQuery, StringComparison.Ordinal);
        var signIn = await browser.GetStringAsync(refused.Headers.Location);
        Assert.Contains("was ended from another one of yours", signIn, StringComparison.Ordinal);
        Assert.Contains(
            PortalUrls.YourSessions,
            Uri.UnescapeDataString(refused.Headers.Location.PathAndQuery),
            StringComparison.Ordinal
        );
    }

    private static async Task<Guid> OperatorAsync(RealHost host)
    {
        await using var db = host.Get<Ledgerpost.Data.PortalDb>().Read(Ledgerpost.Data.TenantScope.None);
        return db.Users.Single(user => user.IsOperator).Id;
    }

    private static RevalidatePerson Open(AccountRig rig, OpenedSession session)
    {
        var page = new RevalidatePerson(rig.Check, rig.Database.Time, NullLogger<RevalidatePerson>.Instance);
        page.SetAuthenticationState(Task.FromResult(new AuthenticationState(PortalPrincipal.Of(session))));
        return page;
    }
}
