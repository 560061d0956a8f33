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

    /// <summary>
    /// People who have an account and were invited, by address. Their names are not shown before they have accepted: an
    /// address alone should not tell an owner who stands behind it.
    /// </summary>
    public async Task<IReadOnlyList<InvitationLine>> ReadInvitationsAsync(
        TenantScope scope,
        CancellationToken cancellation
    )
    {
        await using var db = portal.Read(scope);
        var now = portal.Time.GetUtcNow();
        return await Invitations
            .Waiting(db, scope.TenantId)
            .Join(db.Users, link => link.UserId, user => user.Id, (link, user) => new { link, user })
            .OrderBy(row => row.user.Email)
            .Select(row => new InvitationLine(
                row.user.Id,
                row.user.Email ?? "",
                row.link.Role!.Value,
                row.link.ExpiresAt,
                row.link.ExpiresAt <= now
            ))
            .ToListAsync(cancellation);
    }
}

/// <param name="Over">The link is too old; a new one can be made.</param>
public sealed record InvitationLine(Guid UserId, string Email, TenantRole Role, DateTimeOffset ExpiresAt, bool Over);

/// <param name="Invited">Has not set a password yet.</param>
public sealed record MemberLine(
    Guid UserId,
    string Name,
    string Email,
    TenantRole Role,
    bool Invited,
    DateTimeOffset Since
);
