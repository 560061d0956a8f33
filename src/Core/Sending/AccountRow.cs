using System.Runtime.CompilerServices;
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
        if (await MendAsync(context, accountId, now, emailId, cancellation))
        {
            await NoteAsync(context, accountId, now, emailId, cancellation);
        }
    }

    /// <summary>The account works again, where it had not; where it had, nothing is written yet.</summary>
    /// <returns>Whether there is still something to note (<see cref="NoteAsync"/>).</returns>
    public static async Task<bool> MendAsync(
        PortalDbContext context,
        Guid accountId,
        DateTimeOffset now,
        string emailId,
        CancellationToken cancellation
    )
    {
        // Asked for every answer.
        var (isSound, isFresh) = await context.FirstAsync(
            $"""
            SELECT CASE WHEN "FailingSince" IS NULL AND "FailuresInARow" = 0 AND "KnownEmailId" IS NOT NULL
                THEN 1 ELSE 0 END, CASE WHEN "LastSuccessAt" > {InstantConverter.ToMicroseconds(now - Fresh)}
                THEN 1 ELSE 0 END
            FROM "ProviderAccounts" WHERE "Id" = {accountId}
            """,
            row => (row.GetInt32(0) == 1, row.GetInt32(1) == 1),
            cancellation
        );
        if (!isSound)
        {
            var account = await LockAsync(context, accountId, cancellation);
            account.Succeeded(now, emailId);
        }

        return isSound && !isFresh;
    }

    /// <summary>
    /// Nothing hangs on who notes it: whoever finds another at the row goes on. Each second all calls in flight would stand in
    /// line here, every one until the commit of the one before it. Everybody's next claim does stand in line for the row: from
    /// here on a transaction should wait for nothing.
    /// </summary>
    public static Task<int> NoteAsync(
        PortalDbContext context,
        Guid accountId,
        DateTimeOffset now,
        string emailId,
        CancellationToken cancellation
    ) =>
        context.ExecuteAsync(
            FormattableStringFactory.Create(
                $$"""
                UPDATE "ProviderAccounts" SET "LastSuccessAt" = {0}, "KnownEmailId" = {1}
                WHERE "Id" IN (
                    SELECT a."Id" FROM "ProviderAccounts" AS a
                    WHERE a."Id" = {2} AND a."FailingSince" IS NULL AND a."FailuresInARow" = 0{{context.SkipLocked(
                    "a"
                )}})
                """,
                InstantConverter.ToMicroseconds(now),
                emailId,
                accountId
            ),
            cancellation
        );
}
