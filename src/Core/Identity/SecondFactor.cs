using System.Security.Cryptography;
using System.Text;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Identity;

/// <summary>Ten codes for the day on which the phone is lost; each works once.</summary>
internal static class RecoveryCodes
{
    public const int Count = 10;

    // Without letters and digits that are taken for one another: 10 of 31, 49 bits.
    private const string Letters = "abcdefghjkmnpqrstuvwxyz23456789";

    /// <summary>The old ones stop working.</summary>
    public static async Task<IReadOnlyList<string>> RenewAsync(
        PortalDbContext db,
        Guid userId,
        CancellationToken cancellation
    )
    {
        await db.RecoveryCodes.Where(row => row.UserId == userId).ExecuteDeleteAsync(cancellation);
        var codes = Enumerable
            .Range(0, Count)
            .Select(_ => $"{RandomNumberGenerator.GetString(Letters, 5)}-{RandomNumberGenerator.GetString(Letters, 5)}")
            .ToList();
        db.RecoveryCodes.AddRange(
            codes.Select(code => new RecoveryCode { UserId = userId, CodeHash = Hash(userId, code) })
        );
        return codes;
    }

    public static string Hash(Guid userId, string typed)
    {
        var plain = new string([.. typed.Where(char.IsLetterOrDigit)]).ToLowerInvariant();
        return Convert.ToHexStringLower(HMACSHA256.HashData(userId.ToByteArray(), Encoding.UTF8.GetBytes(plain)));
    }
}

/// <summary>The second step of a sign-in, after the right password: the app's code, or a recovery code.</summary>
public sealed class SignInWithCode(PortalDb portal, AuthenticatorSecrets secrets)
{
    /// <param name="stamp">What the first step answered; a password changed since voids it.</param>
    public Task<SignInAnswer> ExecuteAsync(
        Guid userId,
        string stamp,
        string code,
        Origin origin,
        CancellationToken cancellation
    ) =>
        portal.AccountAsync<SignInAnswer>(
            async (account, token) =>
            {
                var user = await account.Db.Users.SingleOrDefaultAsync(row => row.Id == userId, token);
                if (user is null || user.SecurityStamp != stamp)
                {
                    return new SignInAnswer.Wrong();
                }

                if (await LockOut.IsClosedAsync(account, user, SignInMethod.Authenticator, origin, token))
                {
                    return new SignInAnswer.LockedOut();
                }

                if (await CodeProof.TakeAsync(account, secrets, user, code, origin, token) is { } method)
                {
                    return new SignInAnswer.SignedIn(await Sessions.OpenAsync(account, user, method, origin, token));
                }

                return await LockOut.CountAsync(account, user, SignInMethod.Authenticator, origin, token)
                    ? new SignInAnswer.LockedOut()
                    : new SignInAnswer.Wrong();
            },
            cancellation
        );
}

/// <summary>Looks a code up and uses it up.</summary>
internal static class CodeProof
{
    /// <returns>By what it was proven; null when it is no code, or one that was used.</returns>
    public static async Task<SignInMethod?> TakeAsync(
        AccountWork account,
        AuthenticatorSecrets secrets,
        PortalUser user,
        string code,
        Origin origin,
        CancellationToken cancellation
    )
    {
        var app = await account.Db.Authenticators.SingleOrDefaultAsync(row => row.UserId == user.Id, cancellation);
        if (app is null)
        {
            return null;
        }

        if (
            secrets.TryUnprotect(app.Secret) is { } secret
            && Totp.Find(secret, code, account.Now, app.LastStep) is { } step
        )
        {
            app.LastStep = step;
            return SignInMethod.Authenticator;
        }

        var hash = RecoveryCodes.Hash(user.Id, code);
        var recovery = await account.Db.RecoveryCodes.SingleOrDefaultAsync(
            row => row.UserId == user.Id && row.CodeHash == hash && row.UsedAt == null,
            cancellation
        );
        if (recovery is null)
        {
            return null;
        }

        recovery.UsedAt = account.Now;
        await account.AuditAsync(user, "account.recovery_code_used", origin.From, details: null, cancellation);
        return SignInMethod.RecoveryCode;
    }
}

/// <summary>What an account has beside its password.</summary>
public sealed class SecondFactorState(PortalDb portal)
{
    public async Task<SecondFactorView> ReadAsync(Guid userId, Guid? sessionId, CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.None);
        return new SecondFactorView(
            await db
                .Authenticators.Where(row => row.UserId == userId)
                .Select(row => (DateTimeOffset?)row.EnabledAt)
                .SingleOrDefaultAsync(cancellation),
            await db.RecoveryCodes.CountAsync(row => row.UserId == userId && row.UsedAt == null, cancellation),
            await db.Sessions.AnyAsync(row => row.Id == sessionId && row.SecondFactor, cancellation)
        );
    }
}

/// <param name="EnabledAt">Since when there is an authenticator; null when there is none.</param>
/// <param name="CodesLeft">Recovery codes that were not used.</param>
/// <param name="ShownHere">This session was opened with more than a password.</param>
public sealed record SecondFactorView(DateTimeOffset? EnabledAt, int CodesLeft, bool ShownHere);

/// <summary>Whoever knows only the password of an account that has more adds nothing to it and takes nothing away.</summary>
internal static class SecondFactors
{
    /// <exception cref="AccessDeniedException">The account has an authenticator or a passkey, and this session was opened without.</exception>
    public static async Task DemandShownAsync(PortalDbContext db, Actor actor, CancellationToken cancellation)
    {
        if (
            await HasOneAsync(db, actor.UserId, cancellation)
            && !await db.Sessions.AnyAsync(row => row.Id == actor.SessionId && row.SecondFactor, cancellation)
        )
        {
            throw AccessDeniedException.SecondFactorFirst(actor);
        }
    }

