using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
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
        await engine.SettleAsync(await engine.InFlightAsync());
        var (first, second) = (await engine.InFlightAsync(), await engine.InFlightAsync());

        faults.HoldNext();
        var settled = new[] { Task.Run(() => engine.SettleAsync(first)), Task.Run(() => engine.SettleAsync(second)) };
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
        await engine.SettleAsync(await engine.InFlightAsync());
        var first = await engine.InFlightAsync();

        await faults.BesideAsync(
            () => engine.SettleAsync(first),
            async () => await engine.SettleAsync(await engine.InFlightAsync())
        );

        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task Sender_VerifiedAgainBetweenTheIntentAndTheStop_StopsNothing()
    {
        using var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        await SetDomainsAsync(engine, DomainStatus.Failed);

        // The claim passes; the intent that found the sender lost is held.
        await faults.BesideAsync(
            () => engine.TurnAsync(),
            () => SetDomainsAsync(engine, DomainStatus.Verified),
            after: 1
        );

        Assert.Empty(engine.Provider.Calls);
        Assert.Equal(CampaignStatus.Sending, (await engine.CampaignAsync(id)).Status);
        await engine.RunAsync();
        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
    }

    [PostgreSqlFact]
    public async Task Settles_WhileChunksWait_DoNotStandInLine()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactsAsync(engine.Tenant, 400);
        var id = await engine.LaunchAsync();
        await engine.SettleAsync(await engine.InFlightAsync());
        var (first, second) = (await engine.InFlightAsync(), await engine.InFlightAsync());
        // Both find the account's last success old.
        engine.Time.Advance(TimeSpan.FromSeconds(5));

        faults.HoldNext();
        var held = Task.Run(() => engine.SettleAsync(first));
        await faults.HeldAsync();
        await engine.SettleAsync(second).WaitAsync(TimeSpan.FromSeconds(20));
        faults.Release();
        await held;

        Assert.Equal(300, (await engine.CountsAsync(id)).Accepted);
    }

    [PostgreSqlFact]
    public async Task Settle_ThatWaitsForItsCampaign_KeepsNobodyFromTheAccountsRow()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var id = await engine.LaunchAsync();
        await engine.SettleAsync(await engine.InFlightAsync());
        var call = await engine.InFlightAsync();
        // The account's last success is old.
        engine.Time.Advance(TimeSpan.FromSeconds(5));

        // As a cancel or a resume of a million does, for as long as it takes.
        faults.HoldNext();
        var held = Task.Run(() => LockAsync(engine, (db, token) => db.LockCampaignAsync(id, token)));
        await faults.HeldAsync();
        var settle = Task.Run(() => engine.SettleAsync(call));
        await Task.Delay(300);
        Assert.False(settle.IsCompleted);
        await LockAccountAsync(engine).WaitAsync(TimeSpan.FromSeconds(20));
        faults.Release();
        await held;

        Assert.True(await settle);
    }

    [PostgreSqlFact]
    public async Task Resume_ThatIsStillPlanning_KeepsNobodyFromTheAccountsRow()
    {
        using var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        var id = await engine.StoppedAfterAsync(chunks: 1, people: 300);

        faults.HoldNext();
        var resume = Task.Run(() => engine.ResumeAsync(id));
        await faults.HeldAsync();
        await LockAccountAsync(engine).WaitAsync(TimeSpan.FromSeconds(20));
        faults.Release();

        Assert.IsType<ResumeResult.Resumed>(await resume);
    }

    [Fact]
    public async Task FailureAtTheEndOfPatience_BesideAResume_DoesNotStopWhatWasResumed()
    {
        using var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        // Over before the lease of the second call is.
        engine.Options.Patience = TimeSpan.FromMinutes(1);
        await engine.Database.AddContactsAsync(engine.Tenant, 200);
        var id = await engine.LaunchAsync();
        var (first, second) = (await engine.InFlightAsync(), await engine.InFlightAsync());
        engine.Provider.Always = FakeProvider.Fault.ErrorBeforeAcceptance;
        Assert.True(await engine.FailAsync(first));
        await engine.RunAsync(TimeSpan.FromSeconds(100));
        Assert.Equal(StopReason.ProviderUnavailable, (await engine.CampaignAsync(id)).StopReason);

        var settled = false;
        await faults.BesideAsync(() => engine.ResumeAsync(id), async () => settled = await engine.FailAsync(second));

        Assert.True(settled);
        Assert.Equal(CampaignStatus.Sending, (await engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task Intent_WhileAPauseIsBeingCommitted_WaitsForIt_AndIsFenced()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        var claim = await engine.ClaimAsync();
        var prepared = await engine.Prepare.ExecuteAsync(claim, recheck: false, CancellationToken.None);

        faults.HoldNext();
        var pause = Task.Run(() =>
            engine.Pause.ExecuteAsync(engine.Tenant.As(TenantRole.Admin), id, CancellationToken.None)
        );
        await faults.HeldAsync();
        var intent = Task.Run(() => engine.IntentAsync(claim, prepared));
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
        var claim = await engine.ClaimAsync();
        var prepared = await engine.Prepare.ExecuteAsync(claim, recheck: false, CancellationToken.None);

        faults.HoldNext();
        var intent = Task.Run(() => engine.IntentAsync(claim, prepared));
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

        var claims = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => engine.ClaimOrNullAsync())));

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
        var (first, second) = (await engine.InFlightAsync(), await engine.InFlightAsync());

        faults.HoldNext();
        var settled = new[] { Task.Run(() => engine.FailAsync(first)), Task.Run(() => engine.FailAsync(second)) };
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Row_ThatTwoLookForAndBothInsert_IsThereOnce_AndTheSecondIsTold(bool inPlaceOfALighterOne)
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        if (inPlaceOfALighterOne)
        {
            await engine.SuppressAsync("a@example.net", reason: SuppressionReason.Manual);
        }

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

    private static Task<bool> LockAccountAsync(EngineHarness engine) =>
        LockAsync(engine, (db, token) => db.ProviderAccounts.ForUpdate().SingleAsync(token));

    private static Task<bool> LockAsync(EngineHarness engine, Func<PortalDbContext, CancellationToken, Task> take) =>
        engine.Db.WriteBesideOthersAsync(
            TenantScope.Installation,
            async (db, token) =>
            {
                await take(db, token);
                return true;
            },
            CancellationToken.None
        );

    private static Task<int> SetDomainsAsync(EngineHarness engine, DomainStatus status) =>
        engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db.SendingDomains.ExecuteUpdateAsync(set => set.SetProperty(domain => domain.Status, status), token),
            CancellationToken.None
        );
}
