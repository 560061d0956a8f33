using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Contacts;

/// <summary>Gives contacts a tag, in two statements however many they are.</summary>
public sealed class TagContacts(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an editor.</exception>
    public Task<BulkOutcome> ExecuteAsync(
        Caller caller,
        ContactSelection selection,
        string? tag,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync<BulkOutcome>(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                if (!Tag.TryParse(tag, out var parsed, out var reason))
                {
                    return new BulkOutcome.Invalid(reason);
                }

                var without = selection.Of(command.Db).Where(contact => contact.Tags.All(row => row.Tag != parsed));
                // First the instant, while it can still be seen who lacks the tag.
                var count = await without.ExecuteUpdateAsync(
                    set => set.SetProperty(contact => contact.UpdatedAt, command.Now),
                    token
                );
                if (count > 0)
                {
                    await command.Db.InsertTagAsync(without, parsed, token);
                    command.Audit(
                        "contacts.tagged",
                        "tag",
                        parsed,
                        parsed,
                        new { count, selection = selection.Details() }
                    );
                }

                return new BulkOutcome.Done(count);
            },
            cancellation
        );
}

/// <summary>Takes a tag away from contacts.</summary>
public sealed class UntagContacts(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an editor.</exception>
    public Task<BulkOutcome> ExecuteAsync(
        Caller caller,
        ContactSelection selection,
        string? tag,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync<BulkOutcome>(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                if (!Tag.TryParse(tag, out var parsed, out var reason))
                {
                    return new BulkOutcome.Invalid(reason);
                }

                var with = selection.Of(command.Db).Where(contact => contact.Tags.Any(row => row.Tag == parsed));
                await with.ExecuteUpdateAsync(set => set.SetProperty(contact => contact.UpdatedAt, command.Now), token);
                var ids = with.Select(contact => contact.Id);
                var count = await command
                    .Db.ContactTags.Where(row => row.Tag == parsed && ids.Contains(row.ContactId))
                    .ExecuteDeleteAsync(token);
                if (count > 0)
                {
                    command.Audit(
                        "contacts.untagged",
                        "tag",
                        parsed,
                        parsed,
                        new { count, selection = selection.Details() }
                    );
                }

                return new BulkOutcome.Done(count);
            },
            cancellation
        );
}
