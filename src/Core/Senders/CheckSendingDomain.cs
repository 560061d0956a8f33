using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

/// <summary>Asks the provider to look at the DNS records again, and keeps what it says.</summary>
public sealed class CheckSendingDomain(PortalDb portal, DomainRegistration registration)
{
    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public async Task<DomainOutcome> ExecuteAsync(
        Caller caller,
        Guid domainId,
        CancellationToken cancellation = default
    )
    {
        var (domain, own) = await FindAsync(caller, domainId, cancellation);
        if (domain is null)
        {
            return new DomainOutcome.NotFound();
        }

        return await registration.LookAsync(caller, TenantRole.Admin, domain, own, cancellation);
    }

    private async Task<(SendingDomain? Domain, Guid? Own)> FindAsync(
        Caller caller,
        Guid domainId,
        CancellationToken cancellation
    )
    {
        await using var db = portal.Read(caller.Scope);
        await portal.DemandToReadAsync(db, caller, TenantRole.Admin, nameof(CheckSendingDomain), cancellation);
        var domain = await db.SendingDomains.SingleOrDefaultAsync(row => row.Id == domainId, cancellation);
        return domain is null ? default : (domain, await SenderAccounts.OwnOfAsync(db, domain.AccountId, cancellation));
    }
}
