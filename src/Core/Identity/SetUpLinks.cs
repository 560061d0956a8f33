using System.Security.Cryptography;
using System.Text;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Identity;

/// <summary>Links that work once and for a day. The token is shown to one person once; only its hash is kept.</summary>
public static class SetUpLinks
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <param name="userId">Whose password it sets; null for the very first operator.</param>
    /// <returns>The token, 43 characters that a URL can carry.</returns>
    public static string Issue(PortalDbContext db, Guid? userId, DateTimeOffset now)
    {
        var token = Convert
            .ToBase64String(RandomNumberGenerator.GetBytes(32))
            .TrimEnd('=')
            .Replace('+', '-')
            .Replace('/', '_');
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

    /// <summary>The link while it can be used; null when it is unknown, used or too old, which look alike from outside.</summary>
    public static Task<SetUpLink?> FindUsableAsync(
        PortalDbContext db,
        string token,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var hash = Hash(token);
        return db.SetUpLinks.SingleOrDefaultAsync(
            link => link.TokenHash == hash && link.UsedAt == null && link.ExpiresAt > now,
            cancellation
        );
    }

    private static string Hash(string token) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
