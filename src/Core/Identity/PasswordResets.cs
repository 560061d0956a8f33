using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Identity;

/// <summary>
/// Somebody asks for another password. The same is done for every address: one row. Whether there is such an account is
/// looked up later, by <see cref="AnswerResetRequests"/>, so that neither the answer nor its time tells.
/// </summary>
public sealed class AskForReset(PortalDb portal, AccountMailSignal signal)
{
    /// <summary>More than these wait only under attack; who comes then asks again later.</summary>
    private const int MostWaiting = 1000;

    private const int TypedLimit = 320;

    public async Task ExecuteAsync(string typed, Origin origin, CancellationToken cancellation)
    {
        await portal.WriteAsync(
            TenantScope.None,
            async (db, token) =>
            {
                if (await db.ResetRequests.CountAsync(token) < MostWaiting)
                {
                    db.ResetRequests.Add(
                        new ResetRequest
                        {
                            Id = portal.Ids.New(),
                            Typed = PlainText.Kept(typed, TypedLimit),
                            From = origin.From,
                            At = portal.Time.GetUtcNow(),
                        }
                    );
                }
            },
            cancellation
        );
        signal.Raise();
    }
}

/// <summary>Looks up who was meant and writes them a mail.</summary>
public sealed class AnswerResetRequests(PortalDb portal, AccountMailer mailer)
{
    /// <summary>So many mails of this kind an account gets in an hour, whoever asks for them.</summary>
    private const int MostAnHour = 3;

    /// <returns>Whether there was one.</returns>
    public Task<bool> RunOnceAsync(CancellationToken cancellation) =>
        portal.AccountAsync(
            async (account, token) =>
            {
                var asked = await account.Db.ResetRequests.OrderBy(row => row.Id).FirstOrDefaultAsync(token);
                if (asked is null)
                {
                    return false;
                }

                account.Db.ResetRequests.Remove(asked);
                if (
                    mailer.IsOn
                    && EmailAddress.TryParse(asked.Typed, out var address, out _)
                    && await People.FindAsync(account.Db, address, token) is { PasswordHash: not null } user
                )
                {
                    await AnswerAsync(account, user, asked, token);
                }

                return true;
            },
            cancellation
        );

    private async Task AnswerAsync(
        AccountWork account,
        PortalUser user,
        ResetRequest asked,
        CancellationToken cancellation
    )
    {
        var hour = account.Now - PasswordReset.Lifetime;
        await account
            .Db.PasswordResets.Where(row => row.UserId == user.Id && row.CreatedAt <= hour)
            .ExecuteDeleteAsync(cancellation);
        if (await account.Db.PasswordResets.CountAsync(row => row.UserId == user.Id, cancellation) >= MostAnHour)
        {
            return;
        }

        var token = SetUpLinks.NewToken();
        account.Db.PasswordResets.Add(
            new PasswordReset
            {
                TokenHash = SetUpLinks.Hash(token),
                UserId = user.Id,
                CreatedAt = account.Now,
                ExpiresAt = account.Now + PasswordReset.Lifetime,
            }
        );
        mailer.Write(
            account.Db,
            account.Ids,
            account.Now,
            AccountMailKind.PasswordReset,
            user.Email!,
            token,
            PasswordReset.Lifetime
        );
        await account.AuditAsync(
            new Actor(ActorKind.User, null, "Somebody", asked.From),
            "account.reset_mailed",
            user.Id.ToString(),
            user.Email!,
            details: null,
            cancellation
        );
    }
}

