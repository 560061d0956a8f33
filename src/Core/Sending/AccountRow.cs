using Ledgerpost.Data;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// The account's row, which every call of the installation has to do with: locked where it is changed, so that no change is
/// lost, and not touched where there is nothing new, so that the calls do not stand in line for it.
/// </summary>
internal static class AccountRow
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    /// <summary>In its newest state, for a change; must not have been read by this context before.</summary>
    public static Task<ProviderAccount> LockAsync(
        PortalDbContext context,
        Guid accountId,
        CancellationToken cancellation
    ) => context.ProviderAccounts.Where(account => account.Id == accountId).ForUpdate().SingleAsync(cancellation);

    public static async Task SucceededAsync(
        PortalDbContext context,
        Guid accountId,
        DateTimeOffset now,
        string emailId,
        CancellationToken cancellation
    )
    {
        // Asked for every answer.
        var known = await context.AnyAsync(
            $"""
            SELECT 1 FROM "ProviderAccounts"
            WHERE "Id" = {accountId} AND "FailingSince" IS NULL AND "FailuresInARow" = 0
                AND "KnownEmailId" IS NOT NULL AND "LastSuccessAt" > {InstantConverter.ToMicroseconds(now - Fresh)}
            """,
            cancellation
        );
        if (known)
        {
            return;
        }

        var account = await LockAsync(context, accountId, cancellation);
        account.Succeeded(now, emailId);
    }
}
