using Ledgerpost.Data;
using Ledgerpost.Senders;

namespace Ledgerpost.Sending;

/// <summary>
/// The accounts that a tenant's mail may go through now: the installation's, and the tenant's own while there is a key for them
/// at the provider that is configured.
/// </summary>
internal static class UsableAccounts
{
    /// <summary>What is in doubt is also repeated through an own account that was left, as long as its key is kept.</summary>
    public static IQueryable<ProviderAccount> ForRepeats(PortalDbContext context, Guid tenantId) =>
        context.ProviderAccounts.Where(account =>
            account.IsCurrent
            || (
                account.OwnerId == tenantId
                && context.ProviderAccounts.Any(shared => shared.IsCurrent && shared.BaseUrl == account.BaseUrl)
                && context.OwnAccounts.Any(own =>
                    own.TenantId == tenantId && own.AccountId == account.Id && own.ApiKey != null
                )
            )
        );

    /// <summary>Of all tenants: each own account with a key at the provider that is configured.</summary>
    public static IQueryable<OwnAccount> WithKeys(PortalDbContext context) =>
        context.OwnAccounts.Where(own =>
            own.ApiKey != null
            && context.ProviderAccounts.Any(account =>
                account.Id == own.AccountId
                && account.OwnerId == own.TenantId
                && context.ProviderAccounts.Any(shared => shared.IsCurrent && shared.BaseUrl == account.BaseUrl)
            )
        );

    /// <summary>What calls are made through.</summary>
    public static IQueryable<CurrentAccount> CallsThrough(PortalDbContext context, IQueryable<OwnAccount> own) =>
        context
            .ProviderAccounts.Where(account => own.Any(one => one.AccountId == account.Id))
            .Select(account => new CurrentAccount(account.Id, account.BaseUrl) { OwnerId = account.OwnerId });
}
