using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Contacts;

#pragma warning disable CA1309 // The comparison becomes SQL, along the index.

/// <summary>
/// Who was erased stands in the suppression list and in the ledgers by a keyed hash, written where an address stands: so
/// every rule that leaves out a suppressed address leaves them out too, and nothing tells who they were.
/// </summary>
public static class ErasedPeople
{
    public const string Refusal = "This person was erased at their own wish, so the address is not taken in again.";

    public const string NotMailed =
        "This person was erased at their own wish, so nothing is mailed to the address already.";

    /// <summary>What the log calls them.</summary>
    public const string Name = "a person";

    /// <param name="tenantId">Whose they were.</param>
    public static string Form(AddressHashes hashes, Guid tenantId, string normalizedEmail) =>
        AddressHashes.Prefix + hashes.Of(tenantId, normalizedEmail);

    public static bool IsForm(string normalizedEmail) =>
        normalizedEmail.StartsWith(AddressHashes.Prefix, StringComparison.Ordinal);

    /// <summary>Of these addresses, those of erased people.</summary>
    public static async Task<IReadOnlySet<string>> AmongAsync(
        PortalDbContext db,
        Guid tenantId,
        IReadOnlyCollection<string> normalizedEmails,
        CancellationToken cancellation
    )
    {
        // Most tenants have erased nobody; then nothing is hashed.
        if (
            normalizedEmails.Count == 0
            || !await db.SuppressedAddresses.AnyAsync(
                row =>
                    row.TenantId == tenantId
                    && string.Compare(row.NormalizedEmail, AddressHashes.Prefix) >= 0
                    && string.Compare(row.NormalizedEmail, AddressHashes.PrefixEnd) < 0,
                cancellation
            )
        )
        {
            return new HashSet<string>();
        }

        var hashes = await AddressHashes.OfAsync(db, cancellation);
        var forms = normalizedEmails.Distinct().ToDictionary(email => Form(hashes, tenantId, email));
        var known = forms.Keys.ToList();
        var erased = await db
            .SuppressedAddresses.Where(row => row.TenantId == tenantId && known.Contains(row.NormalizedEmail))
            .Select(row => row.NormalizedEmail)
            .ToListAsync(cancellation);
        return erased.Select(form => forms[form]).ToHashSet(StringComparer.Ordinal);
    }

    public static async Task<bool> IsOneAsync(
        PortalDbContext db,
        Guid tenantId,
        string normalizedEmail,
        CancellationToken cancellation
    ) => (await AmongAsync(db, tenantId, [normalizedEmail], cancellation)).Count > 0;

    /// <summary>
    /// Erased, and nothing has the address again: no contact, no ledger. Both may after a restore, and then it is the
    /// address itself that must stand on the list, since the rules compare no hashes.
    /// </summary>
    public static async Task<bool> IsGoneAsync(
        PortalDbContext db,
        Guid tenantId,
        string normalizedEmail,
        CancellationToken cancellation
    ) =>
        await IsOneAsync(db, tenantId, normalizedEmail, cancellation)
        && !await db.Contacts.AnyAsync(
            row => row.TenantId == tenantId && row.NormalizedEmail == normalizedEmail,
            cancellation
        )
        // Two questions, each along an index: a ledger is looked at campaign by campaign, and mails are as many as people.
        && !await db.Campaigns.AnyAsync(
            mail => mail.TenantId == tenantId && mail.MailedTo == normalizedEmail,
            cancellation
        )
        && !await db.Campaigns.AnyAsync(
            campaign =>
                campaign.TenantId == tenantId
                && campaign.MailedTo == null
                && db.Recipients.Any(row =>
                    row.TenantId == tenantId && row.CampaignId == campaign.Id && row.NormalizedEmail == normalizedEmail
                ),
            cancellation
        );
}
