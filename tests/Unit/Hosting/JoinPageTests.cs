using System.Net;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Hosting;

/// <summary>The page of an invitation over HTTP; the portal's people are those of the wall's tests.</summary>
public sealed class JoinPageTests(WallTests.Portal portal) : IClassFixture<WallTests.Portal>
{
    [Fact]
    public async Task InvitedPerson_SignsIn_SeesWhoInvites_AndJoinsWithTheFormOnly()
    {
        var path = await InviteAsync();
        using var stranger = portal.Host.Browser();
        using var other = await portal.Host.SignedInAsync();
        using var browser = await portal.Host.SignedInAsync(portal.NorthOwner);

        var unknown = await stranger.GetAsync(path);
        var refused = await other.GetStringAsync(path);
        var page = await browser.GetStringAsync(path);
        var before = (await browser.GetAsync("/t/south")).StatusCode;
        using var bare = new FormUrlEncodedContent(new Dictionary<string, string> { ["_handler"] = "join" });
        var forged = await browser.PostAsync(path, bare);
        var joined = await RealHost.PostFormAsync(browser, path, []);
        var again = await browser.GetStringAsync(path);

        Assert.Equal(HttpStatusCode.Found, unknown.StatusCode);
        Assert.Equal(
            "/account/sign-in?returnUrl=" + Uri.EscapeDataString(path),
            new Uri(new Uri(portal.Host.Address), unknown.Headers.Location!).PathAndQuery
        );
        Assert.Contains("This invitation is for another account", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("south", refused, StringComparison.Ordinal);
        Assert.DoesNotContain(portal.NorthOwner, refused, StringComparison.Ordinal);
        Assert.Contains("south invites you as editor.", page, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, before);
        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        Assert.Equal(HttpStatusCode.Found, joined.StatusCode);
        Assert.Equal("/t/south", new Uri(new Uri(portal.Host.Address), joined.Headers.Location!).PathAndQuery);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/t/south")).StatusCode);
        Assert.Contains("You have accepted this invitation already", again, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownLink_SaysThatItIsOver()
    {
        using var browser = await portal.Host.SignedInAsync(portal.NorthOwner);

        var page = await browser.GetStringAsync("/account/join/nothing-like-this");

        Assert.Contains("This invitation is over", page, StringComparison.Ordinal);
    }

    private async Task<string> InviteAsync()
    {
        await using var db = portal.Host.Get<PortalDb>().Read(TenantScope.Installation);
        var south = await db.Tenants.SingleAsync(tenant => tenant.Slug == "south");
        var owner = await db.Memberships.SingleAsync(row => row.TenantId == south.Id && row.Role == TenantRole.Owner);
        var caller = new Caller(
            TenantScope.For(south.Id),
            new Actor(ActorKind.User, owner.UserId, "Owner of south", null)
        );
        var invited = Assert.IsType<AddMemberResult.Invited>(
            await portal.Host.Get<AddMember>().ExecuteAsync(caller, portal.NorthOwner, TenantRole.Editor, default)
        );
        return "/account/join/" + invited.InvitationToken;
    }
}
