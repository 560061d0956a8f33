using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Identity;

/// <summary>
/// Lets go of the portal's own mails a month after they were written, whatever became of them, and of links to choose another
/// password that have ended. What waits stays.
/// </summary>
public sealed class ForgetAccountMails(PortalDb portal)
{
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    /// <summary>Rows of one kind in one transaction.</summary>
    public const int AtOnce = 1000;

    /// <returns>Whether there may be more.</returns>
    public async Task<bool> RunOnceAsync(CancellationToken cancellation) =>
        !portal.Time.MayNotForget()
        && await portal.WriteBesideOthersAsync(
            TenantScope.None,
            async (db, token) =>
            {
                var before = portal.Time.GetUtcNow() - Kept;
                var mails = await db
                    .AccountMails.Where(mail => mail.State != AccountMailState.Waiting && mail.CreatedAt < before)
                    .OrderBy(mail => mail.Id)
                    .Take(AtOnce)
                    .ExecuteDeleteAsync(token);
                var links = await db
                    .PasswordResets.Where(link => link.ExpiresAt < before)
                    .OrderBy(link => link.TokenHash)
                    .Take(AtOnce)
                    .ExecuteDeleteAsync(token);
                return mails == AtOnce || links == AtOnce;
            },
            cancellation
        );
}
