using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

/// <summary>Asks the provider to look at the DNS records again, and keeps what it says.</summary>
public sealed class CheckSendingDomain(PortalDb portal, IDomainProvider provider, DomainRegistration registration)
{
    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public async Task<DomainOutcome> ExecuteAsync(
        Caller caller,
        Guid domainId,
        CancellationToken cancellation = default
    )
    {
        if (await FindAsync(caller, domainId, cancellation) is not { } domain)
        {
            return new DomainOutcome.NotFound();
        }

        return await AskAsync(domain, cancellation) switch
        {
            DomainAnswer.Known known => await registration.RecordAsync(
                caller,
                TenantRole.Admin,
                domainId,
                known.Domain,
                cancellation
            ),
            // Gone at the provider: nothing can be sent from it, and the record here must say so.
            DomainAnswer.NotFound => await registration.RecordAsync(
                caller,
                TenantRole.Admin,
                domainId,
                new ProviderDomain(domain.ProviderDomainId!, domain.Name, DomainStatus.Failed, []),
                cancellation
            ),
            DomainAnswer.Refused refused => new DomainOutcome.Refused($"The provider refused: {refused.Message}"),
            DomainAnswer.Exists => new DomainOutcome.Refused(DomainRegistration.NotHere),
            _ => new DomainOutcome.Waiting(domainId),
        };
    }

    private async Task<SendingDomain?> FindAsync(Caller caller, Guid domainId, CancellationToken cancellation)
    {
        await using var db = portal.Read(caller.Scope);
        await portal.DemandToReadAsync(db, caller, TenantRole.Admin, nameof(CheckSendingDomain), cancellation);
        return await db.SendingDomains.SingleOrDefaultAsync(row => row.Id == domainId, cancellation);
    }

    private async Task<DomainAnswer> AskAsync(SendingDomain domain, CancellationToken cancellation)
    {
        if (domain.ProviderDomainId is not { } id)
        {
            return await registration.CreateAsync(domain.Name, domain.Region, cancellation);
        }

        if (domain.Status != DomainStatus.Verified)
        {
            var started = await provider.VerifyAsync(id, cancellation);
            if (started is not DomainAnswer.Done)
            {
                return started;
            }
        }

        return await provider.GetAsync(id, cancellation);
    }
}
