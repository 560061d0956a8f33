using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Identity;

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
                var (user, setUpToken, invitationToken) = await NewMember.AddAsync(
                    new CommandContext(db, caller.Actor, now, portal.Ids),
                    caller.TenantId,
                    address,
                    role,
                    ct
                );
                await AuditLog.AppendAsync(
                    db,
                    caller.TenantId,
                    caller.Actor,
                    now,
                    invitationToken is null ? "member.added" : "member.invited",
                    "member",
                    user.Id.ToString(),
                    user.Email!,
                    new { role = role.ToString() },
                    ct
                );
                var mailed = await InvitationMails.WriteAsync(
                    mailer,
                    new CommandContext(db, caller.Actor, now, portal.Ids),
                    caller.TenantId,
                    user.Email!,
                    setUpToken,
                    invitationToken,
                    ct
                );
                return invitationToken is null
                    ? new AddMemberResult.Added(user.Id, user.Email!, mailed ? null : setUpToken, mailed)
                    : new AddMemberResult.Invited(user.Id, user.Email!, mailed ? "" : invitationToken, mailed);
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
