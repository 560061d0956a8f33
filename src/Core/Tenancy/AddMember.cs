using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Identity;

namespace Ledgerpost.Tenancy;

/// <summary>An owner adds a person by their address.</summary>
public sealed class AddMember(PortalDb portal)
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

        return await portal.CommandAsync<AddMemberResult>(
            caller,
            TenantRole.Owner,
            async (command, ct) =>
            {
                var known = await People.FindAsync(command.Db, address, ct);
                if (
                    known is not null
                    && await Permissions.RoleAsync(command.Db, command.TenantId, known.Id, ct) is { } held
                )
                {
                    return new AddMemberResult.Invalid(
                        $"{People.Name(known)} is a member already, as {held.ToString().ToLowerInvariant()}."
                    );
                }

                var (user, token) = await NewMember.AddAsync(command, command.TenantId, address, role, ct);
                command.Audit(
                    "member.added",
                    "member",
                    user.Id.ToString(),
                    user.Email!,
                    new { role = role.ToString() }
                );
                return new AddMemberResult.Added(user.Id, user.Email!, token);
            },
            cancellation
        );
    }
}

public abstract record AddMemberResult
{
    /// <param name="SetUpToken">Shown once; null when the person has an account already.</param>
    public sealed record Added(Guid UserId, string Email, string? SetUpToken) : AddMemberResult;

    /// <param name="Message">A sentence that can stand under the address.</param>
    public sealed record Invalid(string Message) : AddMemberResult;
}
