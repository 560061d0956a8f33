using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// Takes the key of an own account that was left out of the database once nothing is in doubt there any more, which is at
/// latest when the last key window has ended; and webhook secrets whose time is over.
/// </summary>
public sealed class ForgetOwnKeys(PortalDb db)
{
    /// <returns>How many keys and secrets are gone now.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        var now = db.Time.GetUtcNow();
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
                        own.LeftAt != null
                        && own.ApiKey != null
                        && !context.Chunks.Any(chunk =>
                            chunk.DoubtfulSince != null
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
