using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Audit;

/// <param name="Name">The tenant's slug; words for the installation's own log and for those without a tenant.</param>
public sealed record KnownLog(string Name, TenantScope Scope);

/// <summary>
/// Every log that there should be. Of whose tenant and entries nothing is left in the database, the anchors outside it know:
/// so a whole log cannot be cut off unseen.
/// </summary>
public static class AuditLogs
{
    /// <summary>The installation's own log, every tenant's, those of deleted tenants, and those that only an anchor names.</summary>
    public static async Task<IReadOnlyList<KnownLog>> ReadAsync(
        PortalDb portal,
        AuditKeys keys,
        AuditAnchorFiles anchors,
        CancellationToken cancellation
    )
    {
        // Before the tables: of a log that is anchored meanwhile they know as well.
        var anchored = await anchors.NewestAsync(keys, cancellation);
        await using var db = portal.Read(TenantScope.Installation);
        var logs = new List<KnownLog> { new("the installation", TenantScope.Installation) };
        var tenants = await db
            .Tenants.OrderBy(tenant => tenant.Slug)
            .Select(tenant => new { tenant.Slug, tenant.Id })
            .ToListAsync(cancellation);
        logs.AddRange(tenants.Select(tenant => new KnownLog(tenant.Slug, TenantScope.For(tenant.Id))));
        // Nothing is deleted from a log, also not with its tenant.
        foreach (var entry in await ErasedEntries.OfDeletedTenants(db).ToListAsync(cancellation))
        {
            // One that somebody put in by hand may name anything; it is found where its log is looked through.
            if (Guid.TryParse(entry.TargetId, out var id) && id != Guid.Empty)
            {
                logs.Add(new($"{entry.TargetName} (deleted)", TenantScope.For(id)));
            }
        }

        logs.AddRange(
            anchored
                .Where(anchor => anchor is { Sequence: > 0 } && anchor.TenantId != Guid.Empty)
                .OrderBy(anchor => anchor.TenantId)
                .Select(anchor => new KnownLog($"{anchor.TenantId} (gone)", TenantScope.For(anchor.TenantId)))
        );
        return [.. logs.DistinctBy(log => log.Scope.TenantId)];
    }
}