    public static async Task<bool> HasOneAsync(PortalDbContext db, Guid? userId, CancellationToken cancellation) =>
        await db.Authenticators.AnyAsync(row => row.UserId == userId, cancellation)
        || await db.Set<IdentityUserPasskey<Guid>>().AnyAsync(row => row.UserId == userId, cancellation);

    /// <summary>The session that the person acts in counts from now on as one that was opened with it.</summary>
    public static Task<int> ShownAsync(PortalDbContext db, Actor actor, CancellationToken cancellation) =>
        db
            .Sessions.Where(row => row.Id == actor.SessionId && row.UserId == actor.UserId)
            .ExecuteUpdateAsync(row => row.SetProperty(one => one.SecondFactor, true), cancellation);
}

/// <summary>Sets an authenticator up, once its first code shows that the app has the secret.</summary>
public sealed class EnableAuthenticator(PortalDb portal, AuthenticatorSecrets secrets)
{
    /// <param name="secret">From <see cref="Totp.NewSecret"/>; kept by the server in between, never by the browser alone.</param>
    /// <returns>The recovery codes, to be shown once; null when the code is wrong or there is an authenticator already.</returns>
    /// <exception cref="AccessDeniedException">The session is over.</exception>
    public Task<IReadOnlyList<string>?> ExecuteAsync(
        Actor actor,
        string secret,
        string code,
        CancellationToken cancellation
    ) =>
        portal.AccountAsync<IReadOnlyList<string>?>(
            async (account, token) =>
            {
                var user = await account.DemandAsync(actor, token);
                await SecondFactors.DemandShownAsync(account.Db, actor, token);
                if (
                    await account.Db.Authenticators.AnyAsync(row => row.UserId == user.Id, token)
                    || Totp.Find(secret, code, account.Now, after: 0) is not { } step
                )
                {
                    return null;
                }

                account.Db.Authenticators.Add(
                    new Authenticator
                    {
                        UserId = user.Id,
                        Secret = secrets.Protect(secret),
                        LastStep = step,
                        EnabledAt = account.Now,
                    }
                );
                var codes = await RecoveryCodes.RenewAsync(account.Db, user.Id, token);
                // Whoever just typed its code has shown it; other sessions have not, and ask for it where it is needed.
                await SecondFactors.ShownAsync(account.Db, actor, token);
                await account.AuditAsync(user, "account.authenticator_enabled", actor.From, details: null, token);
                return codes;
            },
            cancellation
        );
}

/// <summary>Takes the authenticator away, or makes new recovery codes; either needs a code, or a thief of a session could.</summary>
public sealed class ChangeSecondFactor(PortalDb portal, AuthenticatorSecrets secrets)
{
    /// <returns>False when the code is not right.</returns>
    /// <exception cref="AccessDeniedException">The session is over.</exception>
    public async Task<bool> DisableAsync(Actor actor, string code, CancellationToken cancellation) =>
        await ProvenAsync(
            actor,
            code,
            async (account, user, token) =>
            {
                await account.Db.Authenticators.Where(row => row.UserId == user.Id).ExecuteDeleteAsync(token);
                await account.Db.RecoveryCodes.Where(row => row.UserId == user.Id).ExecuteDeleteAsync(token);
                await account
                    .Db.Sessions.Where(row => row.UserId == user.Id && row.Method != SignInMethod.Passkey)
                    .ExecuteUpdateAsync(row => row.SetProperty(one => one.SecondFactor, false), token);
                await account.AuditAsync(user, "account.authenticator_disabled", actor.From, details: null, token);
                return (object)true;
            },
            cancellation
        )
            is not null;

    /// <returns>Ten new ones, to be shown once; null when the code is not right.</returns>
    /// <exception cref="AccessDeniedException">The session is over.</exception>
    public async Task<IReadOnlyList<string>?> RenewCodesAsync(
        Actor actor,
        string code,
        CancellationToken cancellation
    ) =>
        (IReadOnlyList<string>?)
            await ProvenAsync(
                actor,
                code,
                async (account, user, token) =>
                {
                    var codes = await RecoveryCodes.RenewAsync(account.Db, user.Id, token);
                    await account.AuditAsync(user, "account.recovery_codes_renewed", actor.From, details: null, token);
                    return codes;
                },
                cancellation
            );

    private Task<object?> ProvenAsync(
        Actor actor,
        string code,
        Func<AccountWork, PortalUser, CancellationToken, Task<object>> work,
        CancellationToken cancellation
    ) =>
        portal.AccountAsync(
            async (account, token) =>
            {
                var user = await account.DemandAsync(actor, token);
                var origin = new Origin(actor.From, "An open page");
                if (await LockOut.IsClosedAsync(account, user, SignInMethod.Authenticator, origin, token))
                {
                    return null;
                }

                if (await CodeProof.TakeAsync(account, secrets, user, code, origin, token) is null)
                {
                    await LockOut.CountAsync(account, user, SignInMethod.Authenticator, origin, token);
                    return null;
                }

                // Saved first: what follows deletes rows that this has changed.
                await account.Db.SaveChangesAsync(token);
                return (object?)await work(account, user, token);
            },
            cancellation
        );
}
