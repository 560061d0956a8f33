using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Senders;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>
/// What went through tenants' own accounts, asked for with their own keys: for each account that there is a question about a
/// <see cref="Reconciler"/> with a rest of its own, several at one time, so that a slow one delays nobody.
/// </summary>
public sealed class OwnReconcilers(
    PortalDb db,
    OpenQuestions questions,
    OwnArchives archives,
    CampaignNotifier notifier,
    ILogger<Reconciler> logger
)
{
    /// <summary>A round of calls at the account's pace takes some seconds: so hundreds of accounts are asked in a minute or two.</summary>
    private const int AtOneTime = 16;

    private static readonly TimeSpan LooksEvery = TimeSpan.FromMinutes(1);

    private readonly AccountPool<Reconciler> _pool = new(AtOneTime, perAccount: 1, db.Time, logger);

    public Task RunAsync(CancellationToken stopping) =>
        Task.WhenAll(
            Loop.EveryAsync(() => LooksEvery, LookAsync, db.Time, logger, stopping),
            _pool.RunAsync(AskAsync, stopping)
        );

    private async Task LookAsync(CancellationToken cancellation)
    {
        var asked = await questions.OwnAccountsAsync(cancellation);
        // Who is known already rests as long as its last round said.
        foreach (var account in asked.Where(account => !_pool.Turns.Knows(account.Id)))
        {
            _pool.Turns.Wake(account.Id, db.Time.GetUtcNow(), failing: false, () => Open(account));
        }

        _pool.Turns.KeepOnly(asked.Select(account => account.Id).ToHashSet());
        _pool.Changes();
    }

    private async Task AskAsync(AccountTurn<Reconciler> turn, CancellationToken stopping)
    {
        await turn.Work.RunOnceAsync(stopping);
        _pool.Turns.Rest(turn, db.Time.GetUtcNow() + turn.Work.Rest, failing: !turn.Work.Answers);
    }

    private Reconciler Open(CurrentAccount account) =>
        new(db, questions, archives.Open(account), new SendingThrough(account), notifier, logger);
}
