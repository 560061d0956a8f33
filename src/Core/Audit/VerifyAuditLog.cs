using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Audit;

/// <summary>What a look through a whole log found.</summary>
/// <param name="Entries">How many were looked at and are as they were written, from the first one on.</param>
/// <param name="Anchor">The newest that lies outside the database; entries after it could be cut off at the end unseen.</param>
/// <param name="Fault">Null when the log is whole.</param>
/// <param name="FaultAt">The number of the first bad entry.</param>
/// <param name="Head">Of a whole log that is not empty, its last entry.</param>
public sealed record AuditVerdict(
    long Entries,
    AuditAnchor? Anchor,
    AuditFault? Fault = null,
    long? FaultAt = null,
    AuditEntry? Head = null
)
{
    public bool IsWhole => Fault is null;
}

/// <summary>
/// Looks through a log from its first entry to its last and against its anchor. Reads a page at a time, so that a million
/// entries take a quarter of a minute and no memory, and nobody who writes has to wait.
/// </summary>
public sealed class VerifyAuditLog(PortalDb portal, AuditKeys keys, AuditAnchorFiles anchors)
{
    private const int AtOnce = 1000;

    /// <param name="scope">A tenant's; that of all tenants for the installation's own log.</param>
    public async Task<AuditVerdict> ExecuteAsync(TenantScope scope, CancellationToken cancellation) =>
        // The anchor is read before the log: one that is set meanwhile would be ahead of it.
        await AgainstAsync(await AnchorAsync(scope, cancellation), scope, cancellation);

    /// <summary>The installation's own log.</summary>
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<AuditVerdict> ExecuteAsync(Actor actor, CancellationToken cancellation)
    {
        await DemandOperatorAsync(actor, cancellation);
        return await ExecuteAsync(TenantScope.Installation, cancellation);
    }

    /// <summary>Of the installation's own log.</summary>
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<AuditAnchor?> AnchorAsync(Actor actor, CancellationToken cancellation)
    {
        await DemandOperatorAsync(actor, cancellation);
        return await AnchorAsync(TenantScope.Installation, cancellation);
    }

    /// <summary>How far the log had come when it was last verified and anchored; null before the first time.</summary>
    public Task<AuditAnchor?> AnchorAsync(TenantScope scope, CancellationToken cancellation) =>
        anchors.NewestAsync(scope.TenantId, keys, cancellation);

    /// <param name="anchor">Null to look at the log by itself.</param>
    internal async Task<AuditVerdict> AgainstAsync(
        AuditAnchor? anchor,
        TenantScope scope,
        CancellationToken cancellation
    )
    {
        AuditEntry? last = null;
        string? anchored = null;
        var erased = new ErasureCheck();
        while (true)
        {
            // Also what was put before the first.
            var page = await PageAsync(scope, last?.Sequence ?? long.MinValue, cancellation);
            foreach (var entry in page)
            {
                var expected = (last?.Sequence ?? 0) + 1;
                if (entry.Sequence < expected)
                {
                    return new AuditVerdict(0, anchor, AuditFault.Changed, entry.Sequence);
                }

                if (entry.Sequence > expected)
                {
                    return new AuditVerdict(expected - 1, anchor, AuditFault.Missing, expected);
                }

                if (AuditChain.Check(keys, last, entry) is { } fault)
                {
                    return new AuditVerdict(expected - 1, anchor, fault, expected);
                }

                last = entry;
                erased.Note(entry);
                if (entry.Sequence == anchor?.Sequence)
                {
                    anchored = Convert.ToHexStringLower(entry.Hash!);
                }
            }

            if (page.Count < AtOnce)
            {
                break;
            }
        }

        if (erased.FirstUnsaid() is { } unsaid)
        {
            return new AuditVerdict(unsaid - 1, anchor, AuditFault.PersonalMissing, unsaid);
        }

        return Against(anchor, last, anchored);
    }

    private async Task DemandOperatorAsync(Actor actor, CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.Installation);
        await portal.DemandOperatorToReadAsync(db, actor, nameof(VerifyAuditLog), cancellation);
    }

    private static AuditVerdict Against(AuditAnchor? anchor, AuditEntry? last, string? anchored)
    {
        var entries = last?.Sequence ?? 0;
        if (anchor is null or { Sequence: 0 } || anchored == anchor.Hash)
        {
            return new AuditVerdict(entries, anchor, Head: last);
        }

        return anchored is null
            ? new AuditVerdict(entries, anchor, AuditFault.CutOff, entries + 1)
            : new AuditVerdict(0, anchor, AuditFault.Replaced, anchor.Sequence);
    }

    private async Task<List<AuditEntry>> PageAsync(TenantScope scope, long after, CancellationToken cancellation)
    {
        await using var db = portal.Read(scope);
        return await db
            .AuditEntries.Where(entry => entry.TenantId == scope.TenantId && entry.Sequence > after)
            .OrderBy(entry => entry.Sequence)
            .Take(AtOnce)
            .ToListAsync(cancellation);
    }
}
