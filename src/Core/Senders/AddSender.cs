using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

/// <summary>A sender as typed; nothing is checked yet.</summary>
public sealed record SenderInput(Guid DomainId, string? LocalPart, string? DisplayName, string? ReplyTo)
{
    internal string Mailbox => LocalPart?.Trim().ToLowerInvariant() ?? "";

    /// <param name="domain">Null where it is not known.</param>
    internal FieldError? LocalPartProblem(string? domain) =>
        // A stray @ would name another domain than the one that was chosen.
        Mailbox.Contains('@', StringComparison.Ordinal)
        || !EmailAddress.TryParse($"{Mailbox}@{domain ?? "example.com"}", out _, out _)
            ? new FieldError(nameof(LocalPart), "Type what stands before the @, such as news or hello.")
            : null;
}

/// <summary>What became of adding or removing a sender.</summary>
public abstract record SenderOutcome
{
    private SenderOutcome() { }

    public sealed record Saved(Guid SenderId) : SenderOutcome;

    public sealed record Removed : SenderOutcome;

    public sealed record Invalid(IReadOnlyList<FieldError> Errors) : SenderOutcome;

    /// <param name="Campaigns">Names of unfinished campaigns that go out as it, five at most.</param>
    public sealed record InUse(IReadOnlyList<string> Campaigns) : SenderOutcome;

    public sealed record NotFound : SenderOutcome;
}

public sealed class AddSender(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public Task<SenderOutcome> ExecuteAsync(
        Caller caller,
        SenderInput input,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync<SenderOutcome>(
            caller,
            TenantRole.Admin,
            async (command, token) =>
            {
                var errors = new List<FieldError>();
                var domain = await LookAsync(command.Db, input, errors, token);
                var localPart = input.Mailbox;
                var (name, replyTo) = SenderNames.Check(input.DisplayName, input.ReplyTo, errors);
                if (errors.Count > 0)
                {
                    return new SenderOutcome.Invalid(errors);
                }

                var sender = new SenderIdentity
                {
                    TenantId = command.TenantId,
                    Id = command.Ids.New(),
                    DomainId = domain!.Id,
                    LocalPart = localPart,
                    DisplayName = name,
                    ReplyTo = replyTo,
                    CreatedAt = command.Now,
                };
                command.Db.SenderIdentities.Add(sender);
                command.Audit(
                    "sender.added",
                    "sender",
                    sender.Id.ToString(),
                    $"{localPart}@{domain.Name}",
                    new { name, reply_to = sender.ReplyTo }
                );
                return new SenderOutcome.Saved(sender.Id);
            },
            cancellation
        );

    /// <summary>Every wrong field of a request that is not carried out, because something else in it is wrong too.</summary>
    /// <param name="db">Of the tenant.</param>
    public static async Task<IReadOnlyList<FieldError>> ProblemsAsync(
        PortalDbContext db,
        SenderInput input,
        CancellationToken cancellation
    )
    {
        var errors = new List<FieldError>();
        await LookAsync(db, input, errors, cancellation);
        SenderNames.Check(input.DisplayName, input.ReplyTo, errors);
        return errors;
    }

    /// <summary>The domain and the address at it; what is wrong with them is added to <paramref name="errors"/>.</summary>
    private static async Task<SendingDomain?> LookAsync(
        PortalDbContext db,
        SenderInput input,
        List<FieldError> errors,
        CancellationToken cancellation
    )
    {
        var domain = await db.SendingDomains.SingleOrDefaultAsync(row => row.Id == input.DomainId, cancellation);
        if (domain is null)
        {
            errors.Add(new FieldError(nameof(SenderInput.DomainId), "Choose one of your domains."));
        }

        var localPart = input.Mailbox;
        if (input.LocalPartProblem(domain?.Name) is { } problem)
        {
            errors.Add(problem);
        }
        else if (
            await db.SenderIdentities.AnyAsync(
                row => row.DomainId == input.DomainId && row.LocalPart == localPart,
                cancellation
            )
        )
        {
            errors.Add(new FieldError(nameof(SenderInput.LocalPart), "There is a sender with this address."));
        }

        return domain;
    }
}

public sealed class RemoveSender(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public Task<SenderOutcome> ExecuteAsync(Caller caller, Guid senderId, CancellationToken cancellation = default) =>
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

                var itself = command.Db.SenderIdentities.Where(row => row.Id == senderId).Select(row => row.Id);
                var campaigns = await command.Db.UnfinishedCampaignsAsync(itself, token);
                if (campaigns.Count > 0)
                {
                    return new SenderOutcome.InUse(campaigns);
                }

                command.Db.SenderIdentities.Remove(sender);
                command.Audit(
                    "sender.removed",
                    "sender",
                    senderId.ToString(),
                    $"{sender.LocalPart}@{sender.Domain!.Name}"
                );
                return new SenderOutcome.Removed();
            },
            cancellation
        );
}
