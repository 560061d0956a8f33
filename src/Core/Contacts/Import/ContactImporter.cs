using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Contacts.Import;

/// <summary>
/// Works through queued imports, oldest first. The lines of a batch, their report and how far the file was read commit
/// together, so that a crash repeats no line and loses none.
/// </summary>
public sealed class ContactImporter(PortalDb portal, ImportFiles files, IIds ids, ILogger<ContactImporter> logger)
{
    /// <summary>Lines in one transaction: long enough to be quick, short enough that senders do not wait for it.</summary>
    public const int BatchLines = 500;

    /// <returns>Imports brought to their end.</returns>
    /// <exception cref="OperationCanceledException">Stopped between two batches; the next call goes on from there.</exception>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        var finished = 0;
        while (await NextAsync(cancellation) is { } next)
        {
            await RunAsync(next.TenantId, next.ImportId, cancellation);
            finished++;
        }

        return finished;
    }

    /// <summary>Deletes files that no unfinished import needs; for the start.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.Installation);
        var needed = await db
            .ContactImports.Where(import =>
                import.Status == ImportStatus.Queued || import.Status == ImportStatus.Running
            )
            .Select(import => import.Id)
            .ToHashSetAsync(cancellation);
        return files.DeleteAllBut(needed);
    }

    private async Task<ImportKey?> NextAsync(CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.Installation);
        var waiting = await db
            .ContactImports.Where(import =>
                import.Status == ImportStatus.Queued || import.Status == ImportStatus.Running
            )
            .OrderBy(import => import.CreatedAt)
            .Select(import => new ImportKey(import.TenantId, import.Id))
            .ToListAsync(cancellation);
        // With several instances a file lies with the one that took it in; that one works through it.
        return waiting.Find(import => portal.Provider == DatabaseProvider.Sqlite || files.Has(import.ImportId));
    }

    private async Task RunAsync(Guid tenantId, Guid importId, CancellationToken cancellation)
    {
        string? problem = null;
        try
        {
            await ReadFileAsync(tenantId, importId, cancellation);
        }
        catch (Exception failure) when (failure is not OperationCanceledException and not CommitInDoubtException)
        {
            logger.LogError(failure, "Import {ImportId} of tenant {TenantId} stopped", importId, tenantId);
            problem =
                failure is IOException
                    ? "The uploaded file could not be read. What was imported before is kept; import the file again for the rest."
                    : "The import stopped unexpectedly. What was imported before is kept; import the file again for the rest.";
        }

        await FinishAsync(tenantId, importId, problem);
        files.Delete(importId);
    }

    private async Task ReadFileAsync(Guid tenantId, Guid importId, CancellationToken cancellation)
    {
        await using var file = files.Open(importId);
        if (!ImportColumns.TryRead(file, out var columns, out var problem))
        {
            throw new IOException(problem);
        }

        var from = await PositionAsync(tenantId, importId, cancellation);
        var records = new CsvRecordReader(
            new CsvLineReader(file, from.Position, from.Lines),
            columns.Delimiter,
            from.Position,
            from.Lines
        );
        while (true)
        {
            var start = records.Position;
            var batch = new List<CsvRecord>(BatchLines);
            while (batch.Count < BatchLines && records.Read() is { } record)
            {
                batch.Add(record);
            }

            // Also without a record: empty lines at the end count as read.
            await portal.WriteAsync(
                TenantScope.For(tenantId),
                (db, token) =>
                    new ImportBatch(db, importId, columns, portal.Time.GetUtcNow(), ids).ApplyAsync(
                        batch,
                        new FileSpan(start, records.Position, records.FileLines),
                        token
                    ),
                cancellation
            );
            if (batch.Count < BatchLines)
            {
                return;
            }
        }
    }

    private async Task<(long Position, int Lines)> PositionAsync(
        Guid tenantId,
        Guid importId,
        CancellationToken cancellation
    )
    {
        await using var db = portal.Read(TenantScope.For(tenantId));
        var row = await db.ContactImports.SingleAsync(import => import.Id == importId, cancellation);
        return (row.Position, row.FileLines);
    }

    // Not cancelled: the last lines are in, and a stop now would only read the file's end once more.
    private Task FinishAsync(Guid tenantId, Guid importId, string? problem) =>
        portal.WriteAsync(
            TenantScope.For(tenantId),
            async (db, token) =>
            {
                var import = await db.ContactImports.SingleAsync(row => row.Id == importId, token);
                import.Status = problem is null ? ImportStatus.Completed : ImportStatus.Failed;
                import.Problem = problem;
                import.FinishedAt = portal.Time.GetUtcNow();
                await AuditLog.AppendAsync(
                    db,
                    tenantId,
                    Actor.System,
                    import.FinishedAt.Value,
                    problem is null ? "contacts.imported" : "contacts.import_failed",
                    "import",
                    importId.ToString(),
                    import.FileName,
                    new
                    {
                        import.Lines,
                        import.Accepted,
                        import.Updated,
                        import.Duplicates,
                        import.Rejected,
                        import.StartedBy,
                        problem,
                    },
                    token
                );
            },
            CancellationToken.None
        );

    private sealed record ImportKey(Guid TenantId, Guid ImportId);
}
