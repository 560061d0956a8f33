using System.Text.Json;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

/// <summary>What adding and checking have in common: bring a domain that stands here to the provider, and its answer back.</summary>
public sealed class DomainRegistration(PortalDb portal, IDomainProvider provider)
{
    internal const string NotHere =
        "This domain cannot be added here. If it is yours, ask the people who run this installation.";

    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    internal async Task<DomainAnswer> CreateAsync(string name, string region, CancellationToken cancellation)
    {
        var answer = await provider.CreateAsync(name, region, cancellation);
        if (answer is not DomainAnswer.Exists)
        {
            return answer;
        }

        // Left by a call whose answer was lost, perhaps. A verified one is not adopted: it would be somebody else's
        // proof of ownership.
        return await provider.FindAsync(name, cancellation) switch
        {
            DomainAnswer.Known { Domain.Status: not DomainStatus.Verified } found => await provider.GetAsync(
                found.Domain.Id,
                cancellation
            ),
            DomainAnswer.NoAnswer => new DomainAnswer.NoAnswer(),
            _ => new DomainAnswer.Exists(),
        };
    }

    internal Task<DomainOutcome> RecordAsync(
        Caller caller,
        TenantRole atLeast,
        Guid domainId,
        ProviderDomain known,
        CancellationToken cancellation
    ) =>
        portal.CommandAsync<DomainOutcome>(
            caller,
            atLeast,
            async (command, token) =>
            {
                var domain = await command.Db.SendingDomains.SingleOrDefaultAsync(row => row.Id == domainId, token);
                if (domain is null)
                {
                    return new DomainOutcome.NotFound();
                }

                Apply(command, domain, known);
                return new DomainOutcome.Known(domainId, domain.Status);
            },
            cancellation
        );

    private static void Apply(CommandContext command, SendingDomain domain, ProviderDomain known)
    {
        if (domain.Status != known.Status)
        {
            command.Audit(
                "domain.status_changed",
                "domain",
                domain.Id.ToString(),
                domain.Name,
                FieldDifference.Of([new ChangedField("status", domain.Status.ToString(), known.Status.ToString())])
            );
        }

        domain.ProviderDomainId = known.Id;
        domain.Status = known.Status;
        domain.CheckedAt = command.Now;
        if (known.Records.Count > 0)
        {
            domain.Records = JsonSerializer.Serialize(known.Records, Json);
        }
    }
}
