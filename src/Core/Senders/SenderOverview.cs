using System.Text.Json;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

public sealed record SenderView(Guid Id, Guid DomainId, string Address, string? DisplayName, string? ReplyTo);

public sealed record DomainView(
    Guid Id,
    string Name,
    string Region,
    DomainStatus Status,
    bool AtProvider,
    IReadOnlyList<DnsRecord> Records,
    DateTimeOffset? CheckedAt,
    IReadOnlyList<SenderView> Senders
);

/// <summary>A tenant's domains with their records and senders; a handful.</summary>
public sealed class SenderOverview(PortalDb portal)
{
    public async Task<IReadOnlyList<DomainView>> ExecuteAsync(Caller caller, CancellationToken cancellation = default)
    {
        await using var db = portal.Read(caller.Scope);
        var domains = await db.SendingDomains.OrderBy(domain => domain.Name).ToListAsync(cancellation);
        var senders = await db.SenderIdentities.OrderBy(sender => sender.LocalPart).ToListAsync(cancellation);
        return
        [
            .. domains.Select(domain => new DomainView(
                domain.Id,
                domain.Name,
                domain.Region,
                domain.Status,
                domain.ProviderDomainId is not null,
                JsonSerializer.Deserialize<List<DnsRecord>>(domain.Records, DomainRegistration.Json) ?? [],
                domain.CheckedAt,
                [
                    .. senders
                        .Where(sender => sender.DomainId == domain.Id)
                        .Select(sender => new SenderView(
                            sender.Id,
                            domain.Id,
                            $"{sender.LocalPart}@{domain.Name}",
                            sender.DisplayName,
                            sender.ReplyTo
                        )),
                ]
            )),
        ];
    }
}
