using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Identity;

/// <summary>How an installation gets its first operator: from settings, or by a link that is printed at the start.</summary>
public sealed class FirstOperator(PortalDb portal, IIds ids)
{
    public async Task<bool> ExistsAsync(CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.None);
        return await db.Users.AnyAsync(user => user.IsOperator, cancellation);
    }

    /// <returns>False when there is one already; then nothing was changed.</returns>
    /// <exception cref="ArgumentException">The address or the password is not valid.</exception>
    public Task<bool> CreateAsync(string email, string password, string name, CancellationToken cancellation)
    {
        if (!EmailAddress.TryParse(email, out var address, out var reason))
        {
            throw new ArgumentException(reason, nameof(email));
        }

        if (PasswordRules.Problem(password) is { } weakness)
        {
            throw new ArgumentException(weakness, nameof(password));
        }

        return portal.WriteAsync(
            TenantScope.Installation,
            async (db, ct) =>
            {
                if (await db.Users.AnyAsync(user => user.IsOperator, ct))
                {
                    return false;
                }

                var now = portal.Time.GetUtcNow();
                var user = await People.FindAsync(db, address, ct) ?? People.Add(db, address, ids.New(), now);
                await TakeAsync(new AccountWork(db, now, ids), user, ct);
                user.DisplayName = name;
                People.SetPassword(user, password);
                // A link that an earlier start printed was for the first one, who is here now.
                await RemoveLinksAsync(db, ct);
                await AuditLog.AppendAsync(
                    db,
                    Guid.Empty,
                    Actor.System,
                    now,
                    "operator.created",
                    "account",
                    user.Id.ToString(),
                    user.Email!,
                    details: null,
                    ct
                );
                return true;
            },
            cancellation
        );
    }

    /// <summary>A new link with every start; the one before stops working.</summary>
    /// <returns>The token.</returns>
    public Task<string> IssueLinkAsync(CancellationToken cancellation) =>
        portal.WriteAsync(
            TenantScope.None,
            async (db, ct) =>
            {
                await RemoveLinksAsync(db, ct);
                return SetUpLinks.Issue(db, userId: null, portal.Time.GetUtcNow());
            },
            cancellation
        );

    /// <summary>
    /// The account is the first operator's. One that was there already may be in the hands of whoever made it: what has opened it,
    /// or would, opens it no more. What its person has in organisations stays.
    /// </summary>
    internal static async Task TakeAsync(AccountWork account, PortalUser user, CancellationToken cancellation)
    {
        var (db, id) = (account.Db, user.Id);
        user.IsOperator = true;
        await db.Set<IdentityUserPasskey<Guid>>().Where(row => row.UserId == id).ExecuteDeleteAsync(cancellation);
        await db.Authenticators.Where(row => row.UserId == id).ExecuteDeleteAsync(cancellation);
        await db.RecoveryCodes.Where(row => row.UserId == id).ExecuteDeleteAsync(cancellation);
        await db
            .SetUpLinks.Where(link => link.UserId == id && link.TenantId == null && link.UsedAt == null)
            .ExecuteDeleteAsync(cancellation);
        await ResetLinks.VoidAsync(account, user, cancellation);
        await Sessions.EndAsync(account, id, except: null, SessionEnd.PasswordChanged, cancellation);
    }

    private static async Task RemoveLinksAsync(PortalDbContext db, CancellationToken cancellation) =>
        db.SetUpLinks.RemoveRange(await db.SetUpLinks.Where(link => link.UserId == null).ToListAsync(cancellation));
}
