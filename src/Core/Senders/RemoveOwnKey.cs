using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

/// <summary>
/// Back to the installation's account: from that commit on nothing begins at the tenant's own. A key of that account takes it
/// up again (<see cref="SetOwnKey"/>).
/// </summary>
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
            // Without its answer nothing of it stands there; an earlier one still proves its own account.
            if (domain.ProviderDomainId is not null || domain.LeftAccountId is null)
            {
                (domain.LeftAccountId, domain.LeftDomainId) = (from, domain.ProviderDomainId);
            }

            Move(command, domain, to);
        }

        return domains.Count;
    }

    /// <summary>
    /// A key after none: what came from an own account, and has not been verified since, goes where the key leads, as if the one
    /// had replaced the other. Else nothing could be sent from it any more where the installation's account cannot verify it.
    /// </summary>
    public static async Task<int> TakeUpDomainsAsync(CommandContext command, Guid to, CancellationToken cancellation)
    {
        var domains = await command
            .Db.SendingDomains.Where(row =>
                row.LeftAccountId != null
                && row.Status != DomainStatus.Verified
                && command.Db.ProviderAccounts.Any(account => account.Id == row.AccountId && account.OwnerId == null)
            )
            .ToListAsync(cancellation);
        domains.ForEach(domain => Move(command, domain, to));
        return domains.Count;
    }

    private static void Move(CommandContext command, SendingDomain domain, Guid to)
    {
        (domain.AccountId, domain.ProviderDomainId) = (to, null);
        (domain.Status, domain.Records, domain.CheckedAt) = (DomainStatus.NotStarted, "[]", null);
        (domain.NextCheckAt, domain.Looks, domain.Remark) = (command.Now, 0, null);
        command.Audit("domain.moved", "domain", domain.Id.ToString(), domain.Name);
    }
}
