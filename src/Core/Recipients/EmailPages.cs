using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Recipients;

/// <summary>Where a transactional mail stands: the state of its one recipient and of its sending, in one word.</summary>
public enum EmailStatus
{
    /// <summary>On its way: it waits for its turn, or its call's answer is awaited and the same call repeated.</summary>
    Sending,

    /// <summary>Sending stopped by itself before the provider proved that it has it, or its fate is unknown; it says why.</summary>
    Partial,

    /// <summary>A person stopped it.</summary>
    Paused,

    /// <summary>The provider has it, or a person decided that it counts so.</summary>
    Sent,

    /// <summary>The provider will not take it.</summary>
    Refused,

    /// <summary>Not mailed: its address came onto the suppression list before it went out.</summary>
    Excluded,

    /// <summary>A person ended it.</summary>
    Cancelled,
}

/// <param name="Email">Its campaign: content, sender, why it stopped.</param>
/// <param name="Recipient">The one row of its ledger.</param>
public sealed record EmailView(Campaign Email, Recipient Recipient)
{
    public EmailStatus Status =>
        Recipient.State switch
        {
            RecipientState.Accepted => EmailStatus.Sent,
            RecipientState.Refused => EmailStatus.Refused,
            RecipientState.Excluded => Recipient.Reason == Reasons.Cancelled
                ? EmailStatus.Cancelled
                : EmailStatus.Excluded,
            _ => Email.Status switch
            {
                CampaignStatus.Partial => EmailStatus.Partial,
                CampaignStatus.Paused => EmailStatus.Paused,
                CampaignStatus.Cancelled => EmailStatus.Cancelled,
                _ => EmailStatus.Sending,
            },
        };

    public EmailCursor Cursor => new(Email.CreatedAt, Email.Id);
}

/// <summary>The last mail of a page. By time first: a mail's id is made of its caller's key and says nothing of its age.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct EmailCursor(DateTimeOffset CreatedAt, Guid Id) : IParsable<EmailCursor>
{
    public static EmailCursor Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var cursor) ? cursor : throw new FormatException("No cursor of mails.");

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out EmailCursor result)
    {
        if (
            s?.Split('_') is [var at, var id]
            && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var micros)
            && micros <= InstantConverter.ToMicroseconds(DateTimeOffset.MaxValue)
            && Guid.TryParseExact(id, "N", out var guid)
        )
        {
            result = new EmailCursor(InstantConverter.FromMicroseconds(micros), guid);
            return true;
        }

        result = default;
        return false;
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{InstantConverter.ToMicroseconds(CreatedAt)}_{Id:N}");
}

/// <param name="To">The whole address, as typed or normalised alike; null for all.</param>
public sealed record EmailListQuery(
    EmailStatus? Status = null,
    string? To = null,
    EmailCursor? After = null,
    int Take = 50
);

/// <summary>The tenant's transactional mails, the newest first.</summary>
public sealed class EmailPages(PortalDb database)
{
    /// <returns>As many as were asked for, where there are so many.</returns>
    public async Task<IReadOnlyList<EmailView>> ExecuteAsync(
        TenantScope scope,
        EmailListQuery query,
        CancellationToken cancellation
    )
    {
        await using var db = database.Read(scope);
        var mails = db.Campaigns.Emails();
        if (query.To is { } to)
        {
            var address = Contacts.EmailAddress.TryParse(to, out var parsed, out _) ? parsed.Normalized : to;
            mails = mails.Where(mail => mail.MailedTo == address);
        }

        if (query.After is { CreatedAt: var at, Id: var id })
        {
            mails = mails.Where(mail => mail.CreatedAt < at || (mail.CreatedAt == at && mail.Id.CompareTo(id) < 0));
        }

        var rows = await Filtered(db, mails, query.Status)
            .OrderByDescending(row => row.Email.CreatedAt)
            .ThenByDescending(row => row.Email.Id)
            .Take(query.Take)
            .AsNoTracking()
            .ToListAsync(cancellation);
        return [.. rows.Select(row => new EmailView(row.Email, row.Recipient))];
    }

    /// <returns>Null when the tenant has no such mail.</returns>
    public async Task<EmailView?> FindAsync(TenantScope scope, Guid id, CancellationToken cancellation)
    {
        await using var db = database.Read(scope);
        var row = await WithRecipient(db, db.Campaigns.Emails().Where(mail => mail.Id == id))
            .AsNoTracking()
            .SingleOrDefaultAsync(cancellation);
        return row is null ? null : new EmailView(row.Email, row.Recipient);
    }

    // What is not done yet is few, and found by its status; of what is done nearly all were sent.
    private static IQueryable<Row> Filtered(PortalDbContext db, IQueryable<Campaign> mails, EmailStatus? status) =>
        status switch
        {
            null => WithRecipient(db, mails),
            EmailStatus.Sending => WithRecipient(db, mails.Where(mail => mail.Status == CampaignStatus.Sending)),
            EmailStatus.Partial => WithRecipient(db, mails.Where(mail => mail.Status == CampaignStatus.Partial)),
            EmailStatus.Paused => WithRecipient(db, mails.Where(mail => mail.Status == CampaignStatus.Paused)),
            // Also those that the provider proved to have after all.
            EmailStatus.Cancelled => WithRecipient(db, mails.Where(mail => mail.Status == CampaignStatus.Cancelled)),
            EmailStatus.Refused => WithRecipient(db, mails.Where(mail => mail.Status == CampaignStatus.Sent))
                .Where(row => row.Recipient.State == RecipientState.Refused),
            EmailStatus.Excluded => WithRecipient(db, mails.Where(mail => mail.Status == CampaignStatus.Sent))
                .Where(row => row.Recipient.State == RecipientState.Excluded),
            _ => WithRecipient(db, mails.Where(mail => mail.Status == CampaignStatus.Sent))
                .Where(row => row.Recipient.State == RecipientState.Accepted),
        };

    private static IQueryable<Row> WithRecipient(PortalDbContext db, IQueryable<Campaign> mails) =>
        mails.Join(
            db.Recipients,
            mail => new { mail.TenantId, mail.Id },
            row => new { row.TenantId, Id = row.CampaignId },
            (mail, row) => new Row { Email = mail, Recipient = row }
        );

    private sealed class Row
    {
        public required Campaign Email { get; init; }
        public required Recipient Recipient { get; init; }
    }
}
