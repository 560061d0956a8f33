using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>
/// What the write gate gives on SQLite for nothing and PostgreSQL only by a lock: each test holds one transaction just
/// before its commit and lets another run against it.
/// </summary>
public sealed class BesideOthersTests
{
    [Fact]
    public async Task LastTwoChunks_SettledAtOnce_EndTheCampaign()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var id = await engine.LaunchAsync();
        // Its success is noted at the account, so that the two below have nothing to write there and nothing to wait for.
        await SettleAsync(engine, await InFlightAsync(engine));
        var (first, second) = (await InFlightAsync(engine), await InFlightAsync(engine));

        faults.HoldNext();
        var settled = new[] { Task.Run(() => SettleAsync(engine, first)), Task.Run(() => SettleAsync(engine, second)) };
        await faults.HeldAsync();
        await Task.Delay(300);
        faults.Release();
        await Task.WhenAll(settled);

        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task LastChunk_ClaimedAndSettledBesideASettleThatSawItWaiting_EndsTheCampaign()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var id = await engine.LaunchAsync();
        await SettleAsync(engine, await InFlightAsync(engine));
        var first = await InFlightAsync(engine);

        faults.HoldNext();
        var settled = Task.Run(() => SettleAsync(engine, first));
        await faults.HeldAsync();
        var last = Task.Run(async () => await SettleAsync(engine, await InFlightAsync(engine)));
        await Task.Delay(300);
        faults.Release();
        await Task.WhenAll(settled, last);

        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
    }

    [PostgreSqlFact]
    public async Task Settles_WhileChunksWait_DoNotStandInLine()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactsAsync(engine.Tenant, 400);
        var id = await engine.LaunchAsync();
        await SettleAsync(engine, await InFlightAsync(engine));
        var (first, second) = (await InFlightAsync(engine), await InFlightAsync(engine));
        // Both find the account's last success old.
        engine.Time.Advance(TimeSpan.FromSeconds(5));

        faults.HoldNext();
        var held = Task.Run(() => SettleAsync(engine, first));
        await faults.HeldAsync();
        await SettleAsync(engine, second).WaitAsync(TimeSpan.FromSeconds(20));
        faults.Release();
        await held;

        Assert.Equal(300, (await engine.CountsAsync(id)).Accepted);
    }

    [Fact]
    public async Task Intent_WhileAPauseIsBeingCommitted_WaitsForIt_AndIsFenced()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        var claim = await ClaimAsync(engine);
        var prepared = await engine.Prepare.ExecuteAsync(claim, recheck: false, CancellationToken.None);

        faults.HoldNext();
        var pause = Task.Run(() =>
            engine.Pause.ExecuteAsync(engine.Tenant.As(TenantRole.Admin), id, CancellationToken.None)
        );
        await faults.HeldAsync();
        var intent = Task.Run(() => IntentAsync(engine, claim, prepared));
        await Task.Delay(300);
        Assert.False(intent.IsCompleted);
        faults.Release();

        Assert.True((await pause).Won);
        Assert.IsType<IntentResult.Fenced>(await intent);
        Assert.Equal(100, (await engine.CountsAsync(id)).Pending);
    }

    [Fact]
    public async Task Cancel_WhileAnIntentIsBeingCommitted_WaitsForIt_AndLeavesItsPeopleInDoubt()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactsAsync(engine.Tenant, 200);
        var id = await engine.LaunchAsync();
        var claim = await ClaimAsync(engine);
        var prepared = await engine.Prepare.ExecuteAsync(claim, recheck: false, CancellationToken.None);

        faults.HoldNext();
        var intent = Task.Run(() => IntentAsync(engine, claim, prepared));
        await faults.HeldAsync();
        var cancel = Task.Run(() =>
            engine.Cancel.ExecuteAsync(engine.Tenant.As(TenantRole.Admin), id, CancellationToken.None)
        );
        await Task.Delay(300);
        Assert.False(cancel.IsCompleted);
        faults.Release();

        Assert.IsType<IntentResult.Written>(await intent);
        Assert.True((await cancel).Won);
        var counts = await engine.CountsAsync(id);
        Assert.Equal((100, 100, 0), (counts.InDoubt, counts.Excluded, counts.Pending));
    }

    [Fact]
    public async Task Claims_AtOnce_GiveEachWorkerAnotherChunk()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1000);
        var id = await engine.LaunchAsync();

        var claims = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => ClaimOrNullAsync(engine))));

        var given = claims.Where(claim => claim is not null).Select(claim => claim!.Number).ToList();
        Assert.Equal(given.Distinct().Count(), given.Count);
        Assert.Equal(given.Count, (await engine.ChunksAsync(id)).Count(c => c.State == ChunkState.Leased));
    }

    [Fact]
    public async Task Failures_SettledAtOnce_AreAllCounted()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactsAsync(engine.Tenant, 200);
        await engine.LaunchAsync();
        var (first, second) = (await InFlightAsync(engine), await InFlightAsync(engine));

        faults.HoldNext();
        var settled = new[] { Task.Run(() => FailAsync(engine, first)), Task.Run(() => FailAsync(engine, second)) };
        await faults.HeldAsync();
        await Task.Delay(300);
        faults.Release();
        await Task.WhenAll(settled);

        await using var db = engine.Db.Read(TenantScope.Installation);
        Assert.Equal(2, (await db.ProviderAccounts.SingleAsync()).FailuresInARow);
    }

    [Fact]
    public async Task Commands_AtOnce_AreNumberedWithoutGaps()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await Task.WhenAll(
            Enumerable
                .Range(0, 20)
                .Select(i =>
                    Task.Run(() =>
                        engine.Db.CommandAsync(
                            engine.Tenant.As(TenantRole.Owner),
                            TenantRole.Owner,
                            (command, _) =>
                            {
                                command.Audit("tenant.renamed", "tenant", $"{i}", "North");
                                return Task.FromResult(0);
                            },
                            CancellationToken.None
                        )
                    )
                )
        );

        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Equal(
            Enumerable.Range(1, 20).Select(i => (long)i),
            await db.AuditEntries.OrderBy(entry => entry.Sequence).Select(entry => entry.Sequence).ToListAsync()
        );
    }

    [Fact]
    public async Task Row_ThatTwoLookForAndBothInsert_IsThereOnce_AndTheSecondIsTold()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        Task<bool> Suppressed() =>
            Task.Run(() =>
                engine.Db.WriteBesideOthersAsync(
                    engine.Tenant.Scope,
                    (db, token) =>
                        Suppress.AddAsync(
                            db,
                            engine.Tenant.Id,
                            "a@example.net",
                            SuppressionReason.Unsubscribed,
                            null,
                            engine.Time.GetUtcNow(),
                            engine.Database.Ids,
                            token
                        ),
                    CancellationToken.None
                )
            );

        faults.HoldNext();
        var first = Suppressed();
        await faults.HeldAsync();
        var second = Suppressed();
        await Task.Delay(300);
        faults.Release();

        Assert.True(await first);
        Assert.False(await second);
    }

    private static Task<ClaimedChunk?> ClaimOrNullAsync(EngineHarness engine) =>
        engine.Claim.ExecuteAsync(engine.Database.AccountId, "worker", CancellationToken.None);

    private static async Task<ClaimedChunk> ClaimAsync(EngineHarness engine) =>
        Assert.IsType<ClaimedChunk>(await ClaimOrNullAsync(engine));

    private static Task<IntentResult> IntentAsync(EngineHarness engine, ClaimedChunk claim, PreparedChunk? prepared) =>
        engine.RecordIntent.ExecuteAsync(
            claim,
            prepared,
            engine.Database.AccountId,
            "http://provider.test",
            CancellationToken.None
        );

    private static async Task<(ClaimedChunk Claim, Intent Intent)> InFlightAsync(EngineHarness engine)
    {
        var claim = await ClaimAsync(engine);
        var prepared = await engine.Prepare.ExecuteAsync(claim, recheck: false, CancellationToken.None);
        return (claim, Assert.IsType<IntentResult.Written>(await IntentAsync(engine, claim, prepared)).Intent);
    }

    private static Task<bool> SettleAsync(EngineHarness engine, (ClaimedChunk Claim, Intent Intent) call) =>
        engine.Settle.ExecuteAsync(
            call.Claim,
            call.Intent,
            new Outcome.Accepted([.. call.Intent.Recipients.Select(number => $"mail-{number}")]),
            new ProviderAnswer.None("a fake"),
            engine.Database.AccountId,
            CancellationToken.None
        );

    private static Task<bool> FailAsync(EngineHarness engine, (ClaimedChunk Claim, Intent Intent) call) =>
        engine.Settle.ExecuteAsync(
            call.Claim,
            call.Intent,
            new Outcome.Ambiguous("It broke."),
            new ProviderAnswer.None("It broke."),
            engine.Database.AccountId,
            CancellationToken.None
        );

    /// <summary>Holds the next commit, once; those after it pass.</summary>
    private sealed class HeldCommits : StorageFaults, IDisposable
    {
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _released = new();
        private int _armed;

        public void HoldNext() => _armed = 1;

        public Task HeldAsync() => _held.Task.WaitAsync(TimeSpan.FromSeconds(30));

        public void Release() => _released.Set();

        public override void BeforeCommit()
        {
            if (Interlocked.Exchange(ref _armed, 0) == 1)
            {
                _held.SetResult();
                _released.Wait(TimeSpan.FromSeconds(30));
            }
        }

        public void Dispose() => _released.Dispose();
    }
}
