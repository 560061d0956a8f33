using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Suppression;

/// <summary>What became of a command on the suppression list.</summary>
public abstract record SuppressionOutcome
{
    private SuppressionOutcome() { }

    public sealed record Added : SuppressionOutcome;

    /// <summary>It stands there already, for this or a weightier reason.</summary>
    public sealed record AlreadyThere(SuppressionReason Reason) : SuppressionOutcome;

    public sealed record Removed(string Address) : SuppressionOutcome;

    /// <summary>No such entry, or not any more: lifted already, or replaced by a weightier one.</summary>
    public sealed record NotFound : SuppressionOutcome;

    public sealed record Invalid(IReadOnlyList<FieldError> Errors) : SuppressionOutcome;
}

/// <summary>A person puts an address on the list, whether there is a contact with it or not.</summary>
public sealed class AddSuppression(PortalDb portal)
{
    public const int MaxNoteLength = 200;

    /// <param name="reason"><see cref="SuppressionReason.Unsubscribed"/> or <see cref="SuppressionReason.Manual"/>; the others are the provider's to report.</param>
    /// <param name="note">Where it came from, for whoever asks later; may be empty.</param>
    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public Task<SuppressionOutcome> ExecuteAsync(
        Caller caller,
        string? email,
        SuppressionReason reason,
        string? note,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync<SuppressionOutcome>(
            caller,
            TenantRole.Admin,
            async (command, token) =>
            {
                var (address, plain, errors) = Check(email, reason, note);
                if (errors.Count > 0)
                {
                    return new SuppressionOutcome.Invalid(errors);
                }

                var detail = plain is null ? $"By {command.Actor.Name}" : $"By {command.Actor.Name}: {plain}";
                var changed = await Suppress.AddAsync(
                    command.Db,
                    command.TenantId,
                    address!.Normalized,
                    reason,
                    detail,
                    command.Now,
                    command.Ids,
                    token
                );
                if (!changed)
                {
                    var there = await command
                        .Db.SuppressedAddresses.Where(row => row.NormalizedEmail == address.Normalized)
                        .Select(row => (SuppressionReason?)row.Reason)
                        .SingleOrDefaultAsync(token);
                    return there is { } stands
                        ? new SuppressionOutcome.AlreadyThere(stands)
                        : new SuppressionOutcome.Invalid([new FieldError("Email", ErasedPeople.NotMailed)]);
                }

                command.Audit(
                    "suppression.added",
                    "address",
                    (await AddressHashes.OfAsync(command.Db, token)).Of(command.TenantId, address.Normalized),
                    address.Normalized,
                    new { reason = reason.ToString(), note = plain }
                );
                return new SuppressionOutcome.Added();
            },
            cancellation
        );

    /// <summary>Every wrong field, before anything is done.</summary>
    /// <param name="reason">Null is not looked at.</param>
    public static IReadOnlyList<FieldError> Problems(string? email, SuppressionReason? reason, string? note) =>
        Check(email, reason, note).Errors;

    private static (EmailAddress? Address, string? Note, IReadOnlyList<FieldError> Errors) Check(
        string? email,
        SuppressionReason? reason,
        string? note
    )
    {
        var errors = new List<FieldError>();
        if (!EmailAddress.TryParse(email, out var address, out var why))
        {
            errors.Add(new FieldError("Email", why));
        }

        if (!PlainText.TryParse(note, "note", MaxNoteLength, out var plain, out why))
        {
            errors.Add(new FieldError("Note", why));
        }

        if (reason is not (null or SuppressionReason.Unsubscribed or SuppressionReason.Manual))
        {
            errors.Add(new FieldError("Reason", "A person can only unsubscribe or block an address."));
        }

        return (address, plain, errors);
    }
}

/// <summary>Takes an address off the list, so that its contact is mailed again.</summary>
public sealed class RemoveSuppression(PortalDb portal)
{
    /// <param name="id">The entry that was seen, and not its address: they may have unsubscribed since (<see cref="Suppress"/>).</param>
    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public Task<SuppressionOutcome> ExecuteAsync(Caller caller, Guid id, CancellationToken cancellation = default) =>
        portal.CommandAsync<SuppressionOutcome>(
            caller,
            TenantRole.Admin,
            async (command, token) =>
            {
                // Held, since events are applied beside commands.
                var row = await SuppressionList
                    .Shown(command.Db)
                    .Where(row => row.Id == id)
                    .ForUpdate()
                    .SingleOrDefaultAsync(token);
                if (row is null)
                {
                    return new SuppressionOutcome.NotFound();
                }

                command.Db.SuppressedAddresses.Remove(row);
                command.Audit(
                    "suppression.removed",
                    "address",
                    (await AddressHashes.OfAsync(command.Db, token)).Of(command.TenantId, row.NormalizedEmail),
                    row.NormalizedEmail,
                    new
                    {
                        reason = row.Reason.ToString(),
                        row.Detail,
                        since = row.CreatedAt,
                    }
                );
                return new SuppressionOutcome.Removed(row.NormalizedEmail);
            },
            cancellation
        );
}
