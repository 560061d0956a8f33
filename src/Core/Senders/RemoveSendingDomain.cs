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
        string? providerId = null;
        var outcome = await portal.CommandAsync<DomainOutcome>(
            caller,
            TenantRole.Owner,
            async (command, token) =>
            {
                var domain = await command.Db.SendingDomains.SingleOrDefaultAsync(row => row.Id == domainId, token);
                if (domain is null)
                {
                    return new DomainOutcome.NotFound();
                }

                var senders = command.Db.SenderIdentities.Where(sender => sender.DomainId == domainId);
                var campaigns = await command.Db.UnfinishedCampaignsAsync(senders.Select(sender => sender.Id), token);
                if (campaigns.Count > 0)
                {
                    return new DomainOutcome.InUse(campaigns);
                }

                await senders.ExecuteDeleteAsync(token);
                command.Db.SendingDomains.Remove(domain);
                command.Audit("domain.removed", "domain", domainId.ToString(), domain.Name);
                var own = await SenderAccounts.OwnOfAsync(command.Db, domain.AccountId, token);
                // In its own account the tenant may use it for other things.
                providerId = own is null ? domain.ProviderDomainId : null;
                return new DomainOutcome.Removed(AtProviderToo: providerId is null);
            },
            cancellation
        );
        return outcome is DomainOutcome.Removed && providerId is { } there
            ? new DomainOutcome.Removed(
                await provider.DeleteAsync(there, CancellationToken.None) is DomainAnswer.Done or DomainAnswer.NotFound
            )
            : outcome;
    }
}