/// <summary>Chooses another password with the link of a mail. Every session ends; a second factor is asked for as before.</summary>
public sealed class ResetPassword(PortalDb portal)
{
    /// <summary>Whether the link can be used, without using it up.</summary>
    public async Task<bool> LookAsync(string token, CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.None);
        return await FindAsync(db, token, cancellation) is not null;
    }

    public Task<PasswordOutcome> ExecuteAsync(
        string token,
        string password,
        Origin origin,
        CancellationToken cancellation
    ) =>
        portal.AccountAsync<PasswordOutcome>(
            async (account, ct) =>
            {
                if (await FindAsync(account.Db, token, ct) is not { } link)
                {
                    return new PasswordOutcome.LinkOver();
                }

                var user = await account.Db.Users.SingleAsync(row => row.Id == link.UserId, ct);
                if (PasswordRules.Problem(password, user.Email) is { } weakness)
                {
                    return new PasswordOutcome.Invalid($"The password {weakness}");
                }

                People.SetPassword(user, password);
                await ResetLinks.VoidAsync(account, user, ct);
                await Sessions.EndAsync(account, user.Id, except: null, SessionEnd.PasswordChanged, ct);
                await account.AuditAsync(user, "account.password_reset", origin.From, details: null, ct);
                return new PasswordOutcome.Done();
            },
            cancellation
        );

    private Task<PasswordReset?> FindAsync(PortalDbContext db, string token, CancellationToken cancellation)
    {
        var hash = SetUpLinks.Hash(token);
        var now = portal.Time.GetUtcNow();
        return db
            .PasswordResets.AsNoTracking()
            .SingleOrDefaultAsync(
                row => row.TokenHash == hash && row.UsedAt == null && row.ExpiresAt > now,
                cancellation
            );
    }
}

internal static class ResetLinks
{
    /// <summary>Links that were asked for stand for the password before: with another one, none of them works.</summary>
    public static Task<int> VoidAsync(AccountWork account, PortalUser user, CancellationToken cancellation) =>
        account
            .Db.PasswordResets.Where(row => row.UserId == user.Id && row.UsedAt == null)
            .ExecuteUpdateAsync(row => row.SetProperty(one => one.UsedAt, account.Now), cancellation);
}

/// <summary>A person chooses another password, knowing the one before. Their other sessions end.</summary>
public sealed class ChangePassword(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The session is over.</exception>
    public async Task<PasswordOutcome> ExecuteAsync(
        Actor actor,
        string current,
        string password,
        CancellationToken cancellation
    )
    {
        await using var db = portal.Read(TenantScope.None);
        var hash = await db
            .Users.Where(row => row.Id == actor.UserId)
            .Select(row => row.PasswordHash)
            .SingleOrDefaultAsync(cancellation);
        var right = hash is not null && People.IsPassword(hash, current);
        return await portal.AccountAsync<PasswordOutcome>(
            async (account, token) =>
            {
                var user = await account.DemandAsync(actor, token);
                var origin = new Origin(actor.From, "An open page");
                if (await LockOut.IsClosedAsync(account, user, SignInMethod.Password, origin, token))
                {
                    return new PasswordOutcome.Invalid("The account is closed for a while. Try again later.");
                }

                if (!right || user.PasswordHash != hash)
                {
                    await LockOut.CountAsync(account, user, SignInMethod.Password, origin, token);
                    return new PasswordOutcome.Wrong();
                }

                if (PasswordRules.Problem(password, user.Email) is { } weakness)
                {
                    return new PasswordOutcome.Invalid($"The password {weakness}");
                }

                People.SetPassword(user, password);
                await ResetLinks.VoidAsync(account, user, token);
                await Sessions.EndAsync(account, user.Id, actor.SessionId, SessionEnd.PasswordChanged, token);
                await account
                    .Db.Sessions.Where(row => row.Id == actor.SessionId && row.UserId == user.Id)
                    .ExecuteUpdateAsync(row => row.SetProperty(one => one.Stamp, user.SecurityStamp!), token);
                await account.AuditAsync(user, "account.password_changed", actor.From, details: null, token);
                return new PasswordOutcome.Done();
            },
            cancellation
        );
    }
}

public abstract record PasswordOutcome
{
    public sealed record Done : PasswordOutcome;

    /// <summary>Unknown, used or too old.</summary>
    public sealed record LinkOver : PasswordOutcome;

    /// <summary>The password before was not right.</summary>
    public sealed record Wrong : PasswordOutcome;

    /// <param name="Message">A sentence that can stand under the new password.</param>
    public sealed record Invalid(string Message) : PasswordOutcome;
}
