using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>
/// Tenants' own accounts: each has turns and a pace of its own, and all share a few workers (<see cref="AccountPool{T}"/>), so
/// that neither their number nor one that hangs is felt by the others. An account that has nothing to send costs its part of
/// one question.
/// </summary>
public sealed class OwnLanes(
    PortalDb db,
    PrepareChunk prepare,
    RecordIntent recordIntent,
    SettleAttempt settle,
    IMailProvider provider,
    SendingOptions options,
    Random random,
    CrashPoints crash,
    CampaignNotifier notifier,
    SendingSignal signal,
    ILogger<Dispatcher> logger
)
{
    /// <summary>In case a wake-up was lost with its process.</summary>
    private static readonly TimeSpan LooksEvery = TimeSpan.FromSeconds(10);

    /// <summary>Wake-ups come with each transactional mail; the question is one for all of them.</summary>
    private static readonly TimeSpan LooksApart = TimeSpan.FromMilliseconds(200);

    private readonly AccountPool<OwnLane> _pool = new(
        options.OwnAccountsConcurrency,
        options.MaxConcurrency,
        db.Time,
        logger
    );

    private DateTimeOffset _lookedAt = DateTimeOffset.MinValue;

    /// <summary>The accounts that something waits for, now or later: a campaign that is being sent, or a call in doubt.</summary>
    public async Task<IReadOnlyList<CurrentAccount>> BusyAsync(CancellationToken cancellation) =>
        (await ReadAsync(null, cancellation)).ConvertAll(work => work.Account);

    /// <param name="stopping">No new call starts after it.</param>
    /// <param name="abandon">Calls in flight are given up after it.</param>
    public async Task RunAsync(CancellationToken stopping, CancellationToken abandon)
    {
        await Task.WhenAll(
            Loop.RunAsync(
                async token =>
                {
                    await LookAsync(token);
                    return false;
                },
                _ => Task.FromResult(LooksEvery),
                signal.Own,
                db.Time,
                logger,
                stopping
            ),
            _pool.RunAsync((turn, token) => SendAsync(turn, token, abandon), stopping)
        );
        // What they had in hand has been seen through to its answer.
        Close(_pool.Turns.KeepOnly(new HashSet<Guid>()));
    }

    /// <summary>The parts of one account's way, with nothing in them that another account uses.</summary>
    public OwnLane Open(CurrentAccount account)
    {
        var through = new SendingThrough(account);
        var pacer = new Pacer(db, through);
        var claim = new ClaimChunk(db, options, random, pacer, account);
        var dispatcher = new Dispatcher(
            db,
            claim,
            prepare,
            recordIntent,
            settle,
            provider,
            through,
            pacer,
            options,
            crash,
            notifier,
            logger
        );
        return new OwnLane(account, pacer, claim, dispatcher);
    }

    private async Task LookAsync(CancellationToken cancellation)
    {
        if (_lookedAt + LooksApart - db.Time.GetUtcNow() is var wait && wait > TimeSpan.Zero && wait <= LooksApart)
        {
            await Task.Delay(wait, db.Time, cancellation);
        }

        _lookedAt = db.Time.GetUtcNow();
        var waiting = await ReadAsync(null, cancellation);
        foreach (var (account, due, failing) in waiting)
        {
            _pool.Turns.Wake(account.Id, due, failing, () => Open(account));
        }

        Close(_pool.Turns.KeepOnly(waiting.Select(work => work.Account.Id).ToHashSet()));
        _pool.Changes();
    }

    private async Task SendAsync(AccountTurn<OwnLane> turn, CancellationToken stopping, CancellationToken abandon)
    {
        var (account, pacer, _, dispatcher) = turn.Work;
        var result = await dispatcher.RunOnceAsync(
            $"{account.Id:N}-{turn.Number}",
            stopping,
            abandon,
            () => _pool.Begun(turn, pacer.Room)
        );
        if (result != DispatchResult.Idle)
        {
            _pool.Turns.Again(turn, pacer.Room);
            return;
        }

        var work = (await ReadAsync(account.Id, stopping)).FirstOrDefault();
        var now = db.Time.GetUtcNow();
        _pool.Turns.Rest(turn, work is null ? null : now + SendingLoops.Nap(work.Due - now), work is { Failing: true });
    }

    private async Task<List<OwnWork>> ReadAsync(Guid? only, CancellationToken cancellation) =>
        db.Time.MayNotSend()
            ? []
            : await db.ReadRowsAsync(
                TenantScope.Installation,
                context =>
                    OwnWork.ReadAsync(
                        context,
                        only,
                        db.Time.GetUtcNow() - (options.KeyWindow - options.KeyWindowMargin),
                        !db.Time.MayNotRepeat(),
                        cancellation
                    )
            );

    private static void Close(IReadOnlyList<OwnLane> lanes)
    {
        foreach (var lane in lanes)
        {
            lane.Dispose();
        }
    }
}

/// <summary>What the calls through one own account share.</summary>
public sealed record OwnLane(CurrentAccount Account, Pacer Pacer, ClaimChunk Claim, Dispatcher Dispatcher) : IDisposable
{
    public void Dispose() => Dispatcher.Dispose();
}
