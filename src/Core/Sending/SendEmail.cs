using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>One transactional mail as a program gives it; nothing is checked yet.</summary>
public sealed record EmailRequest(string? To, string? Subject, string? Html, string? Text, Guid? SenderId);

/// <summary>What became of it. A closed set.</summary>
public abstract record SendEmailResult
{
    private SendEmailResult() { }

    /// <summary>It stands in the ledger and goes out.</summary>
    public sealed record Posted(Guid Id) : SendEmailResult
    {
        /// <summary>Through an account of the tenant's own.</summary>
        internal bool ThroughOwn { get; init; }
    }

    /// <summary>Every wrong field; nothing has changed.</summary>
    public sealed record Invalid(IReadOnlyList<FieldError> Errors) : SendEmailResult;

    /// <summary>The sentence says why nothing can go out from this sender now.</summary>
    public sealed record NotSendable(string Problem) : SendEmailResult;

    /// <summary>The address is on the tenant's suppression list, for whatever reason.</summary>
    public sealed record Suppressed(SuppressionReason Reason) : SendEmailResult;
}

/// <summary>
/// One transactional mail into the ledger: a campaign of its own kind with one recipient in one planned chunk, frozen in
/// the transaction of the request that gives it. From there on it is the engine's like any other chunk.
/// </summary>
public sealed class SendEmail(PortalDb db, SendingSignal signal)
{
    /// <summary>Its one recipient, run and chunk.</summary>
    private const int First = 1;

    public async Task<SendEmailResult> ExecuteAsync(Caller caller, EmailRequest request, CancellationToken cancellation)
    {
        var name =
            caller.Record?.Name
            ?? throw new InvalidOperationException("A transactional mail is called by its request's key.");
        var result = await db.CommandAsync(
            caller,
            TenantRole.Admin,
            (command, token) => PostAsync(command, EmailId.Of(command.TenantId, name), request, token),
            cancellation
        );
        if (result is SendEmailResult.Posted posted)
        {
            // Only whom it concerns: a tenant that posts faster than its own account sends would keep everybody's workers awake.
            WakeUp workers = posted.ThroughOwn ? signal.Own : signal;
            workers.Raise();
        }

        return result;
    }

    /// <summary>Every wrong field of a request that is not carried out, because something else in it is wrong too.</summary>
    /// <param name="db">Of the tenant.</param>
    public static async Task<IReadOnlyList<FieldError>> ProblemsAsync(
        PortalDbContext db,
        EmailRequest request,
        CancellationToken cancellation
    ) => (await LookAsync(db, request, cancellation)).Errors;

    private static async Task<(SenderIdentity? Sender, EmailAddress? To, List<FieldError> Errors)> LookAsync(
        PortalDbContext db,
        EmailRequest request,
        CancellationToken cancellation
    )
    {
        var sender = await LaunchCampaign.SenderAsync(db, request.SenderId, cancellation);
        var errors = EmailRules.Check(request, out var to);
        if (request.SenderId is not null && sender is null)
        {
            errors.Add(new FieldError(nameof(request.SenderId), "There is no sender with this id."));
        }

        return (sender, to, errors);
    }

    private static async Task<SendEmailResult> PostAsync(
        CommandContext command,
        Guid id,
        EmailRequest request,
        CancellationToken cancellation
    )
    {
        var context = command.Db;
        var (sender, to, errors) = await LookAsync(context, request, cancellation);
        if (errors.Count > 0 || to is null)
        {
            return new SendEmailResult.Invalid(errors);
        }

        if (LaunchCampaign.ProblemOf(sender) is { } problem)
        {
            return new SendEmailResult.NotSendable(problem);
        }

        var suppressed = await context
            .SuppressedAddresses.Where(row => row.NormalizedEmail == to.Normalized)
            .Select(row => (SuppressionReason?)row.Reason)
            .SingleOrDefaultAsync(cancellation);
        if (suppressed is { } reason)
        {
            return new SendEmailResult.Suppressed(reason);
        }

        if (await ErasedPeople.IsOneAsync(context, command.TenantId, to.Normalized, cancellation))
        {
            return new SendEmailResult.Suppressed(SuppressionReason.Unsubscribed);
        }

        var account = await SenderAccounts.OfSenderAsync(context, sender!.Id, cancellation);
        var email = Add(command, id, request, to, sender, account);
        command.Audit("mail.posted", email.Kind.AuditedAs(), id.ToString(), email.Name, new { to = to.Typed });
        return new SendEmailResult.Posted(id)
        {
            ThroughOwn = await SenderAccounts.OwnOfAsync(context, account, cancellation) is not null,
        };
    }

