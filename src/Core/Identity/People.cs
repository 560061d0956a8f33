using System.Security.Cryptography;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Identity;

/// <summary>Makes and finds accounts inside a command's own transaction, which Identity's manager cannot do.</summary>
public static class People
{
    private static readonly PasswordHasher<PortalUser> Hasher = new();
    private static readonly UpperInvariantLookupNormalizer Normalizer = new();

    /// <summary>The name that an account is found by: an address in the form in which addresses are compared.</summary>
    public static string UserName(EmailAddress email) => email.Normalized;

    public static Task<PortalUser?> FindAsync(PortalDbContext db, EmailAddress email, CancellationToken cancellation)
    {
        var name = Normalizer.NormalizeName(UserName(email));
        return db.Users.AsTracking().SingleOrDefaultAsync(user => user.NormalizedUserName == name, cancellation);
    }

    /// <summary>An account without a password; nobody can sign in with it before a set-up link was used.</summary>
    public static PortalUser Add(PortalDbContext db, EmailAddress email, Guid id, DateTimeOffset now)
    {
        var name = UserName(email);
        var user = new PortalUser
        {
            Id = id,
            UserName = name,
            NormalizedUserName = Normalizer.NormalizeName(name),
            Email = email.Typed,
            NormalizedEmail = Normalizer.NormalizeEmail(name),
            DisplayName = email.Typed,
            SecurityStamp = NewStamp(),
            LockoutEnabled = true,
            CreatedAt = now,
        };
        db.Users.Add(user);
        return user;
    }

    /// <summary>Ends every session that was opened with the password before: none of them has the new stamp.</summary>
    public static void SetPassword(PortalUser user, string password)
    {
        user.PasswordHash = Hasher.HashPassword(user, password);
        user.SecurityStamp = NewStamp();
        user.AccessFailedCount = 0;
        user.LockoutEnd = null;
    }

    public static string Hash(string password) => Hasher.HashPassword(new PortalUser(), password);

    public static bool IsPassword(string hash, string password) =>
        Hasher.VerifyHashedPassword(new PortalUser(), hash, password) != PasswordVerificationResult.Failed;

    public static string Name(PortalUser user) =>
        user.DisplayName.Length > 0 ? user.DisplayName : user.Email ?? user.UserName ?? user.Id.ToString();

    private static string NewStamp() => Convert.ToHexString(RandomNumberGenerator.GetBytes(20));
}
