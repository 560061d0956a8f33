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

    /// <summary>Normalised: the one that was asked for, and those that the same contact had before.</summary>
    public IReadOnlyList<string> Addresses { get; }

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
        // Three questions, each along its own index: campaigns one by one, transactional mails by address, and the contact.
        var ledger = await db
            .Campaigns.Composed()
            .Join(
                db.Recipients.Where(row => row.NormalizedEmail == normalized),
                campaign => new { campaign.TenantId, CampaignId = campaign.Id },
                row => new { row.TenantId, row.CampaignId },
                (campaign, row) => row
            )
            .AsNoTracking()
            .ToListAsync(cancellation);
        ledger.AddRange(
            await db
                .Campaigns.Where(mail => mail.MailedTo == normalized)
                .Join(
                    db.Recipients,
                    mail => new { mail.TenantId, CampaignId = mail.Id },
                    row => new { row.TenantId, row.CampaignId },
                    (mail, row) => row
                )
                .AsNoTracking()
                .ToListAsync(cancellation)
        );
        if (contact is not null)
        {
            ledger.AddRange(
                await db.Recipients.Where(row => row.ContactId == contact.Id).AsNoTracking().ToListAsync(cancellation)
            );
        }

        var rows = ledger.DistinctBy(row => (row.CampaignId, row.Number)).OrderBy(row => row.UpdatedAt).ToList();
        return new PersonRows(
            contact,
            rows,
            [.. rows.Select(row => row.NormalizedEmail).Append(normalized).Distinct()]
        );
    }

    /// <summary>Entries that name the person, the oldest first: as what was acted on, as who acted, or in their details.</summary>
    public async Task<List<AuditEntry>> EntriesAsync(
        PortalDbContext db,
        AddressHashes hashes,
        string address,
        CancellationToken cancellation
    )
    {
        var whole = new WholeAddress(address);
        var contact = Contact?.Id.ToString();
        var targets = Addresses.Select(one => hashes.Of(db.Scope.TenantId, one)).ToHashSet(StringComparer.Ordinal);
        var found = new List<AuditEntry>();
        await foreach (
            var entry in Entries(db, hashes, address)
                .AsNoTracking()
                .OrderBy(entry => entry.Sequence)
                .AsAsyncEnumerable()
                .WithCancellation(cancellation)
        )
        {
            if (
                (entry.TargetKind == "address" && targets.Contains(entry.TargetId))
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

    private IQueryable<AuditEntry> Entries(PortalDbContext db, AddressHashes hashes, string address)
    {
        var tenant = db.Scope.TenantId;
        var targets = Addresses.Select(one => hashes.Of(tenant, one)).ToList();
        var contact = Contact?.Id.ToString();
        return db.AuditEntries.Where(entry =>
            entry.TenantId == tenant
            && entry.Action != ErasedEntries.PersonErased
            && (
                (entry.TargetKind == "address" && targets.Contains(entry.TargetId))
                || (contact != null && entry.TargetKind == "contact" && entry.TargetId == contact)
                || entry.ActorName.ToLower() == address
                || entry.TargetName.ToLower().Contains(address)
                || (entry.OnBehalfOf != null && entry.OnBehalfOf.ToLower() == address)
                || (entry.Details != null && entry.Details.ToLower().Contains(address))
            )
        );
    }
}
