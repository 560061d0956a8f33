using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Contacts.Import;

/// <summary>An import as a page shows it.</summary>
/// <param name="Progress">0 to 1, by bytes of the file.</param>
public sealed record ImportView(
    Guid Id,
    string FileName,
    ImportStatus Status,
    double Progress,
    int Lines,
    int Accepted,
    int Updated,
    int Duplicates,
    int Rejected,
    string? Problem,
    string StartedBy,
    DateTimeOffset CreatedAt,
    DateTimeOffset? FinishedAt
)
{
    public bool Running => Status is ImportStatus.Queued or ImportStatus.Running;
}

public sealed record ImportLineView(int Line, ImportLineOutcome Outcome, string Email, string Reason);

public sealed record ImportLinePage(IReadOnlyList<ImportLineView> Rows, int Total);

/// <summary>What became of a tenant's imports.</summary>
public sealed class ImportReport(PortalDb portal)
{
    public const int MaxPageSize = 200;

    /// <returns>Null when it is not there, or is another tenant's.</returns>
    public async Task<ImportView?> FindAsync(Caller caller, Guid importId, CancellationToken cancellation = default)
    {
        await using var db = portal.Read(caller.Scope);
        return await FindAsync(db, importId, cancellation);
    }

    /// <summary>The same within a command's transaction.</summary>
    public static async Task<ImportView?> FindAsync(
        PortalDbContext db,
        Guid importId,
        CancellationToken cancellation
    ) =>
        await db.ContactImports.SingleOrDefaultAsync(import => import.Id == importId, cancellation) is { } row
            ? View(row)
            : null;

    /// <summary>The newest first.</summary>
    public async Task<IReadOnlyList<ImportView>> LatestAsync(
        Caller caller,
        int count,
        CancellationToken cancellation = default
    )
    {
        await using var db = portal.Read(caller.Scope);
        var rows = await db
            .ContactImports.OrderByDescending(import => import.CreatedAt)
            .Take(count)
            .ToListAsync(cancellation);
        return [.. rows.Select(View)];
    }

    /// <summary>Lines that were not simply added and had something new, in the order of the file.</summary>
    public Task<ImportLinePage> LinesAsync(
        Caller caller,
        Guid importId,
        ImportLineOutcome? outcome,
        int offset,
        int limit,
        CancellationToken cancellation = default
    ) =>
        portal.ReadSnapshotAsync(
            caller.Scope,
            async (db, token) =>
            {
                var lines = Lines(db, importId, outcome);
                var page = await lines
                    .OrderBy(line => line.Line)
                    .Skip(Math.Max(0, offset))
                    .Take(Math.Clamp(limit, 1, MaxPageSize))
                    .Select(line => new ImportLineView(line.Line, line.Outcome, line.Email, line.Reason))
                    .ToListAsync(token);
                return new ImportLinePage(page, await lines.CountAsync(token));
            },
            cancellation
        );

    /// <summary>
    /// Rejected lines as CSV, and an entry that they were taken. A value that a spreadsheet would take for a formula gets an
    /// apostrophe before it.
    /// </summary>
    public async Task WriteRejectedAsync(
        Caller caller,
        Guid importId,
        Stream content,
        CancellationToken cancellation = default
    )
    {
        await using var db = portal.Read(caller.Scope);
        await portal.DemandToReadAsync(db, caller, TenantRole.Viewer, nameof(ImportReport), cancellation);
        if (await FindAsync(db, importId, cancellation) is { } import)
        {
            await portal.Tally.DemandAsync(
                Happening.Exported(
                    caller,
                    "contacts.rejected_exported",
                    "import",
                    importId.ToString(),
                    import.FileName,
                    about: null
                )
            );
        }

        await using var csv = await CsvFile.BeginAsync(content, ["line", "email", "reason"], cancellation);
        var lines = Lines(db, importId, ImportLineOutcome.Rejected).OrderBy(line => line.Line);
        await foreach (var line in lines.AsAsyncEnumerable().WithCancellation(cancellation))
        {
            csv.WriteField(line.Line);
            csv.WriteField(line.Email);
            csv.WriteField(line.Reason);
            await csv.EndRecordAsync(cancellation);
        }
    }

    private static IQueryable<ContactImportLine> Lines(PortalDbContext db, Guid importId, ImportLineOutcome? outcome)
    {
        var lines = db.ContactImportLines.Where(line => line.ImportId == importId);
        return outcome is { } wanted ? lines.Where(line => line.Outcome == wanted) : lines;
    }

    private static ImportView View(ContactImport import) =>
        new(
            import.Id,
            import.FileName,
            import.Status,
            import.Status == ImportStatus.Completed ? 1
                : import.Size == 0 ? 0
                : Math.Clamp((double)import.Position / import.Size, 0, 1),
            import.Lines,
            import.Accepted,
            import.Updated,
            import.Duplicates,
            import.Rejected,
            import.Problem,
            import.StartedBy,
            import.CreatedAt,
            import.FinishedAt
        );
}
