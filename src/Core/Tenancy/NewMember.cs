using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Identity;

namespace Ledgerpost.Tenancy;

/// <summary>Puts a person into a tenant, with an account made on the way where there is none.</summary>
internal static class NewMember
{
    /// <returns>
    /// The account, and the token of a set-up link where one may be given out: only for an account that was made here and
    /// now. A link to an account that others have added would hand their tenant's data to whoever adds it next.
    /// </returns>
    public static async Task<(PortalUser User, string? Token)> AddAsync(
        CommandContext command,
        Guid tenantId,
        EmailAddress address,
        TenantRole role,
        CancellationToken cancellation
    )
    {
        var user = await People.FindAsync(command.Db, address, cancellation);
        string? token = null;
        if (user is null)
        {
            user = People.Add(command.Db, address, command.Ids.New(), command.Now);
            token = SetUpLinks.Issue(command.Db, user.Id, command.Now);
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
        return (user, token);
    }
}
