using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Programs;

/// <summary><c>Bootstrap:OperatorApiKey</c>: an operator's key for unattended set-up.</summary>
public sealed class FirstOperatorKey(PortalDb portal)
{
    /// <param name="key"><c>lp_op_...</c>, checked already; kept as its hash.</param>
    /// <returns>False when there is an operator's key already; then nothing was changed.</returns>
    public Task<bool> CreateAsync(string key, CancellationToken cancellation) =>
        portal.WriteAsync(
            TenantScope.Installation,
            async (db, token) =>
            {
                if (await db.OperatorKeys.AnyAsync(token))
                {
                    return false;
                }

                var now = portal.Time.GetUtcNow();
                var added = OperatorKey.Of(portal.Ids.New(), "Bootstrap", key, now);
                db.OperatorKeys.Add(added);
                await AuditLog.AppendAsync(
                    db,
                    Guid.Empty,
                    Actor.System,
                    now,
                    "operator_key.created",
                    "operator_key",
                    added.Id.ToString(),
                    added.Name,
                    details: null,
                    token
                );
                return true;
            },
            cancellation
        );
}
