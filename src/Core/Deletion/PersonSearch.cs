using Ledgerpost.Contacts;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Deletion;

/// <summary>
/// What names a person in tables that must be read from end to end, looked for before an erasure takes its locks: while it
/// has them, everybody's events wait, and on SQLite every write. Within the locks it looks again at what was found here, and
/// at what was written since.
/// </summary>
internal sealed class PersonSearch
{
    /// <summary>
    /// Longer than any transaction and than clocks are apart: whatever is not found here bears a later time than that of the
    /// search, less this.
    /// </summary>
    private static readonly TimeSpan LongestTransaction = TimeSpan.FromDays(1);

    private readonly Guid? _contactId;
    private readonly IReadOnlyList<string> _addresses;

    private PersonSearch(PersonRows person) => (_contactId, _addresses) = (person.Contact?.Id, person.Addresses);

    /// <summary>Of the log, whose numbers are given in the order of the commits.</summary>
    public required long LastEntry { get; init; }

    public required List<long> Entries { get; init; }

    /// <summary>Imports that had ended: they write no line any more.</summary>
    public required IReadOnlySet<Guid> EndedImports { get; init; }

    public List<(Guid ImportId, int Line)> ImportLines { get; } = [];

    public required DateTimeOffset Since { get; init; }

    public List<(string Path, string Key)> Requests { get; } = [];

    /// <summary>Of those that stand in no recipient's story.</summary>
    public required List<(Guid AccountId, string MessageId)> Events { get; init; }

    /// <summary>Whose error names the person.</summary>
    public List<Guid> Deliveries { get; } = [];

    /// <param name="db">One snapshot.</param>
    public static async Task<PersonSearch> RunAsync(
        PortalDbContext db,
        string normalized,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var tenantId = db.Scope.TenantId;
        var person = await PersonRows.FindAsync(db, normalized, cancellation);
        var hashes = await AddressHashes.OfAsync(db, cancellation);
        var entries = await person.EntriesAsync(db, hashes, before: null, cancellation);
        var events = await PersonTexts.EventsAsync(db, person.Addresses, before: null, cancellation);
        var search = new PersonSearch(person)
        {
            LastEntry =
                await db
                    .AuditEntries.Where(entry => entry.TenantId == tenantId)
                    .MaxAsync(entry => (long?)entry.Sequence, cancellation)
                ?? 0,
            Entries = entries.ConvertAll(entry => entry.Sequence),
            EndedImports = await db
                .ContactImports.Where(import =>
                    import.Status == ImportStatus.Completed || import.Status == ImportStatus.Failed
                )
                .Select(import => import.Id)
                .ToHashSetAsync(cancellation),
            Since = now - LongestTransaction,
            Events = events.ConvertAll(message => (message.AccountId, message.MessageId)),
        };
        foreach (var address in person.Addresses)
        {
            var lines = await PersonTexts.ImportLinesAsync(db, address, before: null, cancellation);
            search.ImportLines.AddRange(lines.Select(line => (line.ImportId, line.Line)));
            var requests = await PersonTexts.RequestsAsync(db, address, before: null, cancellation);
            search.Requests.AddRange(requests.Select(request => (request.Path, request.Key)));
            search.Deliveries.AddRange(
                await PersonTexts.ErrorsWith(db, address).Select(row => row.Id).ToListAsync(cancellation)
            );
        }

        return search;
    }

    /// <summary>The contact, and whose its former addresses are, may have changed; then all is looked for anew.</summary>
    public bool Covers(PersonRows person) =>
        person.Contact?.Id == _contactId && person.Addresses.All(address => _addresses.Contains(address));
}
