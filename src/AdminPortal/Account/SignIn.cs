using AdminPortal.Hosting;
using Ledgerpost.Contacts;
using Ledgerpost.Identity;
using Microsoft.AspNetCore.Identity;

namespace AdminPortal.Account;

/// <summary>Signs a person in and out, and writes down that it happened.</summary>
public sealed class SignIn(
    SignInManager<PortalUser> manager,
    UserManager<PortalUser> users,
    RecordSignIn record,
    FailedAttempts attempts,
    IHttpContextAccessor http
)
{
    // Checked in place of a missing account's, so that the answer takes as long.
    private static readonly string NobodysHash = new PasswordHasher<PortalUser>().HashPassword(
        new PortalUser(),
        "nobody's password"
    );

    private string? From => http.HttpContext?.User.From() ?? http.HttpContext?.Connection.RemoteIpAddress?.ToString();

    public async Task<SignInOutcome> ExecuteAsync(string email, string password, CancellationToken cancellation)
    {
        if (http.HttpContext is { } asking && attempts.ShutFor(Door.SignIn, asking) is { } shutFor)
        {
            FailedAttempts.Say(asking, shutFor);
            return SignInOutcome.TooMany;
        }

        var outcome = await TryAsync(email, password, cancellation);
        if (outcome != SignInOutcome.SignedIn && http.HttpContext is { } wrong)
        {
            attempts.Failed(Door.SignIn, wrong);
        }

        return outcome;
    }

    /// <summary>After a set-up link, whose token was as good as a password.</summary>
    public async Task ByLinkAsync(Guid userId, CancellationToken cancellation)
    {
        var user = await users.FindByIdAsync(userId.ToString());
        if (user is not null)
        {
            await manager.SignInAsync(user, isPersistent: false);
            await record.ExecuteAsync(SignInEvent.SignedIn, user.Email ?? "", user, From, cancellation);
        }
    }

    public async Task OutAsync(CancellationToken cancellation)
    {
        var user = http.HttpContext is { } context ? await users.GetUserAsync(context.User) : null;
        await manager.SignOutAsync();
        if (user is not null)
        {
            await record.ExecuteAsync(SignInEvent.SignedOut, user.Email ?? "", user, From, cancellation);
        }
    }

    private async Task<SignInOutcome> TryAsync(string email, string password, CancellationToken cancellation)
    {
        var user = EmailAddress.TryParse(email, out var address, out _)
            ? await users.FindByNameAsync(People.UserName(address))
            : null;
        if (user is null)
        {
            users.PasswordHasher.VerifyHashedPassword(new PortalUser(), NobodysHash, password);
            await record.ExecuteAsync(SignInEvent.Failed, email, null, From, cancellation);
            return SignInOutcome.Wrong;
        }

        var wasLocked = await users.IsLockedOutAsync(user);
        var result = await manager.PasswordSignInAsync(user, password, isPersistent: false, lockoutOnFailure: true);
        var outcome =
            result.Succeeded ? SignInOutcome.SignedIn
            : result.IsLockedOut ? SignInOutcome.LockedOut
            : SignInOutcome.Wrong;
        var what = outcome switch
        {
            SignInOutcome.SignedIn => SignInEvent.SignedIn,
            SignInOutcome.LockedOut when !wasLocked => SignInEvent.LockedOut,
            _ => SignInEvent.Failed,
        };
        await record.ExecuteAsync(what, email, user, From, cancellation);
        return outcome;
    }
}

public enum SignInOutcome
{
    SignedIn,

    /// <summary>Unknown person or wrong password; nobody outside learns which.</summary>
    Wrong,
    LockedOut,

    /// <summary>Too many wrong attempts from this address within a minute, at whatever account. The password was not looked at.</summary>
    TooMany,
}
