using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
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
                user.IsOperator = true;
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

    private static async Task RemoveLinksAsync(PortalDbContext db, CancellationToken cancellation) =>
        db.SetUpLinks.RemoveRange(await db.SetUpLinks.Where(link => link.UserId == null).ToListAsync(cancellation));
}
