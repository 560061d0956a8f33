using Ledgerpost.Data;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// Takes the key of an own account that was left out of the database once nothing is in doubt there any more and nothing
/// unknown, or a week after; and webhook secrets whose time is over.
/// </summary>
public sealed class ForgetOwnKeys(PortalDb db)
{
    /// <summary>So long the provider is still asked about what became unknown there.</summary>
    private static readonly TimeSpan AfterLeaving = OwnWebhookSecret.AfterLeaving;

    /// <summary>
    /// An intent that was being written when the account was left shows its doubt only with its commit, and its call needs the
    /// key. Far longer than an intent is written: what pauses for longer is not sent (docs/sending.md, rule 2).
    /// </summary>
    private static readonly TimeSpan IntentsAreWritten = TimeSpan.FromMinutes(2);

    /// <returns>How many keys and secrets are gone now.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        var now = db.Time.GetUtcNow();
        var (unprovable, settled) = (now - AfterLeaving, now - IntentsAreWritten);
        await using (var context = db.Read(TenantScope.Installation))
        {
            // Nearly always there is nothing, and nobody is held up for it.
            if (
                !await context.OwnAccounts.AnyAsync(own => own.LeftAt != null && own.ApiKey != null, cancellation)
                && !await context.OwnWebhookSecrets.AnyAsync(secret => secret.EndsAt <= now, cancellation)
            )
            {
                return 0;
            }
        }

        return await db.WriteAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                var keys = await context
                    .OwnAccounts.Where(own =>
                        own.LeftAt <= settled
                        && own.ApiKey != null
                        && !context.Chunks.Any(chunk =>
                            (
                                chunk.DoubtfulSince != null
                                || (own.LeftAt > unprovable && chunk.State == ChunkState.Unknown)
                            )
                            && chunk.TenantId == own.TenantId
                            && chunk.AccountId == own.AccountId
                        )
                    )
                    .ExecuteUpdateAsync(set => set.SetProperty(own => own.ApiKey, (string?)null), token);
                var secrets = await context
                    .OwnWebhookSecrets.Where(secret => secret.EndsAt <= now)
                    .ExecuteDeleteAsync(token);
                return keys + secrets;
            },
            cancellation
        );
    }
}
