using Ledgerpost.Data;
using Ledgerpost.Identity;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>
/// Invitations that wait. They stand among the set-up links, which no tenant filter covers: every query names the tenant.
/// </summary>
internal static class Invitations
{
    public static Task<SetUpLink?> FindAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid userId,
        CancellationToken cancellation
    ) => Waiting(db, tenantId).SingleOrDefaultAsync(link => link.UserId == userId, cancellation);

    /// <summary>Those that were not accepted, also when they are too old.</summary>
    public static IQueryable<SetUpLink> Waiting(PortalDbContext db, Guid tenantId) =>
        db.SetUpLinks.Where(link => link.TenantId == tenantId && link.UsedAt == null);
}

/// <summary>Another link for an invitation, for as long as a first one; the one before stops working.</summary>
public sealed class RenewInvitation(PortalDb portal, AccountMailer? mailer = null)
{
    /// <returns>The new link; null when there is no such invitation any more.</returns>
    /// <exception cref="AccessDeniedException">The caller is not an owner of this tenant.</exception>
    public Task<NewLink?> ExecuteAsync(Caller caller, Guid userId, CancellationToken cancellation) =>
        portal.CommandAsync<NewLink?>(
            caller,
            TenantRole.Owner,
            async (command, ct) =>
            {
                var old = await Invitations.FindAsync(command.Db, command.TenantId, userId, ct);
                if (old is not { Role: { } role })
                {
                    return null;
                }

                command.Db.SetUpLinks.Remove(old);
                await Owners.AuditAsync(
                    command,
                    "member.invitation_renewed",
                    userId,
                    new { role = role.ToString() },
                    ct
                );
                var token = SetUpLinks.Invite(command.Db, userId, command.TenantId, role, command.Now);
                var email = await command
                    .Db.Users.Where(row => row.Id == userId)
                    .Select(row => row.Email)
                    .SingleAsync(ct);
                var mailed = await InvitationMails.WriteAsync(
                    mailer,
                    command,
                    command.TenantId,
                    email!,
                    setUpToken: null,
                    token,
                    ct
                );
                return new NewLink(mailed ? "" : token, mailed);
            },
            cancellation
        );
}

/// <summary>An owner takes an invitation back before it was accepted.</summary>
public sealed class RevokeInvitation(PortalDb portal)
{
    /// <returns>False when there is no such invitation any more.</returns>
    /// <exception cref="AccessDeniedException">The caller is not an owner of this tenant.</exception>
    public Task<bool> ExecuteAsync(Caller caller, Guid userId, CancellationToken cancellation) =>
        portal.CommandAsync(
            caller,
            TenantRole.Owner,
            async (command, ct) =>
            {
                var link = await Invitations.FindAsync(command.Db, command.TenantId, userId, ct);
                if (link is null)
                {
                    return false;
                }

                command.Db.SetUpLinks.Remove(link);
                await Owners.AuditAsync(
                    command,
                    "member.invitation_withdrawn",
                    userId,
                    new { role = link.Role.ToString() },
                    ct
                );
                return true;
            },
            cancellation
        );
}
