using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

/// <summary>
/// Takes the name for this tenant, asks the provider, and keeps its answer: two transactions with the call between
/// them. The name is taken first, so that of two tenants who add it at once only one reaches the provider. One whose
/// answer never came, because nobody answered or this process died, is gone on with when it is added again.
/// </summary>
public sealed class AddSendingDomain(PortalDb portal, DomainRegistration registration)
{
    public static IReadOnlyList<string> Regions { get; } = ["us-east-1", "eu-west-1", "sa-east-1", "ap-northeast-1"];

    /// <param name="reason">Why it is none, as a sentence that can stand under a field.</param>
    /// <returns>The domain in its one form; null when mail cannot be sent from it.</returns>
    public static string? Parse(string? name, out string reason)
    {
        reason = "This is not a domain that can send mail. It looks like mail.example.com.";
        return EmailAddress.TryParse($"postmaster@{name?.Trim()}", out var address, out _)
            ? address.Normalized["postmaster@".Length..]
            : null;
    }

    /// <param name="region">One of <see cref="Regions"/>; cannot be changed later.</param>
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public async Task<DomainOutcome> ExecuteAsync(
        Caller caller,
        string? name,
        string region,
        CancellationToken cancellation = default
    )
    {
        if (Parse(name, out var reason) is not { } domain)
        {
            return new DomainOutcome.Refused(reason);
        }

        if (!Regions.Contains(region, StringComparer.Ordinal))
        {
            return new DomainOutcome.Refused("Choose one of the regions.");
        }

        var (reserved, accountId, own, refusal) = await portal.CommandAsync(
            caller.Record is { } record ? caller with { Record = new OnlyLookedFor(record) } : caller,
            TenantRole.Owner,
            (command, token) => ReserveAsync(command, domain, region, token),
            cancellation
        );
        if (reserved is not { } domainId)
        {
            return refusal!;
        }

        return await registration.CreateAsync(own, domain, region, cancellation) switch
        {
            DomainAnswer.Known known => await registration.RecordAsync(
                caller,
                TenantRole.Owner,
                domainId,
                new AskedOf(accountId, null),
                known.Domain,
                cancellation
            ),
            DomainAnswer.Refused refused => await ReleaseAsync(
                caller,
                domainId,
                $"The provider did not take the domain: {refused.Message}"
            ),
            DomainAnswer.Exists => await ReleaseAsync(caller, domainId, DomainRegistration.NotHere),
            _ => new DomainOutcome.Waiting(domainId),
        };
    }

    private static async Task<(Guid? DomainId, Guid AccountId, Guid? Own, DomainOutcome? Refusal)> ReserveAsync(
        CommandContext command,
        string name,
        string region,
        CancellationToken cancellation
    )
    {
        if (await command.Db.SendingDomains.SingleOrDefaultAsync(row => row.Name == name, cancellation) is { } here)
        {
            return here.ProviderDomainId is null && here.Region == region
                ? (
                    here.Id,
                    here.AccountId,
                    await SenderAccounts.OwnOfAsync(command.Db, here.AccountId, cancellation),
                    null
                )
                : (null, Guid.Empty, null, new DomainOutcome.Refused("This domain is in the list already."));
        }

        var accountId = await SenderAccounts.OfNewDomainAsync(command.Db, cancellation);
        var own = await SenderAccounts.OwnOfAsync(command.Db, accountId, cancellation);
        var domain = new SendingDomain
        {
            TenantId = command.TenantId,
            Id = command.Ids.New(),
            Name = name,
            Region = region,
            AccountId = accountId,
            Status = DomainStatus.NotStarted,
            NextCheckAt = command.Now + DomainSchedule.First,
            CreatedAt = command.Now,
        };
        command.Db.SendingDomains.Add(domain);
        try
        {
            await command.Db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException)
        {
            // The name is unique over all tenants; whose it is, this tenant is not told.
            command.Db.ChangeTracker.Clear();
            return (null, Guid.Empty, null, new DomainOutcome.Refused(DomainRegistration.NotHere));
        }

        command.Audit(
            "domain.added",
            "domain",
            domain.Id.ToString(),
            name,
            new { region, own_account = own is not null }
        );
        return (domain.Id, accountId, own, null);
    }

    // The provider refused for good, so the name must be free again, whatever became of the caller meanwhile.
    private Task<DomainOutcome> ReleaseAsync(Caller caller, Guid domainId, string reason) =>
        portal.CommandAsync<DomainOutcome>(
            Caller.System(caller.TenantId),
            TenantRole.Owner,
            async (command, token) =>
            {
                var domain = await command.Db.SendingDomains.SingleOrDefaultAsync(row => row.Id == domainId, token);
                if (domain is { ProviderDomainId: not null })
                {
                    // Added twice at once, and the other call was taken.
                    return new DomainOutcome.Known(domainId, domain.Status);
                }

                if (domain is not null)
                {
                    command.Db.SendingDomains.Remove(domain);
                    command.Audit("domain.refused", "domain", domainId.ToString(), domain.Name, new { reason });
                }

                return new DomainOutcome.Refused(reason);
            },
            CancellationToken.None
        );
}
