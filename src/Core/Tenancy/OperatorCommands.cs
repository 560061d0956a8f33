using Ledgerpost.Audit;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>Commands about the installation: the caller must be an operator in the same transaction.</summary>
public static class OperatorCommands
{
    /// <summary>Audited in the installation's own log.</summary>
    /// <exception cref="AccessDeniedException">The caller is not an operator, or not any more.</exception>
    public static Task<T> OperatorCommandAsync<T>(
        this PortalDb portal,
        Actor actor,
        Func<CommandContext, CancellationToken, Task<T>> work,
        CancellationToken cancellation
    ) =>
        portal.WriteAsync(
            TenantScope.Installation,
            async (db, ct) =>
            {
                await DemandOperatorAsync(db, actor, ct);
                var command = new CommandContext(db, actor, portal.Time.GetUtcNow(), portal.Ids);
                var result = await work(command, ct);
                await command.WriteAuditAsync(ct);
                return result;
            },
            cancellation
        );

    /// <exception cref="AccessDeniedException">The caller is not an operator, or not any more.</exception>
    public static async Task DemandOperatorAsync(PortalDbContext db, Actor actor, CancellationToken cancellation)
    {
        if (!await db.Users.AnyAsync(user => user.Id == actor.UserId && user.IsOperator, cancellation))
        {
            throw new AccessDeniedException();
        }
    }
}
