using System.Text.Json;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Outbox;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

/// <summary>What adding and checking have in common: bring a domain that stands here to the provider, and its answer back.</summary>
/// <param name="mailer">Null where the portal writes no mails.</param>
public sealed class DomainRegistration(PortalDb portal, IDomainProvider provider, AccountMailer? mailer = null)
{
    internal const string NotHere =
        "This domain cannot be added here. If it is yours, ask the people who run this installation.";

    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <param name="own">The tenant's own account that it belongs to; null for the installation's.</param>
    internal async Task<DomainAnswer> CreateAsync(Guid? own, string name, string region, CancellationToken cancellation)
    {
        var answer = await provider.CreateAsync(own, name, region, cancellation);
        if (answer is not DomainAnswer.Exists)
        {
            return answer;
        }

        // Left by a call whose answer was lost, perhaps. In the installation's account a verified one is not adopted: it
        // would be somebody else's proof of ownership. In the tenant's own account it is the tenant's proof.
        return await provider.FindAsync(own, name, cancellation) switch
        {
            DomainAnswer.Known found when own is not null || found.Domain.Status != DomainStatus.Verified =>
                await provider.GetAsync(own, found.Domain.Id, cancellation),
            DomainAnswer.NoAnswer => new DomainAnswer.NoAnswer(),
            _ => new DomainAnswer.Exists(),
        };
    }

    /// <summary>Asks how it stands; one that the provider does not know yet is registered there.</summary>
    internal async Task<DomainAnswer> AskAsync(SendingDomain domain, Guid? own, CancellationToken cancellation)
    {
        if (domain.ProviderDomainId is not { } id)
        {
            return await CreateAsync(own, domain.Name, domain.Region, cancellation);
        }

        // Read first: to have one verified that is verified would make it pending again there.
        var answer = await provider.GetAsync(own, id, cancellation);
        if (
            domain.Status != DomainStatus.Verified
            && answer is DomainAnswer.Known { Domain.Status: not DomainStatus.Verified }
        )
        {
            var started = await provider.VerifyAsync(own, id, cancellation);
            if (started is not (DomainAnswer.Done or DomainAnswer.NotFound))
            {
                return started;
            }

            answer = await provider.GetAsync(own, id, cancellation);
        }

        return answer switch
        {
            // Gone at the provider: nothing can be sent from it, and the record here must say so.
            DomainAnswer.NotFound => new DomainAnswer.Known(
                new ProviderDomain(id, domain.Name, DomainStatus.Failed, [])
            ),
            _ => answer,
        };
    }

    /// <summary>Asks, and keeps what was answered.</summary>
    /// <param name="domain">As it stood a moment ago; what has happened to it since wins.</param>
    internal async Task<DomainOutcome> LookAsync(
        Caller caller,
        TenantRole atLeast,
        SendingDomain domain,
        Guid? own,
        CancellationToken cancellation
    )
    {
        switch (await AskAsync(domain, own, cancellation))
        {
            case DomainAnswer.Known known:
                return await RecordAsync(
                    caller,
                    atLeast,
                    domain.Id,
                    new AskedOf(domain.AccountId, domain.CheckedAt),
                    known.Domain,
                    cancellation
                );
            case DomainAnswer.Refused refused:
                var reason = $"The provider refused: {refused.Message}";
                await NoteAsync(domain, reason, cancellation);
                return new DomainOutcome.Refused(reason);
            case DomainAnswer.Exists:
                await NoteAsync(domain, NotHere, cancellation);
                return new DomainOutcome.Refused(NotHere);
            default:
                await NoteAsync(domain, "The provider did not answer.", cancellation);
                return new DomainOutcome.Waiting(domain.Id);
        }
    }

