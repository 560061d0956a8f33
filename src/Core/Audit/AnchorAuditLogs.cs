using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Audit;

/// <summary>
/// Writes how far each log has come into a file outside the database, once it was looked through: a log that is not whole
/// gets no new anchor, and it is said loudly.
/// </summary>
public sealed class AnchorAuditLogs(
    PortalDb portal,
    AuditKeys keys,
    AuditAnchorFiles anchors,
    VerifyAuditLog verify,
    ILogger<AnchorAuditLogs> logger
)
{
    /// <returns>How many logs were anchored; those without a new entry are passed over.</returns>
    public Task<int> ExecuteAsync(CancellationToken cancellation) => AnchorAsync(verify.ExecuteAsync, cancellation);

    /// <summary>A restored log ends before its anchor and goes on from there: what counts from now on is the restored one.</summary>
    public Task<int> AfterRestoreAsync(CancellationToken cancellation) =>
        AnchorAsync((scope, token) => verify.AgainstAsync(null, scope, token), cancellation);

    private async Task<int> AnchorAsync(
        Func<TenantScope, CancellationToken, Task<AuditVerdict>> look,
        CancellationToken cancellation
    )
    {
        var set = new List<AuditAnchor>();
        foreach (var scope in await LogsAsync(cancellation))
        {
            var verdict = await look(scope, cancellation);
            if (!verdict.IsWhole)
            {
                portal.Safety.Fired(SafetyMechanism.AuditLogBroken, scope.TenantId);
                logger.LogCritical(
                    "The audit log of {Tenant} is not whole: {Fault} at entry {Entry}. No anchor was set; run verify-audit and keep the database as it is",
                    scope.TenantId,
                    verdict.Fault,
                    verdict.FaultAt
                );
            }
            else if (verdict.Entries != (verdict.Anchor?.Sequence ?? 0))
            {
                set.Add(
                    AuditAnchor.Of(
                        keys,
                        await EntryAsync(scope, verdict.Entries, cancellation),
                        portal.Time.GetUtcNow()
                    )
                );
            }
        }

        await anchors.AppendAsync(set, cancellation);
        return set.Count;
    }

    private async Task<AuditEntry> EntryAsync(TenantScope scope, long sequence, CancellationToken cancellation)
    {
        await using var db = portal.Read(scope);
        return await db.AuditEntries.SingleAsync(
            entry => entry.TenantId == scope.TenantId && entry.Sequence == sequence,
            cancellation
        );
    }

    /// <summary>The installation's log and every tenant's, also of those that were deleted.</summary>
    private async Task<IReadOnlyList<TenantScope>> LogsAsync(CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.Installation);
        var tenants = await db.Tenants.Select(tenant => tenant.Id).ToListAsync(cancellation);
        var deleted = await ErasedEntries.OfDeletedTenants(db).ToListAsync(cancellation);
        return
        [
            TenantScope.Installation,
            .. tenants.Concat(deleted.Select(entry => Guid.Parse(entry.TargetId))).Select(TenantScope.For),
        ];
    }
}
