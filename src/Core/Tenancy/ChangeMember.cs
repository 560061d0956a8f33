using Ledgerpost.Audit;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>An owner changes a role. It holds from the member's very next command on.</summary>
public sealed class ChangeMemberRole(PortalDb portal)
{
    public Task<ChangeMemberResult> ExecuteAsync(
        Caller caller,
        Guid userId,
        TenantRole role,
        CancellationToken cancellation
    ) =>
        portal.CommandAsync(
            caller,
            TenantRole.Owner,
            async (command, ct) =>
            {
                var member = await Owners.FindAsync(command, userId, ct);
                if (member is null)
                {
                    return ChangeMemberResult.NotAMember;
                }

                if (member.Role == role)
                {
                    return ChangeMemberResult.Done;
                }

                if (await Owners.IsLastAsync(command, member, ct))
                {
                    return ChangeMemberResult.LastOwner;
                }

                var before = member.Role;
                member.Role = role;
                await Owners.AuditAsync(
                    command,
                    "member.role_changed",
                    userId,
                    new { before = new { role = before.ToString() }, after = new { role = role.ToString() } },
                    ct
                );
                return ChangeMemberResult.Done;
            },
            cancellation
        );
}

/// <summary>An owner takes a person out of the tenant; the account stays.</summary>
public sealed class RemoveMember(PortalDb portal)
{
    public Task<ChangeMemberResult> ExecuteAsync(Caller caller, Guid userId, CancellationToken cancellation) =>
        portal.CommandAsync(
            caller,
            TenantRole.Owner,
            async (command, ct) =>
            {
                var member = await Owners.FindAsync(command, userId, ct);
                if (member is null)
                {
                    return ChangeMemberResult.NotAMember;
                }

                if (await Owners.IsLastAsync(command, member, ct))
                {
                    return ChangeMemberResult.LastOwner;
                }

                command.Db.Memberships.Remove(member);
                await Owners.AuditAsync(command, "member.removed", userId, new { role = member.Role.ToString() }, ct);
                return ChangeMemberResult.Done;
            },
            cancellation
        );
}

/// <summary>A member goes by themselves, whatever their role; the last owner cannot.</summary>
public sealed class LeaveTenant(PortalDb portal)
{
    public Task<ChangeMemberResult> ExecuteAsync(Caller caller, CancellationToken cancellation) =>
        portal.CommandAsync(
            caller,
            TenantRole.Viewer,
            async (command, ct) =>
            {
                if (caller.Actor.UserId is not { } me || await Owners.FindAsync(command, me, ct) is not { } member)
                {
                    return ChangeMemberResult.NotAMember;
                }

                if (await Owners.IsLastAsync(command, member, ct))
                {
                    return ChangeMemberResult.LastOwner;
                }

                command.Db.Memberships.Remove(member);
                await Owners.AuditAsync(command, "member.left", me, new { role = member.Role.ToString() }, ct);
                return ChangeMemberResult.Done;
            },
            cancellation
        );
}

public enum ChangeMemberResult
{
    Done,
    NotAMember,

    /// <summary>A tenant keeps at least one owner who has come: nobody else could ever name another.</summary>
    LastOwner,
}

internal static class Owners
{
    public static Task<Membership?> FindAsync(CommandContext command, Guid userId, CancellationToken cancellation) =>
        command.Db.Memberships.SingleOrDefaultAsync(membership => membership.UserId == userId, cancellation);

    /// <summary>Whether the tenant would be left to nobody: an operator could name its first owner anew.</summary>
    public static async Task<bool> IsLastAsync(
        CommandContext command,
        Membership member,
        CancellationToken cancellation
    ) =>
        member.Role == TenantRole.Owner
        && !await InviteFirstOwner.Owning(command.Db).AnyAsync(row => row.UserId != member.UserId, cancellation);

    public static async Task AuditAsync(
        CommandContext command,
        string action,
        Guid userId,
        object details,
        CancellationToken cancellation
    )
    {
        var email = await command
            .Db.Users.Where(user => user.Id == userId)
            .Select(user => user.Email)
            .SingleAsync(cancellation);
        command.Audit(action, "member", userId.ToString(), email ?? "", details);
    }
}
