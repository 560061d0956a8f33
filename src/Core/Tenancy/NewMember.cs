using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Identity;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>Puts a person into a tenant, with an account made on the way where there is none, or invites them.</summary>
internal static class NewMember
{
    /// <summary>
    /// Only an account that is made here and now, or the caller's own, becomes a member at once. Any other may be in the
    /// hands of whoever made it, so it gets an invitation; and never a set-up link, which would hand it to this tenant.
    /// </summary>
    /// <param name="command">With all tenants in its scope: whether the account is anybody's is asked.</param>
    public static async Task<NewMemberLinks> AddAsync(
        CommandContext command,
        Guid tenantId,
        EmailAddress address,
        TenantRole role,
        CancellationToken cancellation
    )
    {
        var user = await People.FindAsync(command.Db, address, cancellation);
        string? setUpToken = null;
        if (user is null)
        {
            user = People.Add(command.Db, address, command.Ids.New(), command.Now);
            setUpToken = SetUpLinks.Issue(command.Db, user.Id, command.Now);
        }
        else if (await IsAbandonedAsync(command, user, cancellation))
        {
            // As good as new, once the links that others were given for it have ended.
            command.Db.SetUpLinks.RemoveRange(
                await command
                    .Db.SetUpLinks.Where(link => link.UserId == user.Id && link.TenantId == null && link.UsedAt == null)
                    .ToListAsync(cancellation)
            );
            setUpToken = SetUpLinks.Issue(command.Db, user.Id, command.Now);
        }
        else if (user.Id != command.Actor.UserId)
        {
            var invitation = SetUpLinks.Invite(command.Db, user.Id, tenantId, role, command.Now);
            return new NewMemberLinks(user, null, invitation);
        }

        command.Db.Memberships.Add(
            new Membership
            {
                TenantId = tenantId,
                UserId = user.Id,
                Role = role,
                CreatedAt = command.Now,
            }
        );
        return new NewMemberLinks(user, setUpToken, null);
    }

    /// <summary>Nobody ever had its password and no tenant has it as a member: it holds nothing that could be taken.</summary>
    private static async Task<bool> IsAbandonedAsync(
        CommandContext command,
        PortalUser user,
        CancellationToken cancellation
    ) =>
        user is { PasswordHash: null, IsOperator: false }
        && !await command.Db.Memberships.AnyAsync(membership => membership.UserId == user.Id, cancellation);
}

/// <param name="SetUpToken">For an account that has no password yet and is a member now.</param>
/// <param name="InvitationToken">For an account that is not a member before it accepts.</param>
internal sealed record NewMemberLinks(PortalUser User, string? SetUpToken, string? InvitationToken)
{
    /// <summary>Goes to the person by mail, where the installation sends mails of its own; then nobody else sees it.</summary>
    /// <returns>What is left to show: of an invitation that was mailed an empty token.</returns>
    public (NewMemberLinks Shown, bool Mailed) HandOver(AccountMailer? mailer, CommandContext command, string tenant) =>
        InvitationMails.Write(mailer, command, tenant, User.Email!, SetUpToken, InvitationToken)
            ? (this with { SetUpToken = null, InvitationToken = InvitationToken is null ? null : "" }, true)
            : (this, false);
}