    private static Campaign Add(
        CommandContext command,
        Guid id,
        EmailRequest request,
        EmailAddress to,
        SenderIdentity sender,
        Guid account
    )
    {
        var context = command.Db;
        var email = new Campaign
        {
            TenantId = command.TenantId,
            Id = id,
            Kind = CampaignKind.Email,
            MailedTo = to.Normalized,
            Name = EmailRules.NameOf(request.Subject!),
            // Nothing of it is ever drafted or prepared: what a launch does in two steps is this one transaction.
            Status = CampaignStatus.Sending,
            SenderId = sender.Id,
            Subject = request.Subject!,
            Html = request.Html ?? "",
            Text = request.Text,
            AudienceKind = AudienceKind.Address,
            FromHeader = SenderHeader.Of(sender),
            ReplyTo = sender.ReplyTo,
            CurrentRun = First,
            LastChunk = First,
            CreatedBy = command.Actor.Name,
            CreatedAt = command.Now,
            UpdatedAt = command.Now,
            LaunchedBy = command.Actor.Name,
            LaunchedAt = command.Now,
        };
        context.Campaigns.Add(email);
        context.Runs.Add(
            new Run
            {
                TenantId = email.TenantId,
                CampaignId = id,
                Number = First,
                Kind = RunKind.Launch,
                AccountId = account,
                StartedBy = command.Actor.Name,
                StartedAt = command.Now,
                Planned = 1,
            }
        );
        context.Recipients.Add(
            new Recipient
            {
                TenantId = email.TenantId,
                CampaignId = id,
                Number = First,
                Email = to.Typed,
                NormalizedEmail = to.Normalized,
                ChunkNumber = First,
                State = RecipientState.Pending,
                UpdatedAt = command.Now,
            }
        );
        context.Chunks.Add(
            new Chunk
            {
                TenantId = email.TenantId,
                CampaignId = id,
                Number = First,
                RunNumber = First,
                FirstRecipient = First,
                LastRecipient = First,
                State = ChunkState.Planned,
            }
        );
        return email;
    }
}

/// <summary>What a transactional mail must be.</summary>
internal static class EmailRules
{
    /// <returns>Every wrong field, by its name.</returns>
    public static List<FieldError> Check(EmailRequest request, out EmailAddress? to)
    {
        var errors = new List<FieldError>();
        if (!EmailAddress.TryParse(request.To, out to, out var reason))
        {
            errors.Add(new FieldError(nameof(request.To), reason));
        }

        // One line: a line break would end the header, and begin another.
        if (string.IsNullOrWhiteSpace(request.Subject))
        {
            errors.Add(new FieldError(nameof(request.Subject), "Is required."));
        }
        else if (!PlainText.TryParse(request.Subject, "subject", DraftContent.MaxSubjectLength, out _, out reason))
        {
            errors.Add(new FieldError(nameof(request.Subject), reason));
        }

        if (string.IsNullOrWhiteSpace(request.Html) && string.IsNullOrWhiteSpace(request.Text))
        {
            errors.Add(new FieldError(nameof(request.Html), "Is required, or text."));
        }

        Content(nameof(request.Html), request.Html);
        Content(nameof(request.Text), request.Text);
        if (request.SenderId is null)
        {
            errors.Add(new FieldError(nameof(request.SenderId), "Is required."));
        }

        return errors;

        void Content(string field, string? text)
        {
            if (text?.Length > DraftContent.MaxHtmlLength)
            {
                errors.Add(
                    new FieldError(
                        field,
                        $"Has {text.Length:N0} characters; {DraftContent.MaxHtmlLength:N0} can be sent."
                    )
                );
            }
            else if (text is not null && PlainText.CannotBeKept(text) is { } broken)
            {
                errors.Add(new FieldError(field, broken));
            }
        }
    }

    /// <summary>What lists and the audit log call it: as much of its subject as a name has room for.</summary>
    public static string NameOf(string subject)
    {
        var name = subject.Trim();
        return name.Length <= DraftContent.MaxNameLength
            ? name
            : KeptText.Cut(name, DraftContent.MaxNameLength - 1) + "\u2026";
    }
}
