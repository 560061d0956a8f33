using System.Runtime.CompilerServices;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Audit;

/// <summary>
/// A tenant's log as a file, filtered as it is looked at: all entries up to the moment of the export, the newest first.
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
            last =
                await db
                    .AuditEntries.Where(entry => entry.TenantId == caller.Scope.TenantId)
                    .MaxAsync(entry => (long?)entry.Sequence, cancellation)
                ?? 0;
        }

        var about = new
        {
            format,
            filter.Actor,
            filter.Action,
            filter.Target,
            filter.From,
            filter.Until,
        };
        await portal.Tally.DemandAsync(
            Happening.Exported(caller, "audit.exported", "audit", "", "the audit log", about)
        );
        return ReadAsync(caller, filter, last + 1, cancellation);
    }

    private async IAsyncEnumerable<AuditEntry> ReadAsync(
        Caller caller,
        AuditFilter filter,
        long? before,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        do
        {
            var page = await query.ReadAsync(caller.Scope, filter, before, cancellation, AtOnce);
            foreach (var entry in page.Entries)
            {
                yield return entry;
            }

            before = page.Older;
        } while (before is not null);
    }
}
