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

    /// <summary>Page by page by id, for programs, uncounted.</summary>
    /// <param name="after">The last id of the page before.</param>
    public async Task<IReadOnlyList<SegmentSummary>> NewestFirstAsync(
        Caller caller,
        Guid? after,
        int limit,
        CancellationToken cancellation
    )
    {
        await using var db = portal.Read(caller.Scope);
        return await SummariesAsync(db, db.Segments.NewestFirst(row => row.Id, after).Take(limit), cancellation);
    }

    /// <returns>Null when it is not there, or is another tenant's.</returns>
    public Task<(SegmentSummary Segment, SegmentSize Size)?> FindAsync(
        Caller caller,
        Guid segmentId,
        CancellationToken cancellation
    ) =>
        portal.ReadSnapshotAsync<(SegmentSummary Segment, SegmentSize Size)?>(
            caller.Scope,
            async (db, token) =>
                await FindAsync(db, segmentId, token) is { } found
                    ? (found, await CountAsync(db, Audience.InSegment(db, segmentId), token))
                    : null,
            cancellation
        );

    /// <summary>Uncounted, within a command's transaction.</summary>
    public static async Task<SegmentSummary?> FindAsync(
        PortalDbContext db,
        Guid segmentId,
        CancellationToken cancellation
    ) => (await SummariesAsync(db, db.Segments.Where(row => row.Id == segmentId), cancellation)).SingleOrDefault();

    private static async Task<IReadOnlyList<SegmentSummary>> SummariesAsync(
        PortalDbContext db,
        IQueryable<Segment> segments,
        CancellationToken cancellation
    )
    {
        var found = await segments.Include(segment => segment.Tags).ToListAsync(cancellation);
        return
        [
            .. found.Select(segment => new SegmentSummary(
                segment.Id,
                segment.Name,
                segment.Match,
                [.. segment.Tags.Select(tag => tag.Tag).Order(StringComparer.Ordinal)],
                segment.CreatedAt
            )),
        ];
    }

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

/// <summary>A segment without its numbers.</summary>
public sealed record SegmentSummary(
    Guid Id,
    string Name,
    SegmentMatch Match,
    IReadOnlyList<string> Tags,
    DateTimeOffset CreatedAt
);

public sealed record SegmentSize(int Contacts, int Subscribed);

public sealed record NamedSegment(Guid Id, string Name);
