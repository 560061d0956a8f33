using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Segments;

/// <param name="Contacts">Members now, the suppressed among them.</param>
/// <param name="Subscribed">Of those, who may be mailed.</param>
public sealed record SegmentRow(
    Guid Id,
    string Name,
    SegmentMatch Match,
    IReadOnlyList<string> Tags,
    int Contacts,
    int Subscribed,
    DateTimeOffset CreatedAt
);

/// <summary>A tenant's segments with their sizes; tenants have dozens, not thousands.</summary>
public sealed class SegmentList(PortalDb portal)
{
    public Task<IReadOnlyList<SegmentRow>> ExecuteAsync(Caller caller, CancellationToken cancellation = default) =>
        portal.ReadSnapshotAsync(
            caller.Scope,
            async (db, token) =>
            {
                var segments = await db
                    .Segments.Include(segment => segment.Tags)
                    .OrderBy(segment => segment.Name)
                    .ToListAsync(token);
                var rows = new List<SegmentRow>();
                foreach (var segment in segments)
                {
                    var members = await CountAsync(db, Audience.InSegment(db, segment.Id), token);
                    rows.Add(
                        new SegmentRow(
                            segment.Id,
                            segment.Name,
                            segment.Match,
                            [.. segment.Tags.Select(tag => tag.Tag).Order(StringComparer.Ordinal)],
                            members.Contacts,
                            members.Subscribed,
                            segment.CreatedAt
                        )
                    );
                }

                return (IReadOnlyList<SegmentRow>)rows;
            },
            cancellation
        );

    /// <summary>How many a segment with these tags would have, while it is being put together.</summary>
    public Task<SegmentSize> CountAsync(
        Caller caller,
        SegmentMatch match,
        IReadOnlyCollection<string> tags,
        CancellationToken cancellation = default
    ) =>
        portal.ReadSnapshotAsync(
            caller.Scope,
            (db, token) => CountAsync(db, Audience.Matching(db, match, tags), token),
            cancellation
        );

    /// <summary>Those into which contacts can be put, by name.</summary>
    public async Task<IReadOnlyList<NamedSegment>> NamedAsync(Caller caller, CancellationToken cancellation = default)
    {
        await using var db = portal.Read(caller.Scope);
        return await db
            .Segments.Where(segment => segment.Match == SegmentMatch.Named)
            .OrderBy(segment => segment.Name)
            .Select(segment => new NamedSegment(segment.Id, segment.Name))
            .ToListAsync(cancellation);
    }

    private static async Task<SegmentSize> CountAsync(
        PortalDbContext db,
        IQueryable<Contacts.Contact> members,
        CancellationToken cancellation
    )
    {
        var all = await members.CountAsync(cancellation);
        var suppressed = await members.CountAsync(
            contact => db.SuppressedAddresses.Any(row => row.NormalizedEmail == contact.NormalizedEmail),
            cancellation
        );
        return new SegmentSize(all, all - suppressed);
    }
}

public sealed record SegmentSize(int Contacts, int Subscribed);

public sealed record NamedSegment(Guid Id, string Name);
