using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>
/// An owner adds a person by their address. Somebody who has an account is only invited: whoever made that account may
/// hold its password, so it becomes a member when its person uses the link that this owner hands over.
/// </summary>
/// <param name="mailer">Null where links are handed over by hand.</param>
public sealed class AddMember(PortalDb portal, AccountMailer? mailer = null)
{
    public async Task<AddMemberResult> ExecuteAsync(
        Caller caller,
        string email,
        TenantRole role,
        CancellationToken cancellation
    )
    {
        if (!EmailAddress.TryParse(email, out var address, out var reason))
        {
            return new AddMemberResult.Invalid(reason);
        }

        return await portal.WriteAsync<AddMemberResult>(
            // All tenants, because the question is whether the account is somebody's already.
            TenantScope.Installation,
            async (db, ct) =>
            {
                await Permissions.DemandAsync(db, caller, TenantRole.Owner, ct);
                var known = await People.FindAsync(db, address, ct);
                if (known is not null && await Permissions.RoleAsync(db, caller.TenantId, known.Id, ct) is { } held)
                {
                    return new AddMemberResult.Invalid(
                        $"{People.Name(known)} is a member already, as {held.ToString().ToLowerInvariant()}."
                    );
                }

                if (known is not null && await InvitedAsync(db, caller.TenantId, known.Id, ct) is { } invited)
                {
                    return new AddMemberResult.Invalid(
                        $"{known.Email} is invited already, as {invited.ToString().ToLowerInvariant()}. "
                            + "Make a new link for the invitation, or withdraw it first."
                    );
                }

                var now = portal.Time.GetUtcNow();
                var command = new CommandContext(db, caller.Actor, now, portal.Ids);
                var links = await NewMember.AddAsync(command, caller.TenantId, address, role, ct);
                await AuditLog.AppendAsync(
                    db,
                    caller.TenantId,
                    caller.Actor,
                    now,
                    links.InvitationToken is null ? "member.added" : "member.invited",
                    "member",
                    links.User.Id.ToString(),
                    links.User.Email!,
                    new { role = role.ToString() },
                    ct
                );
                var tenant = await db
                    .Tenants.Where(row => row.Id == caller.TenantId)
                    .Select(row => row.Name)
                    .SingleAsync(ct);
                var (shown, mailed) = links.HandOver(mailer, command, tenant);
                return shown.InvitationToken is { } invitation
                    ? new AddMemberResult.Invited(shown.User.Id, shown.User.Email!, invitation, mailed)
                    : new AddMemberResult.Added(shown.User.Id, shown.User.Email!, shown.SetUpToken, mailed);
            },
            cancellation
        );
    }

    private static async Task<TenantRole?> InvitedAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid userId,
        CancellationToken cancellation
    ) => (await Invitations.FindAsync(db, tenantId, userId, cancellation))?.Role;
}

public abstract record AddMemberResult
{
    /// <param name="SetUpToken">Shown once; null when the caller added their own account.</param>
    /// <param name="Mailed">It went to the person themselves, and nobody else sees it.</param>
    public sealed record Added(Guid UserId, string Email, string? SetUpToken, bool Mailed = false) : AddMemberResult;

    /// <summary>The account was there already: no member yet.</summary>
    /// <param name="InvitationToken">Shown once; only the invited account can use it.</param>
    /// <param name="Mailed">It went to the person themselves: the token is empty, and nobody else sees it.</param>
    public sealed record Invited(Guid UserId, string Email, string InvitationToken, bool Mailed = false)
        : AddMemberResult;

    /// <param name="Message">A sentence that can stand under the address.</param>
    public sealed record Invalid(string Message) : AddMemberResult;
}
