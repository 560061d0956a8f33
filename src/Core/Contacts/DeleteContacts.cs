using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Contacts;

/// <summary>
/// Deletes contacts for good. Their rows in campaigns' ledgers stay, without the reference, and the suppression list
/// stays, so that an address added again is still not mailed against its owner's wish.
/// </summary>
public sealed class DeleteContacts(PortalDb portal)
{
    /// <param name="confirmed">The number that the person was shown; when it is another by now, nothing is deleted.</param>
    /// <exception cref="AccessDeniedException">The caller is not an editor.</exception>
    public Task<BulkOutcome> ExecuteAsync(
        Caller caller,
        ContactSelection selection,
        int confirmed,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync<BulkOutcome>(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                var contacts = selection.Of(command.Db);
                // Two are enough to know whether one can be named.
                var first = await contacts
                    .OrderBy(contact => contact.Id)
                    .Select(contact => new { contact.Id, contact.Email })
                    .Take(2)
                    .ToListAsync(token);
                var count = first.Count < 2 ? first.Count : await contacts.CountAsync(token);
                if (count != confirmed)
                {
                    return new BulkOutcome.CountChanged(count);
                }

                if (count == 0)
                {
                    return new BulkOutcome.Done(0);
                }

                await command.Db.ForgetInLedgerAsync(contacts, token);
                await contacts.ExecuteDeleteAsync(token);
                if (count == 1)
                {
                    command.Audit("contact.deleted", "contact", first[0].Id.ToString(), first[0].Email);
                }
                else
                {
                    command.Audit("contacts.deleted", "contact", "", $"{count:N0} contacts", selection.Details());
                }

                return new BulkOutcome.Done(count);
            },
            cancellation
        );
}
