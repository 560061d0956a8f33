using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Webhooks;

public enum ReplayResult
{
    /// <summary>It is looked at again within moments.</summary>
    Asked,

    /// <summary>It stands in its recipient's story already; applying it again would change nothing.</summary>
    AppliedAlready,

    NotFound,
}

/// <summary>
/// A person asks for an event to be looked at again: one that waits, was ignored or was set aside. An event stands once in a
/// story however often it is applied, so this can count nothing twice.
/// </summary>
public sealed class ReplayEvent(PortalDb db, WebhookSignal signal)
{
    /// <exception cref="AccessDeniedException">The caller may not.</exception>
    public async Task<ReplayResult> ExecuteAsync(
        Caller caller,
        Guid accountId,
        string messageId,
        CancellationToken cancellation
    ) =>
        Told(
            await db.CommandAsync(
                caller,
                TenantRole.Admin,
                (command, token) => AskAsync(command, caller.Scope.TenantId, accountId, messageId, token),
                cancellation
            )
        );

    /// <summary>One of nobody's.</summary>
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<ReplayResult> ExecuteAsync(
        Actor actor,
        Guid accountId,
        string messageId,
        CancellationToken cancellation
    ) =>
        Told(
            await db.OperatorCommandAsync(
                actor,
                (command, token) => AskAsync(command, Guid.Empty, accountId, messageId, token),
                cancellation
            )
        );

    private ReplayResult Told(ReplayResult result)
    {
        signal.Raise();
        return result;
    }

    private static async Task<ReplayResult> AskAsync(
        CommandContext command,
        Guid tenantId,
        Guid accountId,
        string messageId,
        CancellationToken cancellation
    )
    {
        var which = command.Db.WebhookMessages.Where(message =>
            message.TenantId == tenantId && message.AccountId == accountId && message.MessageId == messageId
        );
        var asked = await which
            .Where(message => message.State != WebhookState.Applied)
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(message => message.State, WebhookState.Waiting)
                        .SetProperty(message => message.NotBefore, command.Now)
                        .SetProperty(message => message.AppliedAt, (DateTimeOffset?)null)
                        .SetProperty(message => message.Note, (string?)null),
                cancellation
            );
        if (asked == 0)
        {
            return await which.AnyAsync(cancellation) ? ReplayResult.AppliedAlready : ReplayResult.NotFound;
        }

        command.Audit("event.replayed", "event", messageId, messageId, new { account = accountId });
        return ReplayResult.Asked;
    }
}
