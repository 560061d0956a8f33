using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Identity;

/// <summary>Chooses the first password with a link that works once; the first operator names themselves with it.</summary>
public sealed class UseSetUpLink(PortalDb portal, IIds ids)
{
    /// <summary>For whom the link is, without using it up; null when it cannot be used.</summary>
    public async Task<SetUpInvitation?> LookAsync(string token, CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.None);
        var link = await SetUpLinks.FindUsableAsync(db, token, portal.Time.GetUtcNow(), cancellation);
        if (link is null)
        {
            return null;
        }

        var email = await db
            .Users.Where(user => user.Id == link.UserId)
            .Select(user => user.Email)
            .SingleOrDefaultAsync(cancellation);
        return new SetUpInvitation(email);
    }

    /// <param name="email">Only for the first operator; otherwise the link knows whose it is.</param>
    /// <param name="from">The address that the request came from, for the audit log.</param>
    public Task<SetUpResult> ExecuteAsync(
        string token,
        string? email,
        string? name,
        string password,
        string? from,
        CancellationToken cancellation
    ) =>
        portal.WriteAsync<SetUpResult>(
            TenantScope.Installation,
            async (db, ct) =>
            {
                var now = portal.Time.GetUtcNow();
                var link = await SetUpLinks.FindUsableAsync(db, token, now, ct);
                if (link is null)
                {
                    return new SetUpResult.LinkOver();
                }

                PortalUser user;
                if (link.UserId is { } userId)
                {
                    user = await db.Users.SingleAsync(candidate => candidate.Id == userId, ct);
                }
                else if (await db.Users.AnyAsync(candidate => candidate.IsOperator, ct))
                {
                    // It was for the first one, who has come another way.
                    return new SetUpResult.LinkOver();
                }
                else if (!EmailAddress.TryParse(email, out var address, out var reason))
                {
                    return new SetUpResult.Invalid("email", reason);
                }
                else
                {
                    user = await People.FindAsync(db, address, ct) ?? People.Add(db, address, ids.New(), now);
                }

                if (PasswordRules.Problem(password, user.Email) is { } weakness)
                {
                    // Of an account that was added a moment ago nothing may stay.
                    db.ChangeTracker.Clear();
                    return new SetUpResult.Invalid("password", $"The password {weakness}");
                }

                if (link.UserId is null)
                {
                    await FirstOperator.TakeAsync(new AccountWork(db, now, ids), user, ct);
                }

                People.SetPassword(user, password);
                // Called by an address that is not theirs, they would pass for somebody else in the log.
                if (!string.IsNullOrWhiteSpace(name) && !name.Contains('@', StringComparison.Ordinal))
                {
                    user.DisplayName = PlainText.Kept(name.Trim(), 100);
                }

                link.UsedAt = now;
                await AuditLog.AppendAsync(
                    db,
                    Guid.Empty,
                    new Actor(user.IsOperator ? ActorKind.Operator : ActorKind.User, user.Id, People.Name(user), from),
                    now,
                    "account.set_up",
                    "account",
                    user.Id.ToString(),
                    user.Email!,
                    details: null,
                    ct
                );
                return new SetUpResult.Done(user.Id);
            },
            cancellation
        );
}

/// <param name="Email">Null for the first operator, who names themselves.</param>
public sealed record SetUpInvitation(string? Email);

public abstract record SetUpResult
{
    public sealed record Done(Guid UserId) : SetUpResult;

    /// <summary>Unknown, used or too old.</summary>
    public sealed record LinkOver : SetUpResult;

    /// <param name="Field"><c>email</c> or <c>password</c>.</param>
    public sealed record Invalid(string Field, string Message) : SetUpResult;
}
