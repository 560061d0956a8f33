using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Identity;

/// <summary>How the portal writes to its own people.</summary>
/// <param name="From">As the operator has set it, with a domain of the installation's provider account; null: it does not, and links are shown instead.</param>
/// <param name="Link">The whole address that a token is opened with.</param>
public sealed record AccountMailOptions(string? From, Func<AccountMailKind, string, string> Link);

/// <summary>Raised when there is something to look up or to send.</summary>
public sealed class AccountMailSignal : WakeUp;

/// <summary>Writes mails about accounts into the transaction that makes their links.</summary>
public sealed class AccountMailer(
    AccountMailOptions options,
    IDataProtectionProvider protection,
    AccountMailSignal signal
)
{
    /// <summary>Well before the provider forgets the key: until then a repeat is the same mail.</summary>
    internal static readonly TimeSpan LongestTry = TimeSpan.FromHours(20);

    private readonly IDataProtector _protector = protection.CreateProtector("Ledgerpost.Identity.AccountMail");

    public bool IsOn => options.From is not null;

    /// <param name="tenant">Who invites; null for what is about the account alone.</param>
    internal void Write(
        PortalDbContext db,
        IIds ids,
        DateTimeOffset now,
        AccountMailKind kind,
        string to,
        string token,
        TimeSpan lifetime,
        string? tenant = null
    )
    {
        var (subject, lines) = Words(kind, tenant);
        Add(db, ids, now, kind, to, subject, lines, options.Link(kind, token), lifetime);
    }

    /// <summary>The line that was written beside the database, for a place that whoever runs it cannot reach.</summary>
    internal void WriteAnchor(
        PortalDbContext db,
        IIds ids,
        DateTimeOffset now,
        string to,
        string tenant,
        AuditAnchor anchor
    ) =>
        Add(
            db,
            ids,
            now,
            AccountMailKind.AuditAnchor,
            to,
            $"Audit log of {tenant}: {anchor.Sequence.ToString("N0", CultureInfo.InvariantCulture)} entries",
            [
                $"The audit log of {tenant} was verified from its first entry to entry {anchor.Sequence.ToString("N0", CultureInfo.InvariantCulture)}, and is whole.",
                "Keep this mail. Whoever can change the database cannot change this line, which says how far the log had come:",
                AuditAnchorFiles.Line(anchor),
                "Saved as a file whose name ends in .jsonl, verify-audit --anchors FOLDER compares the log with it: entries that were cut off since, up to this one, are found.",
            ],
            link: "",
            LongestTry
        );

    /// <summary>Something has happened in an organisation that its owners have to know; into the transaction of that change.</summary>
    /// <param name="words">With the organisation's name; <c>{link}</c> is the page of this kind.</param>
    internal async Task TellOwnersAsync(
        PortalDbContext db,
        IIds ids,
        DateTimeOffset now,
        Guid tenantId,
        AccountMailKind kind,
        Func<string, (string Subject, string[] Lines)> words,
        CancellationToken cancellation
    )
    {
        if (
            !IsOn
            || await db.Tenants.Living().SingleOrDefaultAsync(row => row.Id == tenantId, cancellation) is not { } tenant
        )
        {
            return;
        }

        var (subject, lines) = words(tenant.Name);
        foreach (var owner in await OwnersAsync(db, tenantId, cancellation))
        {
            Add(db, ids, now, kind, owner, subject, lines, options.Link(kind, tenant.Slug), LongestTry);
        }
    }

    internal static Task<List<string>> OwnersAsync(PortalDbContext db, Guid tenantId, CancellationToken cancellation) =>
        db
            .Memberships.Where(row => row.TenantId == tenantId && row.Role == TenantRole.Owner)
            .Join(db.Users, row => row.UserId, user => user.Id, (row, user) => user.Email!)
            .ToListAsync(cancellation);

    private void Add(
        PortalDbContext db,
        IIds ids,
        DateTimeOffset now,
        AccountMailKind kind,
        string to,
        string subject,
        IReadOnlyList<string> lines,
        string link,
        TimeSpan lifetime
    )
    {
        var text = string.Join("\n\n", lines.Select(line => line.Replace("{link}", link, StringComparison.Ordinal)));
        var html = string.Concat(
            lines.Select(line =>
                $"<p>{WebUtility.HtmlEncode(line).Replace("{link}", $"<a href=\"{WebUtility.HtmlEncode(link)}\">{WebUtility.HtmlEncode(link)}</a>", StringComparison.Ordinal)}</p>"
            )
        );
        var body = JsonSerializer.Serialize(
            new
            {
                from = options.From,
                to = new[] { to },
                subject,
                text,
                html,
            }
        );
        db.AccountMails.Add(
            new AccountMail
            {
                Id = ids.New(),
                To = to,
                Kind = kind,
                Body = _protector.Protect(body),
                State = AccountMailState.Waiting,
                CreatedAt = now,
                ExpiresAt = now + (lifetime < LongestTry ? lifetime : LongestTry),
                NotBefore = now,
            }
        );
        db.AfterCommit(signal.Raise);
    }

    /// <exception cref="CryptographicException">The installation's keys are not those that it was encrypted with.</exception>
    public string Read(AccountMail mail) => _protector.Unprotect(mail.Body ?? "");

    private static (string Subject, string[] Lines) Words(AccountMailKind kind, string? tenant) =>
        kind switch
        {
            AccountMailKind.Invitation => (
                $"{tenant} invites you",
                [
                    $"{tenant} invites you to its organisation in Ledgerpost.",
                    "Open this link and sign in with the account of this address to join: {link}",
                    "It works once, for 7 days. If you do not know who invites you, do nothing: without the link nothing changes.",
                ]
            ),
            AccountMailKind.SetUp => (
                $"Your account at {tenant}",
                [
                    $"{tenant} has made an account for you in Ledgerpost.",
                    "Open this link to choose your password: {link}",
                    "It works once, for 24 hours.",
                ]
            ),
            _ => (
                "Choose another password",
                [
                    "Somebody, probably you, asked for another password for this address in Ledgerpost.",
                    "Open this link to choose one: {link}",
                    "It works once, for an hour. If it was not you, do nothing: the password stays as it is.",
                ]
            ),
        };
}
