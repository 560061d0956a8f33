using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>
/// Tenants' own accounts: while there is something to send through one, it has workers, turns and a pace of its own beside the
/// installation's, so that no account waits for another.
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

    /// <summary>At the rate that an account has, more would only wait.</summary>
    private const int MostWorkers = 8;

    private readonly Dictionary<Guid, Running> _running = [];

    /// <summary>The accounts that something waits for now: a campaign that is being sent, or a call in doubt.</summary>
    public async Task<IReadOnlyList<CurrentAccount>> BusyAsync(CancellationToken cancellation)
    {
        await using var context = db.Read(TenantScope.Installation);
        var withKeys = UsableAccounts.WithKeys(context);
        return await context
            .ProviderAccounts.Where(account =>
                withKeys.Any(own => own.AccountId == account.Id)
                && (
                    context.Campaigns.Any(campaign =>
                        campaign.TenantId == account.OwnerId
                        && campaign.Status == CampaignStatus.Sending
                        && context.Runs.Any(run =>
                            run.TenantId == campaign.TenantId
                            && run.CampaignId == campaign.Id
                            && run.Number == campaign.CurrentRun
                            && run.AccountId == account.Id
                        )
                    ) || context.Chunks.Any(chunk => chunk.DoubtfulSince != null && chunk.AccountId == account.Id)
                )
            )
            .Select(account => new CurrentAccount(account.Id, account.BaseUrl) { OwnerId = account.OwnerId })
            .ToListAsync(cancellation);
    }

    /// <param name="stopping">No new call starts after it.</param>
    /// <param name="abandon">Calls in flight are given up after it.</param>
    public async Task RunAsync(CancellationToken stopping, CancellationToken abandon)
    {
        await Loop.RunAsync(
            async token =>
            {
                await LookAsync(stopping, abandon, token);
                return false;
            },
            _ => Task.FromResult(LooksEvery),
            signal,
            db.Time,
            logger,
            stopping
        );
        await Task.WhenAll(_running.Values.Select(lane => lane.Work));
    }

    /// <summary>The parts of one account's way, with nothing in them that another account uses.</summary>
    public OwnLane Open(CurrentAccount account)
    {
        var through = new SendingThrough(account);
        var pacer = new Pacer(db, through);
        var claim = new ClaimChunk(db, options, random, pacer, account.Id);
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
        return new OwnLane(account, claim, dispatcher);
    }

    private async Task LookAsync(CancellationToken stopping, CancellationToken abandon, CancellationToken cancellation)
    {
        foreach (var (id, lane) in _running.Where(one => one.Value.Work.IsCompleted).ToList())
        {
            lane.Stop.Dispose();
            _running.Remove(id);
        }

        var busy = await BusyAsync(cancellation);
        foreach (var lane in _running.Where(one => busy.All(account => account.Id != one.Key)))
        {
            // What it has in hand is seen through to its answer.
            await lane.Value.Stop.CancelAsync();
        }

        foreach (var account in busy.Where(account => !_running.ContainsKey(account.Id)))
        {
            var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            _running[account.Id] = new Running(stop, WorkAsync(Open(account), stop.Token, abandon));
        }
    }

    private async Task WorkAsync(OwnLane lane, CancellationToken stopping, CancellationToken abandon)
    {
        using (lane)
        {
            await Task.WhenAll(
                Enumerable
                    .Range(1, Math.Min(options.Workers, MostWorkers))
                    .Select(worker =>
                        Loop.RunAsync(
                            async token =>
                                await lane.Dispatcher.RunOnceAsync($"{lane.Account.Id:N}-{worker}", token, abandon)
                                != DispatchResult.Idle,
                            async token =>
                                SendingLoops.Nap(
                                    await lane.Claim.NextDueAsync(lane.Account.Id, token) - db.Time.GetUtcNow()
                                ),
                            signal,
                            db.Time,
                            logger,
                            stopping
                        )
                    )
            );
        }
    }

    private sealed record Running(CancellationTokenSource Stop, Task Work);
}

/// <summary>What the workers of one own account share.</summary>
public sealed record OwnLane(CurrentAccount Account, ClaimChunk Claim, Dispatcher Dispatcher) : IDisposable
{
    public void Dispose() => Dispatcher.Dispose();
}
