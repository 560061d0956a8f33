using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

/// <summary>
/// Changes what stands beside a sender's address. Campaigns that were launched keep what they were launched with, so that a
/// repeated call has the same bytes.
/// </summary>
public sealed class ChangeSender(PortalDb portal)
{
    /// <param name="change">From what is kept to what shall be, so that what another changed at the same moment stays.</param>
    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public Task<SenderOutcome> ExecuteAsync(
        Caller caller,
        Guid senderId,
        Func<SenderIdentity, SenderNaming> change,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync<SenderOutcome>(
            caller,
            TenantRole.Admin,
            async (command, token) =>
            {
                var sender = await command
                    .Db.SenderIdentities.Include(row => row.Domain)
                    .SingleOrDefaultAsync(row => row.Id == senderId, token);
                if (sender is null)
                {
                    return new SenderOutcome.NotFound();
                }

                var errors = new List<FieldError>();
                var typed = change(sender);
                var (name, reply) = SenderNames.Check(typed.DisplayName, typed.ReplyTo, errors);
                if (errors.Count > 0)
                {
                    return new SenderOutcome.Invalid(errors);
                }

                var before = new { sender.DisplayName, sender.ReplyTo };
                (sender.DisplayName, sender.ReplyTo) = (name, reply);
                var after = new { sender.DisplayName, sender.ReplyTo };
                if (!before.Equals(after))
                {
                    command.Audit(
                        "sender.changed",
                        "sender",
                        senderId.ToString(),
                        $"{sender.LocalPart}@{sender.Domain!.Name}",
                        new { before, after }
                    );
                }

                return new SenderOutcome.Saved(senderId);
            },
            cancellation
        );
}

/// <summary>What stands beside a sender's address, as typed; nothing is checked yet.</summary>
public sealed record SenderNaming(string? DisplayName, string? ReplyTo)
{
    public IReadOnlyList<FieldError> Problems()
    {
        var errors = new List<FieldError>();
        SenderNames.Check(DisplayName, ReplyTo, errors);
        return errors;
    }
}

internal static class SenderNames
{
    public const int MaxLength = 100;

    /// <summary>The name and the address for answers, as they are kept; what is wrong is added to <paramref name="errors"/>.</summary>
    public static (string? Name, string? ReplyTo) Check(string? displayName, string? replyTo, List<FieldError> errors)
    {
        if (!PlainText.TryParse(displayName, "name", MaxLength, out var name, out var reason))
        {
            errors.Add(new FieldError(nameof(SenderInput.DisplayName), reason));
        }

        EmailAddress? address = null;
        if (!string.IsNullOrWhiteSpace(replyTo) && !EmailAddress.TryParse(replyTo, out address, out reason))
        {
            errors.Add(new FieldError(nameof(SenderInput.ReplyTo), reason));
        }

        return (name, address?.Typed);
    }
}
