using Ledgerpost.Data;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending.Provider;

/// <summary>The API keys of tenants' own accounts.</summary>
public interface IOwnKeys
{
    /// <summary>Read for each call: a key that was replaced a moment ago is not used again.</summary>
    /// <returns>
    /// Null when there is none, none that can be read here, or none for the provider that is configured now: then nothing is called.
    /// </returns>
    ValueTask<string?> FindAsync(Guid accountId, CancellationToken cancellation);
}

/// <summary>
/// Out of the database. Only for the address that the installation itself sends to: a copy of the data that was pointed at the
/// emulator reaches nobody through a tenant's key.
/// </summary>
public sealed class OwnKeys(
    PortalDb portal,
    ProviderAccounts accounts,
    ProviderSecrets secrets,
    ILogger<OwnKeys> logger
) : IOwnKeys
{
    public async ValueTask<string?> FindAsync(Guid accountId, CancellationToken cancellation)
    {
        var current = await accounts.CurrentAsync(cancellation);
        Guid? owner;
        await using (var db = portal.Read(TenantScope.None))
        {
            owner = await db
                .ProviderAccounts.Where(account => account.Id == accountId && account.BaseUrl == current.BaseUrl)
                .Select(account => account.OwnerId)
                .SingleOrDefaultAsync(cancellation);
        }

        if (owner is not { } tenantId)
        {
            return null;
        }

        await using var own = portal.Read(TenantScope.For(tenantId));
        var kept = await own
            .OwnAccounts.Where(account => account.AccountId == accountId)
            .Select(account => account.ApiKey)
            .SingleOrDefaultAsync(cancellation);
        if (kept is null)
        {
            return null;
        }

        var key = secrets.TryRead(tenantId, kept);
        if (key is null)
        {
            logger.LogError(
                "The key of account {AccountId} of tenant {TenantId} cannot be read: it was encrypted with keys that are not here.",
                accountId,
                tenantId
            );
        }

        return key;
    }
}
