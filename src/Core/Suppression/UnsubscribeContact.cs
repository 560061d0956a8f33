using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Suppression;

/// <summary>
/// Somebody passes on that a contact wants no more mail. An editor may: it can only ever mean less mail, and taking an
/// address off the list again stays an admin's.
/// </summary>
public sealed class UnsubscribeContact(PortalDb portal)
{
    /// <returns><see cref="ContactOutcome.Saved"/> also when it was unsubscribed before.</returns>
    /// <exception cref="AccessDeniedException">The caller is not an editor.</exception>
    public Task<ContactOutcome> ExecuteAsync(Caller caller, Guid contactId, CancellationToken cancellation = default) =>
        portal.CommandAsync<ContactOutcome>(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                var contact = await command.Db.Contacts.SingleOrDefaultAsync(row => row.Id == contactId, token);
                if (contact is null)
                {
                    return new ContactOutcome.NotFound();
                }

                var changed = await Suppress.AddAsync(
                    command.Db,
                    command.TenantId,
                    contact.NormalizedEmail,
                    SuppressionReason.Unsubscribed,
                    $"By {command.Actor.Name}",
                    command.Now,
                    command.Ids,
                    token
                );
                if (changed)
                {
                    command.Audit("contact.unsubscribed", "contact", contactId.ToString(), contact.Email);
                }

                return new ContactOutcome.Saved(contactId);
            },
            cancellation
        );
}
