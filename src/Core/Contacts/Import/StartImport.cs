using Ledgerpost.Data;
using Ledgerpost.Tenancy;

namespace Ledgerpost.Contacts.Import;

/// <summary>What became of an upload.</summary>
public abstract record ImportOutcome
{
    private ImportOutcome() { }

    public sealed record Started(Guid ImportId) : ImportOutcome;

    /// <summary>The file as a whole cannot be imported; nothing was kept of it.</summary>
    public sealed record Refused(string Reason) : ImportOutcome
    {
        /// <summary>It is longer than <see cref="ImportFiles.MaxBytes"/>; its end was not read.</summary>
        public bool IsTooLarge { get; init; }
    }
}

/// <summary>Takes an uploaded CSV file, looks at its first line, and queues the rest for <see cref="ContactImporter"/>.</summary>
public sealed class StartImport(PortalDb portal, ImportFiles files, IIds ids, ImportSignal signal)
{
    /// <param name="fileName">As the browser names it; only shown.</param>
    /// <exception cref="AccessDeniedException">The caller is not an editor.</exception>
    public async Task<ImportOutcome> ExecuteAsync(
        Caller caller,
        string fileName,
        Stream content,
        CancellationToken cancellation = default
    )
    {
        // Before a byte is stored; the command asks again.
        await using (var db = portal.Read(caller.Scope))
        {
            await portal.DemandToReadAsync(db, caller, TenantRole.Editor, nameof(StartImport), cancellation);
        }

        var importId = ids.New();
        if (await files.SaveAsync(importId, content, cancellation) is not { } size)
        {
            return new ImportOutcome.Refused(
                $"The file is larger than {ImportFiles.MaxBytes / (1024 * 1024)} MB. Split it and import the parts one after the other."
            )
            {
                IsTooLarge = true,
            };
        }

        var queued = false;
        try
        {
            if (!TryReadColumns(importId, out var columns, out var problem))
            {
                return new ImportOutcome.Refused(problem!);
            }

            var started = await QueueAsync(caller, importId, NameOf(fileName), size, columns!, cancellation);
            queued = true;
            signal.Wake();
            return started;
        }
        finally
        {
            if (!queued)
            {
                files.Delete(importId);
            }

            files.CameIn(importId);
        }
    }

    private static string NameOf(string fileName) =>
        Shown.Visible(fileName.Split('/', '\\')[^1], 200) is { Length: > 0 } name ? name : "contacts.csv";

    private bool TryReadColumns(Guid importId, out ImportColumns? columns, out string? problem)
    {
        using var file = files.Open(importId);
        return ImportColumns.TryRead(file, out columns, out problem);
    }

    private Task<ImportOutcome> QueueAsync(
        Caller caller,
        Guid importId,
        string name,
        long size,
        ImportColumns columns,
        CancellationToken cancellation
    ) =>
        portal.CommandAsync<ImportOutcome>(
            caller,
            TenantRole.Editor,
            (command, _) =>
            {
                command.Db.ContactImports.Add(
                    new ContactImport
                    {
                        TenantId = command.TenantId,
                        Id = importId,
                        FileName = name,
                        Status = ImportStatus.Queued,
                        Size = size,
                        Position = columns.Start,
                        FileLines = 1,
                        StartedBy = command.Actor.Name,
                        CreatedAt = command.Now,
                    }
                );
                command.Audit("contacts.import_started", "import", importId.ToString(), name, new { bytes = size });
                return Task.FromResult<ImportOutcome>(new ImportOutcome.Started(importId));
            },
            cancellation
        );
}
