using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Contacts;

public sealed class AddContact(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an editor.</exception>
    public Task<ContactOutcome> ExecuteAsync(
        Caller caller,
        ContactInput input,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync(
            caller,
            TenantRole.Editor,
            (command, token) => AddAsync(command, input, token),
            cancellation
        );

    private static async Task<ContactOutcome> AddAsync(
        CommandContext command,
        ContactInput input,
        CancellationToken cancellation
    )
    {
        var (valid, errors) = input.Check();
        if (valid is null)
        {
            return new ContactOutcome.Invalid(errors);
        }

        var taken = await command
            .Db.Contacts.Where(contact => contact.NormalizedEmail == valid.Address.Normalized)
            .Select(contact => (Guid?)contact.Id)
            .SingleOrDefaultAsync(cancellation);
        if (taken is { } existing)
        {
            return new ContactOutcome.AddressTaken(existing);
        }

        if (await ErasedPeople.IsOneAsync(command.Db, command.TenantId, valid.Address.Normalized, cancellation))
        {
            return new ContactOutcome.Invalid([new FieldError(nameof(input.Email), ErasedPeople.Refusal)]);
        }

        var added = new Contact
        {
            TenantId = command.TenantId,
            Id = command.Ids.New(),
            Email = valid.Address.Typed,
            NormalizedEmail = valid.Address.Normalized,
            FirstName = valid.FirstName,
            LastName = valid.LastName,
            Fields = ContactFields.Store(valid.Fields ?? ContactFields.None),
            CreatedAt = command.Now,
            UpdatedAt = command.Now,
        };
        added.Tags.AddRange(valid.Tags.Select(added.TagRow));
        command.Db.Contacts.Add(added);
        command.Audit("contact.added", "contact", added.Id.ToString(), added.Email, new { valid.Tags, valid.Fields });
        return new ContactOutcome.Saved(added.Id);
    }
}
