using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Audit;

/// <summary>
/// Writes how far each log has come into a file outside the database, once it was looked through: a log that is not whole
/// gets no new anchor, and it is said loudly. Where a tenant wishes it, its owners get the same line by mail.
/// </summary>
/// <remarks>
/// Every log is read from its first entry on each time: what was changed in an old entry is noticed within a day, and
/// nothing cheaper would notice it.
/// </remarks>
/// <param name="mailer">Null where the portal writes no mails.</param>
public sealed class AnchorAuditLogs(
    PortalDb portal,
    AuditKeys keys,
    AuditAnchorFiles anchors,
    VerifyAuditLog verify,
    ILogger<AnchorAuditLogs> logger,
    AccountMailer? mailer = null
)
{
    /// <returns>How many logs were anchored; those without a new entry are passed over.</returns>
    public Task<int> ExecuteAsync(CancellationToken cancellation) => AnchorAsync(restored: false, cancellation);

    /// <summary>A restored log ends before its anchor and goes on from there: what counts from now on is the restored one.</summary>
    public Task<int> AfterRestoreAsync(CancellationToken cancellation) => AnchorAsync(restored: true, cancellation);

    private async Task<int> AnchorAsync(bool restored, CancellationToken cancellation)
    {
        var set = new List<AuditAnchor>();
        foreach (var (_, scope) in await AuditLogs.ReadAsync(portal, keys, anchors, cancellation))
        {
            var verdict = restored
                ? await verify.AgainstAsync(null, scope, cancellation)
                : await verify.ExecuteAsync(scope, cancellation);
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
            else if (verdict.Head is { } head)
            {
                if (head.Sequence != verdict.Anchor?.Sequence)
                {
                    set.Add(AuditAnchor.Of(keys, head, portal.Time.GetUtcNow()));
                }
            }
            else if (restored && await verify.AnchorAsync(scope, cancellation) is { Sequence: > 0 })
            {
                // The backup is older than the log.
                set.Add(AuditAnchor.OfEmpty(keys, scope.TenantId, portal.Time.GetUtcNow()));
            }
        }

        await anchors.AppendAsync(set, cancellation);
        foreach (var anchor in set)
        {
            await MailAsync(anchor, cancellation);
        }

        return set.Count;
    }

    private async Task MailAsync(AuditAnchor anchor, CancellationToken cancellation)
    {
        if (mailer is not { IsOn: true } || anchor.TenantId == Guid.Empty)
        {
            return;
        }

        await portal.WriteAsync(
            TenantScope.For(anchor.TenantId),
            async (db, token) =>
            {
                var tenant = await db
                    .Tenants.Living()
                    .SingleOrDefaultAsync(row => row.Id == anchor.TenantId && row.MailsAnchors, token);
                if (tenant is null)
                {
                    return;
                }

                foreach (var owner in await AccountMailer.OwnersAsync(db, tenant.Id, token))
                {
                    mailer.WriteAnchor(db, portal.Ids, portal.Time.GetUtcNow(), owner, tenant.Name, anchor);
                }
            },
            cancellation
        );
    }
}
