using System.Security.Cryptography;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Webhooks;

/// <summary>
/// The secrets that a tenant's own accounts sign their events with. Whoever asks without any must not learn by the time that
/// it takes whether there is such a tenant: a name that nobody has, and a tenant without a secret, cost the same two
/// statements and one decryption.
/// </summary>
public sealed class OwnWebhooks(PortalDb db, ProviderSecrets protection, ILogger<OwnWebhooks> logger)
{
    /// <summary>Whose secrets are asked for where there is no such tenant: no row is.</summary>
    private static readonly Guid Nobody = new(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    // No event is signed with it: it is made anew by each process, and told to nobody.
    // What failed once, as where the database was away, is tried again.
    private readonly Lazy<string> _nobodys = new(
        () =>
            protection.Protect(
                Nobody,
                ProviderSecrets.WebhookPrefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(24))
            ),
        LazyThreadSafetyMode.PublicationOnly
    );

    /// <param name="tenant">Its id or its name in addresses.</param>
    /// <returns>By account; one that signs nothing for a tenant that has none, or does not exist.</returns>
    public async Task<IReadOnlyList<(Guid AccountId, IReadOnlyList<string> Secrets)>> SecretsAsync(
        string tenant,
        CancellationToken cancellation
    )
    {
        Guid tenantId;
        await using (var context = db.Read(TenantScope.None))
        {
            var living = context.Tenants.Living();
            tenantId = await (
                Guid.TryParse(tenant, out var id)
                    ? living.Where(row => row.Id == id)
                    : living.Where(row => row.Slug == tenant)
            )
                .Select(row => row.Id)
                .SingleOrDefaultAsync(cancellation);
        }

        if (tenantId == Guid.Empty)
        {
            tenantId = Nobody;
        }

        await using var own = db.Read(TenantScope.For(tenantId));
        var now = db.Time.GetUtcNow();
        var kept = await own
            .OwnWebhookSecrets.Where(secret => secret.EndsAt == null || secret.EndsAt > now)
            // Of two accounts that know the same secret the current one is spoken for.
            .OrderByDescending(secret =>
                own.OwnAccounts.Any(kept => kept.AccountId == secret.AccountId && kept.IsCurrent)
            )
            .Select(secret => new { secret.AccountId, secret.Secret })
            .ToListAsync(cancellation);
        if (kept.Count == 0)
        {
            return [(Guid.Empty, [protection.Read(Nobody, _nobodys.Value)])];
        }

        return
        [
            .. kept.GroupBy(secret => secret.AccountId)
                .Select(account =>
                    (
                        account.Key,
                        (IReadOnlyList<string>)
                            [.. account.Select(secret => Read(tenantId, secret.Secret)).OfType<string>()]
                    )
                ),
        ];
    }

    // One that cannot be read signs nothing; the others go on holding.
    private string? Read(Guid tenantId, string kept)
    {
        var secret = protection.TryRead(tenantId, kept);
        if (secret is null)
        {
            logger.LogError(
                "A webhook secret of tenant {TenantId} cannot be read: it was encrypted with keys that are not here.",
                tenantId
            );
        }

        return secret;
    }
}
