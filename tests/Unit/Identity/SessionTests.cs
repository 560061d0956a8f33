using System.Security.Claims;
using AdminPortal.Account;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Identity;

/// <summary>Sessions are rows: listed, ended from elsewhere, and over at once for the next command.</summary>
public sealed class SessionTests
{
    [Fact]
    public async Task SignedIn_Twice_IsListedTwice_WithBrowserAddressAndTimes()
    {
        await using var rig = await AccountRig.CreateAsync();
        var ada = await rig.AddPersonAsync();
        var home = await rig.SignInAsync();
        var begun = rig.Database.Time.GetUtcNow();
        rig.Database.Time.Advance(TimeSpan.FromMinutes(5));
        var away = await rig.SignInAsync(origin: AccountRig.Elsewhere);
        rig.Database.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Null(await rig.StateAsync(home));

        var open = await rig.List.OpenAsync(ada, default);

        Assert.Equal([home.SessionId, away.SessionId], open.Select(session => session.Id));
        Assert.Equal(
            ("Firefox on Linux", "192.0.2.7", begun, begun + TimeSpan.FromMinutes(10)),
            (open[0].Browser, open[0].From, open[0].CreatedAt, open[0].LastSeenAt)
        );
        Assert.Equal("Safari on iPhone", open[1].Browser);
    }

