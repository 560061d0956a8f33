using Ledgerpost.Contacts;
using Ledgerpost.Data;

namespace Ledgerpost.Segments;

/// <summary>
/// Who is meant by "everybody", a tag or a segment: one place, so that a list, a count and a launch cannot disagree.
/// Suppression is not looked at here; it is by address, and whoever mails must look at it at that moment.
/// Each query is plain SQL whose cost follows the tag's members, not the tenant's contacts.
/// </summary>
public static class Audience
{
    /// <param name="db">With one tenant's scope; all queries here refuse the installation's.</param>
    public static IQueryable<Contact> All(PortalDbContext db) => OneTenant(db).Contacts;

    /// <param name="tag">As stored: <see cref="Tag"/>'s form.</param>
    public static IQueryable<Contact> WithTag(PortalDbContext db, string tag)
    {
        var members = OneTenant(db).ContactTags.Where(row => row.Tag == tag).Select(row => row.ContactId);
        return db.Contacts.Where(contact => members.Contains(contact.Id));
    }

    /// <summary>Nobody, where the segment does not exist, is another tenant's, or names neither tags nor contacts.</summary>
    public static IQueryable<Contact> InSegment(PortalDbContext db, Guid segmentId)
    {
        var wanted =
            from segment in OneTenant(db).Segments
            where segment.Id == segmentId
            from tag in segment.Tags
            select new
            {
                tag.Tag,
                Needed = segment.Match == SegmentMatch.Any ? 1 : db.SegmentTags.Count(t => t.SegmentId == segmentId),
            };
        var members =
            from tag in db.ContactTags
            join part in wanted on tag.Tag equals part.Tag
            group part by tag.ContactId into tags
            where tags.Count() >= tags.Max(part => part.Needed)
            select tags.Key;
        // A segment has either, and the other half finds nothing on its index.
        var everybody = members.Concat(
            db.SegmentContacts.Where(row => row.SegmentId == segmentId).Select(row => row.ContactId)
        );
        return db.Contacts.Where(contact => everybody.Contains(contact.Id));
    }

    /// <summary>As a segment with these tags would be; for a segment that is still being put together.</summary>
    public static IQueryable<Contact> Matching(PortalDbContext db, SegmentMatch match, IReadOnlyCollection<string> tags)
    {
        var distinct = tags.Distinct(StringComparer.Ordinal).ToList();
        var needed = match == SegmentMatch.Any ? 1 : distinct.Count;
        var members = OneTenant(db)
            .ContactTags.Where(tag => distinct.Contains(tag.Tag))
            .GroupBy(tag => tag.ContactId)
            .Where(group => group.Count() >= needed)
            .Select(group => group.Key);
        return db.Contacts.Where(contact => members.Contains(contact.Id));
    }

    // Without the tenant's filter "everybody" would be everybody of every tenant.
    private static PortalDbContext OneTenant(PortalDbContext db) =>
        db.Scope.AllTenants
            ? throw new InvalidOperationException("An audience is one tenant's: take a context with its scope.")
            : db;
}
