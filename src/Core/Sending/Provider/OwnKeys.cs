using Ledgerpost.Data;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending.Provider;

/// <summary>The API keys of tenants' own accounts.</summary>
public interface IOwnKeys
{
    /// <summary>Read for each call: a key that was replaced a moment ago is not used again.</summary>
    /// <returns>Null when there is none, or none for the provider that is configured now: then nothing is called.</returns>
    ValueTask<string?> FindAsync(Guid accountId, CancellationToken cancellation);
}

/// <summary>
/// Out of the database. Only for the address that the installation itself sends to: a copy of the data that was pointed at the
/// emulator reaches nobody through a tenant's key.
/// </summary>
public sealed class OwnKeys(PortalDb portal, ProviderAccounts accounts, ProviderSecrets secrets) : IOwnKeys
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
        return kept is null ? null : secrets.Read(tenantId, kept);
    }
}
