using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>
/// An operator gives a tenant that nobody owns, such as one that was made for a program, its first owner. A tenant with an
/// owner is out of an operator's reach: its owners add people themselves.
/// </summary>
public sealed class InviteFirstOwner(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<FirstOwnerResult> ExecuteAsync(
        Actor actor,
        Guid tenantId,
        string email,
        CancellationToken cancellation
    ) =>
        EmailAddress.TryParse(email, out var address, out var reason)
            ? await portal.OperatorCommandAsync(
                actor,
                (command, token) => InviteAsync(command, tenantId, address, token),
                cancellation
            )
            : new FirstOwnerResult.Invalid(reason);

    /// <summary>Owners who have come: one whose account was never set up can do nothing, and give nobody a link.</summary>
    public static IQueryable<Membership> Owning(PortalDbContext db) =>
        db.Memberships.Where(row =>
            row.Role == TenantRole.Owner && db.Users.Any(user => user.Id == row.UserId && user.PasswordHash != null)
        );

    private static async Task<FirstOwnerResult> InviteAsync(
        CommandContext command,
        Guid tenantId,
        EmailAddress address,
        CancellationToken cancellation
    )
    {
        if (
            await command.Db.Tenants.Living().SingleOrDefaultAsync(row => row.Id == tenantId, cancellation)
            is not { } tenant
        )
        {
            return new FirstOwnerResult.Invalid("This tenant does not exist any more.");
        }

        if (await Owning(command.Db).AnyAsync(row => row.TenantId == tenantId, cancellation))
        {
            return new FirstOwnerResult.Invalid("It has an owner, who adds further people under Members.");
        }

        // From a program's first key on there may be content, which an operator does not see.
        if (
            (await People.FindAsync(command.Db, address, cancellation))?.Id == command.Actor.UserId
            && await command.Db.ApiKeys.AnyAsync(row => row.TenantId == tenantId, cancellation)
        )
        {
            return new FirstOwnerResult.Invalid(
                "A program fills this tenant, and operators see no content. Name somebody else as its first owner."
            );
        }

        // A link that was lost must not leave the tenant without an owner for ever: whoever was named before and never
        // came makes room, and the newest link counts.
        command.Db.SetUpLinks.RemoveRange(await Invitations.Waiting(command.Db, tenantId).ToListAsync(cancellation));
        command.Db.Memberships.RemoveRange(
            await command
                .Db.Memberships.Where(row => row.TenantId == tenantId && row.Role == TenantRole.Owner)
                .ToListAsync(cancellation)
        );
        await command.Db.SaveChangesAsync(cancellation);
        var links = await NewMember.AddAsync(command, tenantId, address, TenantRole.Owner, cancellation);
        var action = links.InvitationToken is null ? "member.added" : "member.invited";
        var details = new { role = nameof(TenantRole.Owner), tenant = tenant.Name };
        command.Audit(action, "member", links.User.Id.ToString(), links.User.Email!, details);
        await AuditLog.AppendAsync(
            command.Db,
            tenantId,
            command.Actor,
            command.Now,
            action,
            "member",
            links.User.Id.ToString(),
            links.User.Email!,
            details,
            cancellation
        );
        return new FirstOwnerResult.Invited(links.User.Email!, links.SetUpToken, links.InvitationToken);
    }
}

public abstract record FirstOwnerResult
{
    /// <param name="SetUpToken">For an account that was made here, shown once.</param>
    /// <param name="InvitationToken">For one that was there, shown once; both are null when the operator is the owner.</param>
    public sealed record Invited(string Email, string? SetUpToken, string? InvitationToken) : FirstOwnerResult;

    /// <param name="Message">A sentence that can stand under the address.</param>
    public sealed record Invalid(string Message) : FirstOwnerResult;
}
