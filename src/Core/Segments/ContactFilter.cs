using Ledgerpost.Contacts;
using Ledgerpost.Data;

namespace Ledgerpost.Segments;

/// <summary>The contacts that a list shows: each condition narrows it, none is everybody.</summary>
/// <param name="Search">Words, each of which the address or a name must contain; case and accents do not count.</param>
/// <param name="Subscribed">False: only those on the suppression list.</param>
public sealed record ContactFilter(
    string? Search = null,
    string? Tag = null,
    bool? Subscribed = null,
    Guid? SegmentId = null
) : ContactSelection
{
    public bool IsEmpty => Words.Count == 0 && Tag is null && Subscribed is null && SegmentId is null;

    private IReadOnlyList<string> Words => SearchText.Words(Search);

    public override IQueryable<Contact> Of(PortalDbContext db) => Of(db, searchFirst: false);

    /// <param name="searchFirst">
    /// Find the words through their own index and look at nothing else before; for a search that finds few.
    /// </param>
    internal IQueryable<Contact> Of(PortalDbContext db, bool searchFirst)
    {
        var contacts = SegmentId is { } segmentId ? Audience.InSegment(db, segmentId) : Audience.All(db);
        if (Tag is { } tag)
        {
            var tagged = db.ContactTags.Where(row => row.Tag == tag).Select(row => row.ContactId);
            contacts = contacts.Where(contact => tagged.Contains(contact.Id));
        }

        if (searchFirst && Words.Count > 0)
        {
            var found = Containing(db.Contacts).Select(contact => contact.Id);
            contacts = contacts.Where(contact => found.Contains(contact.Id));
        }
        else
        {
            contacts = Containing(contacts);
        }

        return Subscribed switch
        {
            true => contacts.Where(contact =>
                !db.SuppressedAddresses.Any(row => row.NormalizedEmail == contact.NormalizedEmail)
            ),
            false => contacts.Where(contact =>
                db.SuppressedAddresses.Select(row => row.NormalizedEmail).Contains(contact.NormalizedEmail)
            ),
            null => contacts,
        };
    }

    private IQueryable<Contact> Containing(IQueryable<Contact> contacts) =>
        Words.Aggregate(contacts, (found, word) => found.Where(contact => contact.Search.Contains(word)));

    internal override object Details() =>
        new
        {
            Search,
            Tag,
            Subscribed,
            SegmentId,
        };
}
