using System.Security.Cryptography;
using System.Text;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Identity;

/// <summary>Links that work once, for a while. The token is shown to one person once; only its hash is kept.</summary>
public static class SetUpLinks
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);
    public static readonly TimeSpan InvitationLifetime = TimeSpan.FromDays(7);

    /// <param name="userId">Whose password it sets; null for the very first operator.</param>
    /// <returns>The token, 43 characters that a URL can carry.</returns>
    public static string Issue(PortalDbContext db, Guid? userId, DateTimeOffset now)
    {
        var token = NewToken();
        db.SetUpLinks.Add(
            new SetUpLink
            {
                TokenHash = Hash(token),
                UserId = userId,
                ExpiresAt = now + Lifetime,
            }
        );
        return token;
    }

    /// <summary>An invitation: it opens one tenant to one account, and sets no password.</summary>
    /// <returns>The token, 43 characters that a URL can carry.</returns>
    public static string Invite(PortalDbContext db, Guid userId, Guid tenantId, TenantRole role, DateTimeOffset now)
    {
        var token = NewToken();
        db.SetUpLinks.Add(
            new SetUpLink
            {
                TokenHash = Hash(token),
                UserId = userId,
                TenantId = tenantId,
                Role = role,
                ExpiresAt = now + InvitationLifetime,
            }
        );
        return token;
    }

    /// <summary>The link that sets a password, while it can be used; null when it is unknown, used or too old, which look alike from outside.</summary>
    public static Task<SetUpLink?> FindUsableAsync(
        PortalDbContext db,
        string token,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var hash = Hash(token);
        return db.SetUpLinks.SingleOrDefaultAsync(
            // An invitation is handed over by owners of any tenant: it must never set a password.
            link => link.TokenHash == hash && link.TenantId == null && link.UsedAt == null && link.ExpiresAt > now,
            cancellation
        );
    }

    /// <summary>The invitation, used or too old as it may be; null when it is unknown or was withdrawn.</summary>
    public static Task<SetUpLink?> FindInvitationAsync(PortalDbContext db, string token, CancellationToken cancellation)
    {
        var hash = Hash(token);
        return db.SetUpLinks.SingleOrDefaultAsync(
            link => link.TokenHash == hash && link.TenantId != null,
            cancellation
        );
    }

    internal static string NewToken() =>
        Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    internal static string Hash(string token) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