    [Fact]
    public async Task Revoked_FromElsewhere_IsOver_AndItsNextCommandIsRefused()
    {
        await using var rig = await AccountRig.CreateAsync();
        await rig.AddPersonAsync();
        var (home, away) = (await rig.SignInAsync(), await rig.SignInAsync(origin: AccountRig.Elsewhere));
        var tenant = await rig.Database.AddTenantAsync("north");
        await rig.JoinAsync(tenant.Id, home.UserId, TenantRole.Admin);
        var change = new ChangeTenant(rig.Database.Db);
        Task<ChangeTenantResult> ChangeAsync(OpenedSession session, string name) =>
            change.ExecuteAsync(
                new Caller(tenant.Scope, AccountRig.As(session)),
                new TenantChange(name, null),
                default
            );
        Assert.IsType<ChangeTenantResult.Done>(await ChangeAsync(away, "Before"));

        Assert.True(await rig.End.ExecuteAsync(AccountRig.As(home), away.SessionId, default));

        Assert.Equal(SessionEnd.Revoked, await rig.StateAsync(away));
        await Assert.ThrowsAsync<AccessDeniedException>(() => ChangeAsync(away, "After"));
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            rig.End.ExecuteForOthersAsync(AccountRig.As(away), default)
        );
        Assert.IsType<ChangeTenantResult.Done>(await ChangeAsync(home, "Still"));
        Assert.Equal([home.SessionId], (await rig.List.OpenAsync(home.UserId, default)).Select(row => row.Id));
        Assert.False(await rig.End.ExecuteAsync(AccountRig.As(home), away.SessionId, default));
        Assert.Contains("account.session_revoked", await rig.ActionsAsync());
    }

    [Fact]
    public async Task EverywhereElse_LeavesThisOneAlone_AndAnotherPersons()
    {
        await using var rig = await AccountRig.CreateAsync();
        await rig.AddPersonAsync();
        await rig.AddPersonAsync("bob@example.org");
        var (here, there, bob) = (
            await rig.SignInAsync(),
            await rig.SignInAsync(origin: AccountRig.Elsewhere),
            await rig.SignInAsync("bob@example.org")
        );

        Assert.False(await rig.End.ExecuteAsync(AccountRig.As(here), bob.SessionId, default));
        Assert.Equal(1, await rig.End.ExecuteForOthersAsync(AccountRig.As(here), default));

        Assert.Null(await rig.StateAsync(here));
        Assert.Equal(SessionEnd.Revoked, await rig.StateAsync(there));
        Assert.Null(await rig.StateAsync(bob));
    }

    [Fact]
    public async Task AnotherPassword_EndsEverySession()
    {
        await using var rig = await AccountRig.CreateAsync();
        var ada = await rig.AddPersonAsync();
        var session = await rig.SignInAsync();

        await rig.Database.Db.WriteAsync(
            TenantScope.None,
            async (db, ct) =>
                People.SetPassword(await db.Users.SingleAsync(row => row.Id == ada, ct), "another one of words"),
            default
        );

        Assert.Equal(SessionEnd.PasswordChanged, await rig.StateAsync(session));
        Assert.Empty(await rig.List.OpenAsync(ada, default));
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            rig.End.ExecuteForOthersAsync(AccountRig.As(session), default)
        );
    }

    [Fact]
    public async Task Session_EndsWithoutUse_AndWithAge_AndWithAnId_ThatIsNobodys()
    {
        await using var rig = await AccountRig.CreateAsync();
        await rig.AddPersonAsync();
        await rig.AddPersonAsync("bob@example.org");
        var (idle, bob) = (await rig.SignInAsync(), await rig.SignInAsync("bob@example.org"));
        Assert.Equal(SessionEnd.Unknown, await rig.Check.ExecuteAsync(idle.UserId, bob.SessionId, default));
        Assert.Equal(SessionEnd.Unknown, await rig.Check.ExecuteAsync(idle.UserId, rig.Database.Ids.New(), default));
        rig.Database.Time.Advance(UserSession.IdleLimit - TimeSpan.FromSeconds(1));
        Assert.Null(await rig.StateAsync(idle));
        rig.Database.Time.Advance(UserSession.IdleLimit);
        Assert.Equal(SessionEnd.Expired, await rig.StateAsync(idle));

        var used = await rig.SignInAsync();
        for (var hour = 0; hour < 7 * 24 - 1; hour++)
        {
            rig.Database.Time.Advance(TimeSpan.FromHours(1));
            Assert.Null(await rig.StateAsync(used));
        }

        rig.Database.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(SessionEnd.Expired, await rig.StateAsync(used));
    }

    [Fact]
    public async Task Command_InASessionThatIsTooOldOrWasNotUsed_IsRefused_AlsoWhereNoPageHasAskedYet()
    {
        await using var rig = await AccountRig.CreateAsync();
        var idle = await rig.NewlySignedInAsync();
        rig.Database.Time.Advance(UserSession.IdleLimit - TimeSpan.FromSeconds(1));
        Assert.Equal(0, await rig.End.ExecuteForOthersAsync(AccountRig.As(idle), default));
        rig.Database.Time.Advance(TimeSpan.FromSeconds(1));
        await RefusedAsync(idle);

        var used = await rig.SignInAsync();
        for (var hour = 0; hour < 7 * 24 - 1; hour++)
        {
            rig.Database.Time.Advance(TimeSpan.FromHours(1));
            Assert.Null(await rig.StateAsync(used));
        }

        // The one that was not used is still a row.
        Assert.Equal(1, await rig.End.ExecuteForOthersAsync(AccountRig.As(used), default));
        rig.Database.Time.Advance(TimeSpan.FromHours(1));
        await RefusedAsync(used);

        async Task RefusedAsync(OpenedSession session)
        {
            var denied = await Assert.ThrowsAsync<AccessDeniedException>(() =>
                rig.End.ExecuteForOthersAsync(AccountRig.As(session), default)
            );
            Assert.StartsWith("You are not signed in any more", denied.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Person_WhoseCookieNamesNoSession_ActsInOneThatIsOver()
    {
        await using var rig = await AccountRig.CreateAsync();
        var session = await rig.NewlySignedInAsync();
        var whole = PortalPrincipal.Of(session);
        var without = new ClaimsPrincipal(
            new ClaimsIdentity(whole.Claims.Where(claim => claim.Type != PortalPrincipal.SessionClaim), "cookie")
        );

        Assert.Equal(0, await rig.End.ExecuteForOthersAsync(whole.AsMember(), default));
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            rig.End.ExecuteForOthersAsync(without.AsMember(), default)
        );
    }

    [Fact]
    public async Task Invitation_AcceptedInASessionThatWasEndedMeanwhile_IsNot()
    {
        await using var rig = await AccountRig.CreateAsync();
        var session = await rig.NewlySignedInAsync();
        var tenant = await rig.Database.AddTenantAsync("north");
        var invited = Assert.IsType<AddMemberResult.Invited>(
            await new AddMember(rig.Database.Db).ExecuteAsync(
                tenant.As(TenantRole.Owner),
                "ada@example.org",
                TenantRole.Editor,
                default
            )
        );
        await rig.End.ExecuteAsync(AccountRig.As(session), session.SessionId, default);
        var join = new JoinTenant(rig.Database.Db);

        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            join.ExecuteAsync(invited.InvitationToken, AccountRig.As(session), default)
        );
        Assert.Contains("command.denied", await rig.ActionsAsync());

        var again = await rig.SignInAsync();
        Assert.IsType<JoinAnswer.Joined>(
            await join.ExecuteAsync(invited.InvitationToken, AccountRig.As(again), default)
        );
    }

    [Fact]
    public async Task History_TellsOfWrongAttempts_AndOfTheLockOut()
    {
        await using var rig = await AccountRig.CreateAsync();
        var ada = await rig.AddPersonAsync();
        for (var i = 0; i < 5; i++)
        {
            await rig.TryAsync("wrong", origin: AccountRig.Elsewhere);
            rig.Database.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.IsType<SignInAnswer.LockedOut>(await rig.TryAsync(AccountRig.Password));
        rig.Database.Time.Advance(TimeSpan.FromMinutes(15));
        await rig.SignInAsync();

        var history = await rig.List.HistoryAsync(ada, default);
        Assert.Equal(
            [
                SignInResult.SignedIn,
                SignInResult.WhileLocked,
                SignInResult.LockedOut,
                .. Enumerable.Repeat(SignInResult.WrongPassword, 4),
            ],
            history.Select(row => row.Result)
        );
        Assert.Equal(("198.51.100.9", "Safari on iPhone"), (history[2].From, history[2].Browser));
        Assert.Contains("account.locked_out", await rig.ActionsAsync());
    }

    [Fact]
    public async Task Guesses_InParallel_AreCountedOneByOne_AndTheRightOneAmongThemDoesNotHelp()
    {
        await using var rig = await AccountRig.CreateAsync();
        var ada = await rig.AddPersonAsync();

        var wrong = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => rig.TryAsync($"wrong number {i}")));
        var right = await rig.TryAsync(AccountRig.Password);

        Assert.Equal(4, wrong.Count(answer => answer is SignInAnswer.Wrong));
        Assert.Equal(8, wrong.Count(answer => answer is SignInAnswer.LockedOut));
        Assert.IsType<SignInAnswer.LockedOut>(right);
        Assert.Empty(await rig.List.OpenAsync(ada, default));
    }
}
