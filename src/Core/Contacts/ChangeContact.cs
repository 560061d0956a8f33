using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Contacts;

public sealed class ChangeContact(PortalDb portal)
{
    /// <param name="seen">The contact's <see cref="Contact.UpdatedAt"/> when it was read; an older one changes nothing.</param>
    /// <exception cref="AccessDeniedException">The caller is not an editor.</exception>
    public Task<ContactOutcome> ExecuteAsync(
        Caller caller,
        Guid contactId,
        DateTimeOffset seen,
        ContactInput input,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync(
            caller,
            TenantRole.Editor,
            (command, token) => ChangeAsync(command, contactId, seen, input, token),
            cancellation
        );

    private static async Task<ContactOutcome> ChangeAsync(
        CommandContext command,
        Guid contactId,
        DateTimeOffset seen,
        ContactInput input,
        CancellationToken cancellation
    )
    {
        var (valid, errors) = input.Check();
        if (valid is null)
        {
            return new ContactOutcome.Invalid(errors);
        }

        var contact = await command
            .Db.Contacts.Include(row => row.Tags)
            .SingleOrDefaultAsync(row => row.Id == contactId, cancellation);
        if (contact is null)
        {
            return new ContactOutcome.NotFound();
        }

        if (contact.UpdatedAt != seen)
        {
            return new ContactOutcome.ChangedMeanwhile();
        }

        var taken = await command
            .Db.Contacts.Where(row => row.NormalizedEmail == valid.Address.Normalized && row.Id != contactId)
            .Select(row => (Guid?)row.Id)
            .SingleOrDefaultAsync(cancellation);
        if (taken is { } other)
        {
            return new ContactOutcome.AddressTaken(other);
        }

        if (
            valid.Address.Normalized != contact.NormalizedEmail
            && await ErasedPeople.IsOneAsync(command.Db, command.TenantId, valid.Address.Normalized, cancellation)
        )
        {
            return new ContactOutcome.Invalid([new FieldError(nameof(ContactInput.Email), ErasedPeople.Refusal)]);
        }

        Apply(command, contact, valid);
        return new ContactOutcome.Saved(contactId);
    }

    private static void Apply(CommandContext command, Contact contact, ValidContact valid)
    {
        var before = Picture(contact);
        contact.Email = valid.Address.Typed;
        contact.NormalizedEmail = valid.Address.Normalized;
        contact.FirstName = valid.FirstName;
        contact.LastName = valid.LastName;
        contact.Fields = valid.Fields is null ? contact.Fields : ContactFields.Store(valid.Fields);
        contact.Tags.RemoveAll(row => !valid.Tags.Contains(row.Tag, StringComparer.Ordinal));
        var missing = valid.Tags.Where(tag => contact.Tags.TrueForAll(row => row.Tag != tag)).ToList();
        contact.Tags.AddRange(missing.Select(contact.TagRow));
        var after = Picture(contact);
        if (before.ToString() != after.ToString())
        {
            contact.UpdatedAt = command.Now;
            command.Audit("contact.changed", "contact", contact.Id.ToString(), contact.Email, new { before, after });
        }
    }

    private static ContactPicture Picture(Contact contact) =>
        new(
            contact.Email,
            contact.FirstName,
            contact.LastName,
            string.Join(", ", contact.Tags.Select(row => row.Tag).Order(StringComparer.Ordinal)),
            string.Join(", ", ContactFields.Read(contact.Fields).Select(field => $"{field.Key}: {field.Value}"))
        );

    private sealed record ContactPicture(string Email, string? FirstName, string? LastName, string Tags, string Fields);
}
