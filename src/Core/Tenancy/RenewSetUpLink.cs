using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>
/// Another set-up link for a member who never used theirs. Only while the person belongs to this tenant alone and has no
/// password: otherwise an owner could take over an account that reaches into other tenants.
/// </summary>
public sealed class RenewSetUpLink(PortalDb portal, AccountMailer? mailer = null)
{
    /// <returns>The new link; null when this member needs none, or may not get one from here.</returns>
    /// <exception cref="AccessDeniedException">The caller is not an owner of this tenant.</exception>
    public Task<NewLink?> ExecuteAsync(Caller caller, Guid userId, CancellationToken cancellation) =>
        portal.WriteAsync<NewLink?>(
            // All tenants, because the question is whether the person is a member elsewhere too.
            TenantScope.Installation,
            async (db, ct) =>
            {
                await Permissions.DemandAsync(db, caller, TenantRole.Owner, ct);
                var user = await db.Users.SingleOrDefaultAsync(candidate => candidate.Id == userId, ct);
                var tenants = await db
                    .Memberships.Where(membership => membership.UserId == userId)
                    .Select(membership => membership.TenantId)
                    .ToListAsync(ct);
                if (
                    user is not { PasswordHash: null, IsOperator: false }
                    || tenants is not [var only]
                    || only != caller.TenantId
                )
                {
                    return null;
                }

                db.SetUpLinks.RemoveRange(
                    await db
                        .SetUpLinks.Where(link => link.UserId == userId && link.TenantId == null && link.UsedAt == null)
                        .ToListAsync(ct)
                );
                var now = portal.Time.GetUtcNow();
                await AuditLog.AppendAsync(
                    db,
                    caller.TenantId,
                    caller.Actor,
                    now,
                    "member.link_renewed",
                    "member",
                    user.Id.ToString(),
                    user.Email!,
                    details: null,
                    ct
                );
                var token = SetUpLinks.Issue(db, userId, now);
                var command = new CommandContext(db, caller.Actor, now, portal.Ids);
                var mailed = await InvitationMails.WriteAsync(
                    mailer,
                    command,
                    caller.TenantId,
                    user.Email!,
                    token,
                    invitationToken: null,
                    ct
                );
                return new NewLink(mailed ? "" : token, mailed);
            },
            cancellation
        );
}
