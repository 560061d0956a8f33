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
/// <param name="mailer">Null where links are handed over by hand.</param>
public sealed class InviteFirstOwner(PortalDb portal, AccountMailer? mailer = null)
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

    private async Task<FirstOwnerResult> InviteAsync(
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

        if (
            await People.FindAsync(command.Db, address, cancellation) is { IsOperator: true }
            && await HasContentAsync(command.Db, tenantId, cancellation)
        )
        {
            return new FirstOwnerResult.Invalid(
                "This tenant is in use, and operators see no content. Name somebody else as its first owner."
            );
        }

        await MakeRoomAsync(command, tenant, cancellation);
        var links = await NewMember.AddAsync(command, tenantId, address, TenantRole.Owner, cancellation);
        await AuditAsync(
            command,
            tenant,
            links.InvitationToken is null ? "member.added" : "member.invited",
            links.User,
            cancellation
        );
        var (shown, mailed) = links.HandOver(mailer, command, tenant.Name);
        return new FirstOwnerResult.Invited(shown.User.Email!, shown.SetUpToken, shown.InvitationToken, mailed);
    }

    /// <summary>From a program's first key on, or whatever was put in otherwise, there is what an operator does not see.</summary>
    private static async Task<bool> HasContentAsync(
        PortalDbContext db,
        Guid tenantId,
        CancellationToken cancellation
    ) =>
        await db.ApiKeys.AnyAsync(row => row.TenantId == tenantId, cancellation)
        || await db.Contacts.AnyAsync(row => row.TenantId == tenantId, cancellation)
        || await db.Campaigns.AnyAsync(row => row.TenantId == tenantId, cancellation)
        || await db.Memberships.AnyAsync(row => row.TenantId == tenantId && row.Role != TenantRole.Owner, cancellation);

    /// <summary>
    /// A link that was lost must not leave the tenant without an owner for ever: whoever was named before and never came makes
    /// room, and the newest link counts.
    /// </summary>
    private static async Task MakeRoomAsync(CommandContext command, Tenant tenant, CancellationToken cancellation)
    {
        var (db, id) = (command.Db, tenant.Id);
        var waiting = await Invitations.Waiting(db, id).ToListAsync(cancellation);
        var owners = await db
            .Memberships.Where(row => row.TenantId == id && row.Role == TenantRole.Owner)
            .ToListAsync(cancellation);
        db.SetUpLinks.RemoveRange(waiting);
        db.Memberships.RemoveRange(owners);
        foreach (
            var (action, userId) in waiting
                .Select(link => ("member.invitation_withdrawn", link.UserId))
                .Concat(owners.Select(owner => ("member.removed", (Guid?)owner.UserId)))
        )
        {
            var gone = await db.Users.SingleAsync(user => user.Id == userId, cancellation);
            await AuditAsync(command, tenant, action, gone, cancellation);
        }

        await db.SaveChangesAsync(cancellation);
    }

    /// <summary>In both logs.</summary>
    private static Task AuditAsync(
        CommandContext command,
        Tenant tenant,
        string action,
        PortalUser person,
        CancellationToken cancellation
    )
    {
        var details = new { role = nameof(TenantRole.Owner), tenant = tenant.Name };
        command.Audit(action, "member", person.Id.ToString(), person.Email!, details);
        return AuditLog.AppendAsync(
            command.Db,
            tenant.Id,
            command.Actor,
            command.Now,
            action,
            "member",
            person.Id.ToString(),
            person.Email!,
            details,
            cancellation
        );
    }
}

public abstract record FirstOwnerResult
{
    /// <param name="SetUpToken">For an account that was made here, shown once.</param>
    /// <param name="InvitationToken">For one that was there, shown once; both are null when the operator is the owner.</param>
    /// <param name="Mailed">It went to the person themselves and nobody else sees it: no token, or an empty one.</param>
    public sealed record Invited(string Email, string? SetUpToken, string? InvitationToken, bool Mailed = false)
        : FirstOwnerResult;

    /// <param name="Message">A sentence that can stand under the address.</param>
    public sealed record Invalid(string Message) : FirstOwnerResult;
}
