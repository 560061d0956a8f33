using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>What went through tenants' own accounts, asked for with their own keys: for each account a <see cref="Reconciler"/>.</summary>
public sealed class OwnReconcilers(
    PortalDb db,
    OpenQuestions questions,
    ResendReader reader,
    IOwnKeys keys,
    CampaignNotifier notifier,
    ILogger<Reconciler> logger
)
{
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(1);

    private readonly Dictionary<Guid, (Reconciler Reconciler, DateTimeOffset NotBefore)> _accounts = [];

    public Task RunAsync(CancellationToken stopping) =>
        Loop.EveryAsync(() => Rest, RunOnceAsync, db.Time, logger, stopping);

    public async Task RunOnceAsync(CancellationToken cancellation)
    {
        foreach (var account in await WithKeysAsync(cancellation))
        {
            var (reconciler, notBefore) = _accounts.GetValueOrDefault(account.Id);
            if (notBefore > db.Time.GetUtcNow())
            {
                continue;
            }

            reconciler ??= Open(account);
            try
            {
                await reconciler.RunOnceAsync(cancellation);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // One account's trouble keeps nobody else from being asked.
                logger.LogError(exception, "Account {AccountId} could not be asked.", account.Id);
            }

            _accounts[account.Id] = (reconciler, db.Time.GetUtcNow() + reconciler.Rest);
        }
    }

    private async Task<List<CurrentAccount>> WithKeysAsync(CancellationToken cancellation)
    {
        await using var context = db.Read(TenantScope.Installation);
        var withKeys = UsableAccounts.WithKeys(context);
        return await context
            .ProviderAccounts.Where(account => withKeys.Any(own => own.AccountId == account.Id))
            .Select(account => new CurrentAccount(account.Id, account.BaseUrl) { OwnerId = account.OwnerId })
            .ToListAsync(cancellation);
    }

    private Reconciler Open(CurrentAccount account)
    {
        var through = new SendingThrough(account);
        var archive = new ProviderArchive(new OwnAccountReader(reader, keys, account.Id), new Pacer(db, through));
        return new Reconciler(db, questions, archive, through, notifier, logger);
    }
}
