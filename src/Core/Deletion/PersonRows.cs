using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Deletion;

#pragma warning disable CA1304, CA1311, CA1862 // These expressions become SQL; LIKE and lower() there know no culture.

/// <summary>One row of a ledger that is about the person.</summary>
internal sealed record LedgerPlace(Guid CampaignId, CampaignKind Kind, int Number);

/// <summary>Where a tenant keeps something about one person: by the address, and by the contact that has it.</summary>
internal sealed class PersonRows
{
    private PersonRows(Contact? contact, IReadOnlyList<Recipient> ledger, IReadOnlyList<string> addresses) =>
        (Contact, Ledger, Addresses) = (contact, ledger, addresses);

    public Contact? Contact { get; }
    public IReadOnlyList<Recipient> Ledger { get; }

    /// <summary>
    /// Normalised: the one that was asked for, and those that the same contact had before, but for what another contact has
    /// now. Most of all that one's unsubscription is not this person's to take along.
    /// </summary>
    public IReadOnlyList<string> Addresses { get; }

    /// <summary>The address that a contact has now, normalised; null when there is no such contact.</summary>
    public static Task<string?> AddressOfAsync(PortalDbContext db, Guid contactId, CancellationToken cancellation) =>
        db
            .Contacts.Where(row => row.Id == contactId)
            .Select(row => row.NormalizedEmail)
            .SingleOrDefaultAsync(cancellation);

    public static async Task<PersonRows> FindAsync(
        PortalDbContext db,
        string normalized,
        CancellationToken cancellation
    )
    {
        var contact = await db
            .Contacts.AsNoTracking()
            .Include(row => row.Tags)
            .SingleOrDefaultAsync(row => row.NormalizedEmail == normalized, cancellation);
        // Each question along its own index: the contact, campaigns one by one, and transactional mails by address.
        var ledger = contact is null
            ? []
            : await db.Recipients.Where(row => row.ContactId == contact.Id).AsNoTracking().ToListAsync(cancellation);
        var former = ledger
            .Select(row => row.NormalizedEmail)
            .Where(one => one != normalized && !ErasedPeople.IsForm(one))
            .Distinct()
            .ToList();
        var others = await db
            .Contacts.Where(row => former.Contains(row.NormalizedEmail))
            .Select(row => row.NormalizedEmail)
            .ToListAsync(cancellation);
        List<string> addresses = [normalized, .. former.Except(others)];
        foreach (var address in addresses)
        {
            ledger.AddRange(await LedgerAsync(db, address, cancellation));
        }

        var rows = ledger.DistinctBy(row => (row.CampaignId, row.Number)).OrderBy(row => row.UpdatedAt).ToList();
        return new PersonRows(contact, rows, addresses);
    }

    private static async Task<List<Recipient>> LedgerAsync(
        PortalDbContext db,
        string address,
        CancellationToken cancellation
    )
    {
        var rows = await db
            .Campaigns.Composed()
            .Join(
                db.Recipients.Where(row => row.NormalizedEmail == address),
                campaign => new { campaign.TenantId, CampaignId = campaign.Id },
                row => new { row.TenantId, row.CampaignId },
                (campaign, row) => row
            )
            .AsNoTracking()
            .ToListAsync(cancellation);
        rows.AddRange(
            await db
                .Campaigns.Where(mail => mail.MailedTo == address)
                .Join(
                    db.Recipients,
                    mail => new { mail.TenantId, CampaignId = mail.Id },
                    row => new { row.TenantId, row.CampaignId },
                    (mail, row) => row
                )
                .AsNoTracking()
                .ToListAsync(cancellation)
        );
        return rows;
    }

    /// <summary>
    /// Entries that name the person, the oldest first: as what was acted on, as who acted, or in their details. Without those
    /// that an erasure has emptied.
    /// </summary>
    /// <param name="before">Null: all of the log is read.</param>
    public async Task<List<AuditEntry>> EntriesAsync(
        PortalDbContext db,
        AddressHashes hashes,
        PersonSearch? before,
        CancellationToken cancellation
    )
    {
        var found = new List<AuditEntry>();
        foreach (var address in Addresses)
        {
            var entries = Entries(db, hashes.Of(db.Scope.TenantId, address), address);
            if (before is null)
            {
                found.AddRange(await EntriesAsync(entries, db, hashes, address, cancellation));
                continue;
            }

            var (known, last) = (before.Entries, before.LastEntry);
            var again = entries.Where(entry => known.Contains(entry.Sequence));
            found.AddRange(await EntriesAsync(again, db, hashes, address, cancellation));
            var since = entries.Where(entry => entry.Sequence > last);
            found.AddRange(await EntriesAsync(since, db, hashes, address, cancellation));
        }

        return [.. found.DistinctBy(entry => entry.Sequence).OrderBy(entry => entry.Sequence)];
    }

    private async Task<List<AuditEntry>> EntriesAsync(
        IQueryable<AuditEntry> entries,
        PortalDbContext db,
        AddressHashes hashes,
        string address,
        CancellationToken cancellation
    )
    {
        var whole = new WholeAddress(address);
        var contact = Contact?.Id.ToString();
        var target = hashes.Of(db.Scope.TenantId, address);
        var found = new List<AuditEntry>();
        await foreach (
            var entry in entries
                .AsNoTracking()
                .OrderBy(entry => entry.Sequence)
                .AsAsyncEnumerable()
                .WithCancellation(cancellation)
        )
        {
            if (
                (entry.TargetKind == "address" && entry.TargetId == target)
                || (contact is not null && entry.TargetKind == "contact" && entry.TargetId == contact)
                || whole.IsIn(entry.ActorName)
                || whole.IsIn(entry.TargetName)
                || whole.IsIn(entry.OnBehalfOf)
                || whole.IsIn(entry.Details)
            )
            {
                found.Add(entry);
            }
        }

        return found;
    }

    private IQueryable<AuditEntry> Entries(PortalDbContext db, string target, string address)
    {
        var tenant = db.Scope.TenantId;
        var contact = Contact?.Id.ToString();
        return db.AuditEntries.Where(entry =>
            entry.TenantId == tenant
            && entry.Salt != null
            // Of somebody who was erased already: it names nobody.
            && !(entry.TargetKind == "address" && entry.TargetName == ErasedPeople.Name)
            && (
                (entry.TargetKind == "address" && entry.TargetId == target)
                || (contact != null && entry.TargetKind == "contact" && entry.TargetId == contact)
                || entry.ActorName.ToLower() == address
                || entry.TargetName.ToLower().Contains(address)
                || (entry.OnBehalfOf != null && entry.OnBehalfOf.ToLower() == address)
                || (entry.Details != null && entry.Details.ToLower().Contains(address))
            )
        );
    }
}
