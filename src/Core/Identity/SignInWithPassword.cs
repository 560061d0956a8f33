using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Identity;

/// <summary>
/// The first step, and for an account without a second one the only one. Who guesses in parallel gains nothing: attempts
/// are judged one after the other, and once the account is closed the right password is refused like a wrong one.
/// </summary>
public sealed class SignInWithPassword(PortalDb portal)
{
    /// <summary>Longest typed name that is kept: whoever guesses may type anything.</summary>
    private const int TypedLimit = 320;

    // Checked in place of a missing account's, so that the answer takes as long.
    private static readonly string NobodysHash = People.Hash("nobody's password");

    public async Task<SignInAnswer> ExecuteAsync(
        string typed,
        string password,
        Origin origin,
        CancellationToken cancellation
    )
    {
        PortalUser? known = null;
        if (EmailAddress.TryParse(typed, out var address, out _))
        {
            await using var db = portal.Read(TenantScope.None);
            known = await People.FindAsync(db, address, cancellation);
        }

        // Outside of the transaction, which would keep everybody else waiting for as long as hashing takes.
        var right = People.IsPassword(known?.PasswordHash ?? NobodysHash, password) && known?.PasswordHash is not null;
        if (known is null)
        {
            await RefuseNobodyAsync(typed, origin, cancellation);
            return new SignInAnswer.Wrong();
        }

        return await portal.AccountAsync<SignInAnswer>(
            async (account, token) =>
            {
                var user = await account.Db.Users.SingleAsync(row => row.Id == known.Id, token);
                if (await LockOut.IsClosedAsync(account, user, SignInMethod.Password, origin, token))
                {
                    return new SignInAnswer.LockedOut();
                }

                if (!right || user.PasswordHash != known.PasswordHash)
                {
                    return await LockOut.CountAsync(account, user, SignInMethod.Password, origin, token)
                        ? new SignInAnswer.LockedOut()
                        : new SignInAnswer.Wrong();
                }

                if (await account.Db.Authenticators.AnyAsync(row => row.UserId == user.Id, token))
                {
                    return new SignInAnswer.SecondStep(user.Id, user.SecurityStamp ?? "");
                }

                return new SignInAnswer.SignedIn(
                    await Sessions.OpenAsync(account, user, SignInMethod.Password, origin, token)
                );
            },
            cancellation
        );
    }

    private async Task RefuseNobodyAsync(string typed, Origin origin, CancellationToken cancellation)
    {
        var nobody = Happening.SignInOfNobody(PlainText.Kept(typed, TypedLimit), origin.From);
        if (!await portal.Tally.NoteAsync(nobody))
        {
            // One commit, as for a person who exists. Theirs has an entry for each of their organisations too: the time
            // may tell somebody in many of them from nobody. From one address attempts are few (FailedAttempts).
            await portal.AccountAsync(
                (account, token) =>
                    account.Db.Installation.ExecuteUpdateAsync(
                        set => set.SetProperty(row => row.Epoch, row => row.Epoch),
                        token
                    ),
                cancellation
            );
        }
    }
}

/// <summary>Signs in who has shown in another way who they are: with a set-up link or a passkey.</summary>
public sealed class OpenSession(PortalDb portal)
{
    /// <returns>Locked out, or signed in.</returns>
    public Task<SignInAnswer> ExecuteAsync(
        Guid userId,
        SignInMethod method,
        Origin origin,
        CancellationToken cancellation
    ) =>
        portal.AccountAsync<SignInAnswer>(
            async (account, token) =>
            {
                var user = await account.Db.Users.SingleAsync(row => row.Id == userId, token);
                return new SignInAnswer.SignedIn(await Sessions.OpenAsync(account, user, method, origin, token));
            },
            cancellation
        );
}

public abstract record SignInAnswer
{
    public sealed record SignedIn(OpenedSession Session) : SignInAnswer;

    /// <summary>The password was right, and the account asks for a code too.</summary>
    /// <param name="Stamp">The account's security stamp: a password changed in between makes the first step void.</param>
    public sealed record SecondStep(Guid UserId, string Stamp) : SignInAnswer;

    /// <summary>Unknown person, wrong password or wrong code; nobody outside learns which.</summary>
    public sealed record Wrong : SignInAnswer;

    public sealed record LockedOut : SignInAnswer;

