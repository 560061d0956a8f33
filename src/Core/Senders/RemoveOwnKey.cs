using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

/// <summary>Back to the installation's account: from that commit on nothing begins at the tenant's own.</summary>
public sealed class RemoveOwnKey(PortalDb portal, ProviderAccounts accounts, DomainSignal signal)
{
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public async Task<OwnAccountOutcome> ExecuteAsync(Caller caller, CancellationToken cancellation = default)
    {
        var shared = await accounts.CurrentAsync(cancellation);
        var outcome = await portal.CommandAsync<OwnAccountOutcome>(
            caller,
            TenantRole.Owner,
            async (command, token) =>
            {
                var own = await command.Db.OwnAccounts.SingleOrDefaultAsync(row => row.IsCurrent, token);
                if (own is null)
                {
                    return new OwnAccountOutcome.NotFound();
                }

                OwnAccountLeft.Leave(own, command.Now);
                var moved = await OwnAccountLeft.MoveDomainsAsync(command, own.AccountId, shared.Id, token);
                await OwnAccountLeft.EndSecretsAsync(command, own.AccountId, token);
                command.Audit(
                    "provider_key.removed",
                    "provider_account",
                    own.AccountId.ToString(),
                    "the provider",
                    new { ended_in = own.LastFour, domains_moved = moved }
                );
                return new OwnAccountOutcome.Removed(moved);
            },
            cancellation
        );
        signal.Raise();
        return outcome;
    }
}

/// <summary>What leaving an own account means, whichever comes after it.</summary>
internal static class OwnAccountLeft
{
    /// <summary>The key stays, for what is in doubt there; once nothing is, it goes (<c>ForgetOwnKeys</c>).</summary>
    public static void Leave(OwnAccount own, DateTimeOffset now) => (own.IsCurrent, own.LeftAt) = (false, now);

    /// <summary>The provider still tells what became of mail that went out; its retries end long before this.</summary>
    public static Task<int> EndSecretsAsync(CommandContext command, Guid accountId, CancellationToken cancellation)
    {
        var ends = command.Now + OwnWebhookSecret.AfterLeaving;
        return command
            .Db.OwnWebhookSecrets.Where(secret => secret.AccountId == accountId && secret.EndsAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(secret => secret.EndsAt, (DateTimeOffset?)ends), cancellation);
    }

    /// <summary>
    /// They belong to another account now, which has to verify them itself. Until it has, nothing goes out from them.
    /// </summary>
    public static async Task<int> MoveDomainsAsync(
        CommandContext command,
        Guid from,
        Guid to,
        CancellationToken cancellation
    )
    {
        var domains = await command.Db.SendingDomains.Where(row => row.AccountId == from).ToListAsync(cancellation);
        foreach (var domain in domains)
        {
            Move(command, domain, to);
        }

        return domains.Count;
    }

    public static void Move(CommandContext command, SendingDomain domain, Guid to)
    {
        (domain.AccountId, domain.ProviderDomainId) = (to, null);
        (domain.Status, domain.Records, domain.CheckedAt) = (DomainStatus.NotStarted, "[]", null);
        (domain.NextCheckAt, domain.Looks, domain.Remark) = (command.Now, 0, null);
        command.Audit("domain.moved", "domain", domain.Id.ToString(), domain.Name);
    }
}
