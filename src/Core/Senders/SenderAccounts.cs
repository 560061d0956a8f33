using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

/// <summary>
/// Which account mail goes through: the one that its sender's domain is registered at. A domain of the installation's account
/// goes through whichever is the installation's now.
/// </summary>
internal static class SenderAccounts
{
    /// <summary>For a sender whose run begins in this transaction.</summary>
    public static async Task<Guid> OfSenderAsync(PortalDbContext db, Guid? senderId, CancellationToken cancellation) =>
        await db
            .SenderIdentities.Where(sender => sender.Id == senderId)
            .Select(sender => sender.Domain!.AccountId)
            .Where(id => db.ProviderAccounts.Any(account => account.Id == id && account.OwnerId != null))
            .Select(id => (Guid?)id)
            .SingleOrDefaultAsync(cancellation)
        ?? await InstallationsAsync(db, cancellation);

    /// <summary>Where this tenant's next domain is registered: its own account, if it has one.</summary>
    public static async Task<Guid> OfNewDomainAsync(PortalDbContext db, CancellationToken cancellation) =>
        await db
            .OwnAccounts.Where(account => account.IsCurrent)
            .Select(account => (Guid?)account.AccountId)
            .SingleOrDefaultAsync(cancellation)
        ?? await InstallationsAsync(db, cancellation);

    /// <returns>The account, where it is the tenant's own; null for the installation's.</returns>
    public static Task<Guid?> OwnOfAsync(PortalDbContext db, Guid accountId, CancellationToken cancellation) =>
        db
            .ProviderAccounts.Where(account => account.Id == accountId && account.OwnerId != null)
            .Select(account => (Guid?)account.Id)
            .SingleOrDefaultAsync(cancellation);

    /// <summary>What is wrong with the domain of this sender, for the people whose campaign stopped for it.</summary>
    public static async Task<string?> TroubleAsync(
        PortalDbContext db,
        IQueryable<Guid?> sender,
        CancellationToken cancellation
    )
    {
        var domain = await db
            .SenderIdentities.Where(row => sender.Contains(row.Id))
            .Select(row => new
            {
                row.Domain!.Name,
                row.Domain.Status,
                row.Domain.Remark,
            })
            .SingleOrDefaultAsync(cancellation);
        return domain is null or { Status: DomainStatus.Verified }
            ? null
            : $"{domain.Name}: {domain.Remark ?? "the provider has not verified it."}";
    }

    private static Task<Guid> InstallationsAsync(PortalDbContext db, CancellationToken cancellation) =>
        db.ProviderAccounts.Where(account => account.IsCurrent).Select(account => account.Id).SingleAsync(cancellation);
}
