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
public sealed class ContactImporter(
    PortalDb portal,
    ImportFiles files,
    IIds ids,
    UnsubscribeImported unsubscribe,
    ILogger<ContactImporter> logger
)
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

    /// <summary>
    /// Deletes files that no unfinished import needs: an upload that a crash cut off, an end that forgot to clean up, and the
    /// people of a tenant that another instance has deleted meanwhile.
    /// </summary>
    /// <returns>How many.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellation)
    {
        // Files first and rows after: whatever is settled by now has its row by now.
        var settled = files.Settled();
        if (settled.Count == 0)
        {
            return 0;
        }

        await using var db = portal.Read(TenantScope.Installation);
        var needed = await Unfinished(db).Select(import => import.Id).ToHashSetAsync(cancellation);
        var deleted = 0;
        foreach (var id in settled.Where(id => !needed.Contains(id)))
        {
            files.Delete(id);
            deleted++;
        }

        if (deleted > 0)
        {
            logger.LogInformation("{Files} uploads without an import were deleted", deleted);
        }

        return deleted;
    }

    /// <summary>
    /// With several instances a file lies with the one that took it in. That one says each minute that it is still there;
    /// of one that has not been heard of for so long nobody waits for the rest. Who has not been there for as long judges nobody:
    /// after an outage of all, each would find the others' word old.
    /// </summary>
    public static readonly TimeSpan TakenForGoneAfter = TimeSpan.FromMinutes(10);

    private DateTimeOffset? _listens;
    private DateTimeOffset? _listened;

    /// <summary>
    /// Says that the files here are here, ends imports whose instance is gone, with the reason, and deletes the files here that
    /// nobody needs.
    /// </summary>
    /// <returns>How many were ended.</returns>
    public async Task<int> WatchAsync(CancellationToken cancellation)
    {
        var here = files.Here();
        var now = portal.Time.GetUtcNow();
        if (here.Count > 0)
        {
            await portal.WriteAsync(
                TenantScope.Installation,
                (db, token) =>
                    Unfinished(db)
                        .Where(import => here.Contains(import.Id))
                        .ExecuteUpdateAsync(set => set.SetProperty(import => import.AliveAt, now), token),
                cancellation
            );
        }

        List<ImportKey> unheard;
        await using (var db = portal.Read(TenantScope.Installation))
        {
            unheard = await Gone(db, here, now)
                .Select(import => new ImportKey(import.TenantId, import.Id))
                .ToListAsync(cancellation);
        }

        var gone = HasListenedLongEnough(now) ? unheard : [];
        foreach (var import in gone)
        {
            logger.LogWarning("The instance that had the file of import {ImportId} is gone", import.ImportId);
            await FinishAsync(
                import.TenantId,
                import.ImportId,
                "The server that had the uploaded file is gone. What was imported before is kept; import the file again for the rest.",
                db => Gone(db, here, now)
            );
        }

        // Last: others must hear of the files that are needed even where one cannot be deleted.
        await SweepAsync(cancellation);
        return gone.Count;
    }

    /// <summary>Called each time that the database could be asked; a gap means that it, or this process, was away.</summary>
    private bool HasListenedLongEnough(DateTimeOffset now)
    {
        if (_listens is null || now - _listened > TakenForGoneAfter / 2)
        {
            _listens = now;
        }

        _listened = now;
        return now - _listens >= TakenForGoneAfter;
    }

    private static IQueryable<ContactImport> Unfinished(PortalDbContext db) =>
        db.ContactImports.Where(import =>
            import.Status == ImportStatus.Queued || import.Status == ImportStatus.Running
        );

    private static IQueryable<ContactImport> Gone(PortalDbContext db, IReadOnlyList<Guid> here, DateTimeOffset now)
    {
        var since = now - TakenForGoneAfter;
        return Unfinished(db)
            .Where(import => (import.AliveAt ?? import.CreatedAt) < since && !here.Contains(import.Id));
    }

    private async Task<ImportKey?> NextAsync(CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.Installation);
        var waiting = await Unfinished(db)
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
        catch (ImportEndedException)
        {
            logger.LogWarning(
                "Import {ImportId} of tenant {TenantId} was ended by another instance",
                importId,
                tenantId
            );
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
                    new ImportBatch(db, importId, columns, portal.Time.GetUtcNow(), ids, unsubscribe).ApplyAsync(
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
    private Task FinishAsync(
        Guid tenantId,
        Guid importId,
        string? problem,
        Func<PortalDbContext, IQueryable<ContactImport>>? only = null
    ) =>
        portal.WriteAsync(
            TenantScope.For(tenantId),
            async (db, token) =>
            {
                // Asked again here: its instance may have been heard of, or another one have ended it.
                var open = (only ?? Unfinished)(db);
                if (await open.SingleOrDefaultAsync(row => row.Id == importId, token) is not { } import)
                {
                    return;
                }

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