    /// <param name="asked">
    /// Of a domain that was moved meanwhile its account's answer proves nothing, nor does one that may be older than what was kept
    /// meanwhile.
    /// </param>
    internal Task<DomainOutcome> RecordAsync(
        Caller caller,
        TenantRole atLeast,
        Guid domainId,
        AskedOf asked,
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

                if (domain.AccountId != asked.AccountId)
                {
                    command.Db.Fired(SafetyMechanism.DomainMoved, domainId);
                    return new DomainOutcome.Waiting(domainId);
                }

                if (domain.CheckedAt != asked.CheckedAt)
                {
                    // Which of the two answers is the newer one nobody can say; the provider can, and is asked at once.
                    domain.NextCheckAt = command.Now;
                    return new DomainOutcome.Known(domainId, domain.Status);
                }

                await ApplyAsync(command, domain, known, token);
                return new DomainOutcome.Known(domainId, domain.Status);
            },
            cancellation
        );

    /// <summary>It could not be looked at: nothing is known that was not known before.</summary>
    private Task<int> NoteAsync(SendingDomain domain, string remark, CancellationToken cancellation)
    {
        domain.Looks++;
        var next = portal.Time.GetUtcNow() + DomainSchedule.Pause(domain, answered: false);
        var said = remark.Length <= SendingDomain.MaxRemark ? remark : remark[..SendingDomain.MaxRemark];
        return portal.WriteAsync(
            TenantScope.For(domain.TenantId),
            (db, token) =>
                db
                    .SendingDomains.Where(row =>
                        row.Id == domain.Id && row.AccountId == domain.AccountId && row.CheckedAt == domain.CheckedAt
                    )
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(row => row.Looks, domain.Looks)
                                .SetProperty(row => row.Remark, said)
                                .SetProperty(row => row.NextCheckAt, next),
                        token
                    ),
            cancellation
        );
    }

    private async Task ApplyAsync(
        CommandContext command,
        SendingDomain domain,
        ProviderDomain known,
        CancellationToken cancellation
    )
    {
        if (known.NewWord is not null && domain.Status == DomainStatus.Verified)
        {
            // A word that nobody here has read stops nothing; the provider itself refuses what it does not take.
            known = known with
            {
                Status = DomainStatus.Verified,
            };
        }

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

        var before = domain.Status;
        // Whoever has just changed its records, or lost them, looks again soon; so is a verified one when the provider is silent.
        domain.Looks = domain.Status == known.Status && known.Status != DomainStatus.Verified ? domain.Looks + 1 : 0;
        domain.ProviderDomainId = known.Id;
        domain.Status = known.Status;
        domain.Remark = RemarkOf(known);
        domain.CheckedAt = command.Now;
        domain.NextCheckAt = command.Now + DomainSchedule.Pause(domain, answered: true);
        if (known.Records.Count > 0)
        {
            domain.Records = JsonSerializer.Serialize(known.Records, Json);
        }

        if ((before == DomainStatus.Verified) != (domain.Status == DomainStatus.Verified))
        {
            await TellAsync(command, domain, cancellation);
        }
    }

    /// <summary>Once for each time that it is verified, and each time that it is not any more; in the transaction that says so.</summary>
    private async Task TellAsync(CommandContext command, SendingDomain domain, CancellationToken cancellation)
    {
        var isLost = domain.Status != DomainStatus.Verified;
        await EventOutbox.DomainAsync(
            command.Db,
            command.TenantId,
            domain.Id,
            isLost ? EventType.DomainUnverified : EventType.DomainVerified,
            domain.Status.ToString(),
            command.Now,
            cancellation
        );
        if (isLost && mailer is not null)
        {
            await mailer.TellOwnersAsync(
                command.Db,
                command.Ids,
                command.Now,
                command.TenantId,
                AccountMailKind.DomainUnverified,
                tenant =>
                    (
                        $"{domain.Name} is not verified any more",
                        [
                            $"The provider does not verify {domain.Name} of {tenant} any more.{(domain.Remark is { } remark ? " " + remark : "")}",
                            "Nothing goes out from it until it is verified again. What is being sent from it stops before its next mail, nobody in it is mailed twice or left out, and it can be resumed afterwards.",
                            "Its records, and what the provider finds of them: {link}",
                        ]
                    ),
                cancellation
            );
        }
    }

    private static string? RemarkOf(ProviderDomain known)
    {
        var missing = known
            .Records.Where(record => record.Status is not (null or "verified"))
            .Select(record => record.Record)
            .Distinct(StringComparer.Ordinal)
            .ToList();
        return known.NewWord is { } word ? $"The provider says \"{KeptText.Cut(word, 50)}\", which is not known here."
            : known.Status == DomainStatus.Verified ? null
            : missing.Count > 0 ? $"Not found as the provider asks for it: {string.Join(", ", missing)}."
            : known.Records.Count == 0 && known.Status == DomainStatus.Failed
                ? "The provider does not know this domain any more."
            : null;
    }
}

/// <summary>How a domain stood when the provider was asked about it.</summary>
/// <param name="CheckedAt">When it had last answered; another instant means another answer since.</param>
internal sealed record AskedOf(Guid AccountId, DateTimeOffset? CheckedAt);
