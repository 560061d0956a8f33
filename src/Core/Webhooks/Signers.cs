using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Webhooks;

/// <summary>
/// Which accounts' mail a secret may speak of. A tenant's own speaks for its account alone. The installation's speak for every
/// account that the installation has had: they do not say which, an operator may enter the next one's before its key, and
/// what bounces or is complained of after the key has moved would be lost.
/// </summary>
internal sealed class Signers
{
    private readonly Guid[] _shared;

    private Signers(Guid[] shared) => _shared = shared;

    public static async Task<Signers> ReadAsync(PortalDbContext context, CancellationToken cancellation) =>
        new(
            await context
                .ProviderAccounts.Where(account => account.OwnerId == null)
                .Select(account => account.Id)
                .ToArrayAsync(cancellation)
        );

    /// <param name="accountId">The one under which the event came in.</param>
    public IReadOnlyCollection<Guid> SpeaksFor(Guid accountId) => IsTheInstallations(accountId) ? _shared : [accountId];

    public bool IsTheInstallations(Guid accountId) => _shared.Contains(accountId);
}
