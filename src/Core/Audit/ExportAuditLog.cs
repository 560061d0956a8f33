using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Audit;

/// <summary>
/// A log as a file, filtered as it is looked at: all entries up to the moment of the export, the newest first.
/// The export itself is an entry, and not in the file.
/// </summary>
public sealed class ExportAuditLog(PortalDb portal, AuditQuery query)
{
    /// <summary>So many are held in memory, whatever the file's size.</summary>
    private const int AtOnce = 1000;

    /// <param name="format">As the entry names it.</param>
    /// <returns>Read while they are asked for; a file that is given up halfway was exported as well.</returns>
    /// <exception cref="AccessDeniedException">The caller is no member.</exception>
    public async Task<IAsyncEnumerable<AuditEntry>> ExecuteAsync(
        Caller caller,
        AuditFilter filter,
        string format,
        CancellationToken cancellation
    )
    {
        long last;
        await using (var db = portal.Read(caller.Scope))
        {
            await portal.DemandToReadAsync(db, caller, TenantRole.Viewer, nameof(ExportAuditLog), cancellation);
            last = await LastAsync(db, caller.TenantId, cancellation);
        }

        await NoteAsync(caller.TenantId, caller.Actor, filter, format);
        return ReadAsync(before => query.ReadAsync(caller.Scope, filter, before, cancellation, AtOnce), last);
    }

    /// <summary>The installation's own log.</summary>
    /// <exception cref="AccessDeniedException">The caller is not an operator, or not any more.</exception>
    public async Task<IAsyncEnumerable<AuditEntry>> ExecuteAsync(
        Actor actor,
        AuditFilter filter,
        string format,
        CancellationToken cancellation
    )
    {
        long last;
        await using (var db = portal.Read(TenantScope.Installation))
        {
            await portal.DemandOperatorToReadAsync(db, actor, nameof(ExportAuditLog), cancellation);
            last = await LastAsync(db, Guid.Empty, cancellation);
        }

        await NoteAsync(Guid.Empty, actor, filter, format);
        return ReadAsync(before => query.ReadAsync(actor, filter, before, cancellation, AtOnce), last);
    }

    private static async Task<long> LastAsync(PortalDbContext db, Guid log, CancellationToken cancellation) =>
        await db
            .AuditEntries.Where(entry => entry.TenantId == log)
            .MaxAsync(entry => (long?)entry.Sequence, cancellation)
        ?? 0;

    private async Task NoteAsync(Guid log, Actor actor, AuditFilter filter, string format) =>
        await portal.Tally.DemandAsync(
            Happening.Exported(
                log,
                actor,
                "audit.exported",
                "audit",
                "",
                "the audit log",
                new
                {
                    format,
                    filter.Actor,
                    filter.Action,
                    filter.Target,
                    filter.From,
                    filter.Until,
                }
            )
        );

    private static async IAsyncEnumerable<AuditEntry> ReadAsync(Func<long?, Task<AuditPage>> pageBefore, long last)
    {
        long? before = last + 1;
        do
        {
            var page = await pageBefore(before);
            foreach (var entry in page.Entries)
            {
                yield return entry;
            }

            before = page.Older;
        } while (before is not null);
    }
}
