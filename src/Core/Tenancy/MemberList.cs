using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>The people of a tenant, owners first.</summary>
public sealed class MemberList(PortalDb portal)
{
    public async Task<IReadOnlyList<MemberLine>> ReadAsync(TenantScope scope, CancellationToken cancellation)
    {
        await using var db = portal.Read(scope);
        var members = await db
            .Memberships.Join(
                db.Users,
                membership => membership.UserId,
                user => user.Id,
                (membership, user) =>
                    new MemberLine(
                        user.Id,
                        user.DisplayName,
                        user.Email ?? "",
                        membership.Role,
                        user.PasswordHash == null,
                        membership.CreatedAt
                    )
            )
            .ToListAsync(cancellation);
        return
        [
            .. members.OrderByDescending(member => member.Role).ThenBy(member => member.Name, StringComparer.Ordinal),
        ];
    }
}

/// <param name="Invited">Has not set a password yet.</param>
public sealed record MemberLine(
    Guid UserId,
    string Name,
    string Email,
    TenantRole Role,
    bool Invited,
    DateTimeOffset Since
);
