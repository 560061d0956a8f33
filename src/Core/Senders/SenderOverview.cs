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
)
{
    /// <summary>Registered at the tenant's own account, not the installation's.</summary>
    public bool OwnAccount { get; init; }

    /// <summary>What is wrong with it, or why it could not be looked at.</summary>
    public string? Remark { get; init; }
}

/// <summary>A tenant's domains with their records and senders; a handful.</summary>
public sealed class SenderOverview(PortalDb portal)
{
    public async Task<IReadOnlyList<DomainView>> ExecuteAsync(Caller caller, CancellationToken cancellation = default)
    {
        await using var db = portal.Read(caller.Scope);
        return await ViewsAsync(db, db.SendingDomains.OrderBy(domain => domain.Name), cancellation);
    }

    /// <summary>Domains page by page by id, for programs.</summary>
    /// <param name="after">The last id of the page before.</param>
    public async Task<IReadOnlyList<DomainView>> DomainsAsync(
        Caller caller,
        Guid? after,
        int limit,
        CancellationToken cancellation
    )
    {
        await using var db = portal.Read(caller.Scope);
        return await ViewsAsync(db, db.SendingDomains.NewestFirst(row => row.Id, after).Take(limit), cancellation);
    }

    /// <returns>Null when it is not there, or is another tenant's.</returns>
    public async Task<DomainView?> FindDomainAsync(Caller caller, Guid domainId, CancellationToken cancellation)
    {
        await using var db = portal.Read(caller.Scope);
        return await FindDomainAsync(db, domainId, cancellation);
    }

    /// <summary>The same within a command's transaction.</summary>
    public static async Task<DomainView?> FindDomainAsync(
        PortalDbContext db,
        Guid domainId,
        CancellationToken cancellation
    ) => (await ViewsAsync(db, db.SendingDomains.Where(row => row.Id == domainId), cancellation)).SingleOrDefault();

    /// <summary>Senders page by page by id, for programs.</summary>
    /// <param name="after">The last id of the page before.</param>
    public async Task<IReadOnlyList<SenderView>> SendersAsync(
        Caller caller,
        Guid? after,
        int limit,
        CancellationToken cancellation
    )
    {
        await using var db = portal.Read(caller.Scope);
        var senders = await db
            .SenderIdentities.Include(row => row.Domain)
            .NewestFirst(row => row.Id, after)
            .Take(limit)
            .ToListAsync(cancellation);
        return [.. senders.Select(sender => View(sender, sender.Domain!))];
    }

    /// <summary>Within a command's transaction.</summary>
    /// <returns>Null when it is not there, or is another tenant's.</returns>
    public static async Task<SenderView?> FindSenderAsync(
        PortalDbContext db,
        Guid senderId,
        CancellationToken cancellation
    ) =>
        await db
            .SenderIdentities.Include(row => row.Domain)
            .SingleOrDefaultAsync(row => row.Id == senderId, cancellation)
            is { } sender
            ? View(sender, sender.Domain!)
            : null;

    private static async Task<IReadOnlyList<DomainView>> ViewsAsync(
        PortalDbContext db,
        IQueryable<SendingDomain> found,
        CancellationToken cancellation
    )
    {
        var domains = await found.ToListAsync(cancellation);
        var ids = domains.Select(domain => domain.Id).ToList();
        var senders = await db
            .SenderIdentities.Where(sender => ids.Contains(sender.DomainId))
            .OrderBy(sender => sender.LocalPart)
            .ToListAsync(cancellation);
        var own = await db
            .OwnAccounts.Where(account => account.IsCurrent)
            .Select(account => account.AccountId)
            .ToListAsync(cancellation);
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
                [.. senders.Where(sender => sender.DomainId == domain.Id).Select(sender => View(sender, domain))]
            )
            {
                OwnAccount = own.Contains(domain.AccountId),
                Remark = domain.Remark,
            }),
        ];
    }

    private static SenderView View(SenderIdentity sender, SendingDomain domain) =>
        new(sender.Id, domain.Id, $"{sender.LocalPart}@{domain.Name}", sender.DisplayName, sender.ReplyTo);
}
