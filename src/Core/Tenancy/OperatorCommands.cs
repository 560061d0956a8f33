using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Identity;
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
    ) => portal.OperatorCommandAsync(actor, record: null, work, cancellation);

    /// <param name="record">What the command leaves behind for whoever gives it again.</param>
    /// <exception cref="AccessDeniedException">The caller is not an operator, or not any more.</exception>
    public static Task<T> OperatorCommandAsync<T>(
        this PortalDb portal,
        Actor actor,
        ICommandRecord? record,
        Func<CommandContext, CancellationToken, Task<T>> work,
        CancellationToken cancellation
    ) =>
        portal.WriteAsync(
            TenantScope.Installation,
            record?.Patience,
            async (db, token) =>
            {
                await DemandOperatorAsync(db, actor, token);
                var command = new CommandContext(db, actor, portal.Time.GetUtcNow(), portal.Ids);
                return await command.RunAsync(record, work, token);
            },
            cancellation,
            asked: work
        );

    /// <exception cref="AccessDeniedException">The caller is not an operator, or not any more.</exception>
    public static async Task DemandOperatorAsync(PortalDbContext db, Actor actor, CancellationToken cancellation)
    {
        if (actor.Kind == ActorKind.System)
        {
            // The command line: whoever has the database's files or its login has everything.
            return;
        }

        var holds =
            actor.Kind == ActorKind.Program
                ? await db.OperatorKeys.AnyAsync(key => key.Id == actor.UserId && key.RevokedAt == null, cancellation)
                : await db.Users.AnyAsync(user => user.Id == actor.UserId && user.IsOperator, cancellation);
        if (!holds)
        {
            throw AccessDeniedException.NoOperator(actor);
        }

        if (await CheckSession.IsOverAsync(db, actor, cancellation))
        {
            throw AccessDeniedException.SessionOver(actor);
        }
    }
}
