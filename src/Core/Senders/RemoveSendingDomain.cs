using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

/// <summary>Takes a domain and its senders away, here first: from that commit on nothing can be sent from it.</summary>
public sealed class RemoveSendingDomain(PortalDb portal, IDomainProvider provider)
{
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public async Task<DomainOutcome> ExecuteAsync(
        Caller caller,
        Guid domainId,
        CancellationToken cancellation = default
    )
    {
        var (removed, refusal) = await portal.CommandAsync<(string? ProviderId, DomainOutcome? Refusal)>(
            caller,
            TenantRole.Owner,
            async (command, token) =>
            {
                var domain = await command.Db.SendingDomains.SingleOrDefaultAsync(row => row.Id == domainId, token);
                if (domain is null)
                {
                    return (null, new DomainOutcome.NotFound());
                }

                var senders = command.Db.SenderIdentities.Where(sender => sender.DomainId == domainId);
                var campaigns = await command.Db.UnfinishedCampaignsAsync(senders.Select(sender => sender.Id), token);
                if (campaigns.Count > 0)
                {
                    return (null, new DomainOutcome.InUse(campaigns));
                }

                await senders.ExecuteDeleteAsync(token);
                command.Db.SendingDomains.Remove(domain);
                command.Audit("domain.removed", "domain", domainId.ToString(), domain.Name);
                return (domain.ProviderDomainId, null);
            },
            cancellation
        );
        if (refusal is not null)
        {
            return refusal;
        }

        return new DomainOutcome.Removed(
            removed is null
                || await provider.DeleteAsync(removed, CancellationToken.None)
                    is DomainAnswer.Done
                        or DomainAnswer.NotFound
        );
    }
}
