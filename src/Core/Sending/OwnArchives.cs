using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>What the provider remembers of tenants' own accounts, each asked with its own key.</summary>
public sealed class OwnArchives(PortalDb db, ResendReader reader, IOwnKeys keys)
{
    /// <summary>Those of all tenants that have a key at the provider that is configured, also when they were left.</summary>
    public async Task<IReadOnlyList<CurrentAccount>> AccountsAsync(CancellationToken cancellation)
    {
        await using var context = db.Read(TenantScope.Installation);
        return await UsableAccounts.CallsThrough(context, UsableAccounts.WithKeys(context)).ToListAsync(cancellation);
    }

    /// <summary>At the pace of its account.</summary>
    public ProviderArchive Open(CurrentAccount account) =>
        new(new OwnAccountReader(reader, keys, account.Id), new Pacer(db, new SendingThrough(account)));
}