    /// <summary>Too many wrong attempts from this network address, at whatever account; nothing was looked at.</summary>
    public sealed record TooMany : SignInAnswer;
}

/// <summary>Five wrong passwords or codes in a row close an account for a quarter of an hour.</summary>
internal static class LockOut
{
    public const int After = 5;
    public static readonly TimeSpan For = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>Notes the attempt when it is.</summary>
    public static async Task<bool> IsClosedAsync(
        AccountWork account,
        PortalUser user,
        SignInMethod method,
        Origin origin,
        CancellationToken cancellation
    )
    {
        if (user.LockoutEnd is not { } end || end <= account.Now)
        {
            return false;
        }

        await Sessions.NoteAsync(account, user, SignInResult.WhileLocked, method, origin, cancellation);
        await AuditAsync(account, user, "account.sign_in_failed", origin, new { closed = true }, cancellation);
        return true;
    }

    /// <returns>True when this was the one that closed the account.</returns>
    public static async Task<bool> CountAsync(
        AccountWork account,
        PortalUser user,
        SignInMethod method,
        Origin origin,
        CancellationToken cancellation
    )
    {
        var closes = ++user.AccessFailedCount >= After;
        if (closes)
        {
            user.AccessFailedCount = 0;
            user.LockoutEnd = account.Now + For;
        }

        var result =
            closes ? SignInResult.LockedOut
            : method == SignInMethod.Password ? SignInResult.WrongPassword
            : SignInResult.WrongCode;
        await Sessions.NoteAsync(account, user, result, method, origin, cancellation);
        await AuditAsync(
            account,
            user,
            closes ? "account.locked_out" : "account.sign_in_failed",
            origin,
            new { method = method.ToString(), browser = origin.Browser },
            cancellation
        );
        return closes;
    }

    /// <summary>A passkey's answer that proved nothing.</summary>
    public static async Task NoteAsync(
        AccountWork account,
        PortalUser user,
        Origin origin,
        CancellationToken cancellation
    )
    {
        await Sessions.NoteAsync(account, user, SignInResult.WrongPasskey, SignInMethod.Passkey, origin, cancellation);
        await AuditAsync(
            account,
            user,
            "account.sign_in_failed",
            origin,
            new { method = nameof(SignInMethod.Passkey), browser = origin.Browser },
            cancellation
        );
    }

    /// <summary>
    /// With the first attempt of another hour, whichever way it goes: how many there were in the hour of the last failure,
    /// where the entries do not say it.
    /// </summary>
    public static async Task SumUpAsync(AccountWork account, PortalUser user, CancellationToken cancellation)
    {
        var attempts = account.Db.SignIns.Where(row => row.UserId == user.Id);
        var failures = attempts.Where(row => row.Result != SignInResult.SignedIn);
        if (
            await failures.MaxAsync(row => (DateTimeOffset?)row.At, cancellation) is not { } last
            || AuditTally.Start(last, Window) is var since && since == AuditTally.Start(account.Now, Window)
        )
        {
            return;
        }

        var end = since + Window;
        var times = await failures.CountAsync(row => row.At >= since, cancellation);
        if (!AuditTally.Stands(times, Happening.Few) && !await attempts.AnyAsync(row => row.At >= end, cancellation))
        {
            await account.AuditEverywhereAsync(
                user,
                "account.sign_in_failed",
                from: null,
                new { times, since },
                cancellation
            );
        }
    }

    /// <summary>
    /// Counted as <see cref="AuditTally"/> does, by the history: whoever guesses fills no log. The sum comes with the next
    /// attempt.
    /// </summary>
    private static async Task AuditAsync(
        AccountWork account,
        PortalUser user,
        string action,
        Origin origin,
        object details,
        CancellationToken cancellation
    )
    {
        await SumUpAsync(account, user, cancellation);
        var since = AuditTally.Start(account.Now, Window);
        var before = await account.Db.SignIns.CountAsync(
            row => row.UserId == user.Id && row.At >= since && row.Result != SignInResult.SignedIn,
            cancellation
        );
        var times = before + 1;
        if (action == "account.locked_out" || AuditTally.Stands(times, Happening.Few))
        {
            await account.AuditEverywhereAsync(
                user,
                action,
                origin.From,
                times > Happening.Few ? new { times, since } : details,
                cancellation
            );
        }
    }
}
