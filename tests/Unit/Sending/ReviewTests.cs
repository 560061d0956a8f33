using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Suppression;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>What an adversarial reading of the engine asked: each was wrong once, or nothing would have said so if it were.</summary>
public sealed class ReviewTests
{
    private const string BaseUrl = "http://provider.test";

    [Fact]
    public async Task RefusalsInARow_NeverTouchAChunkThatIsInDoubt()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        // Chunk 1 is accepted and its answer lost; its repeat is refused, which proves nothing; then everybody is.
        engine.Provider.Then(Fault.LostAnswer, Fault.BadAddress);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        engine.Time.Advance(TimeSpan.FromMinutes(1));
        await engine.TurnAsync();
        await engine.Db.WriteAsync(
            TenantScope.Installation,
            async (db, token) =>
            {
                var later = engine.Time.GetUtcNow().AddMinutes(10);
                await db
                    .Chunks.Where(c => c.DoubtfulSince != null)
                    .ExecuteUpdateAsync(set => set.SetProperty(c => c.NotBefore, later), token);
                await db.ProviderAccounts.ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(a => a.NotBefore, (DateTimeOffset?)null)
                            .SetProperty(a => a.FailingSince, (DateTimeOffset?)null)
                            .SetProperty(a => a.FailuresInARow, 0),
                    token
                );
            },
            CancellationToken.None
        );
        engine.Provider.Always = Fault.BadAddress;
        for (var i = 0; i < 10; i++)
        {
            await engine.TurnAsync();
        }

        Assert.Equal(StopReason.RefusedForAll, (await engine.CampaignAsync(id)).StopReason);
        Assert.Equal(2, engine.Provider.Calls.GroupBy(c => c.Key).Max(g => g.Count()));
        engine.Provider.Always = Fault.None;
        await engine.ResumeAsync(id);

        await engine.RunAsync(TimeSpan.FromHours(1));

        Assert.Equal(0, (await engine.CountsAsync(id)).InDoubt);
        Assert.Equal(ChunkState.Accepted, (await engine.ChunksAsync(id))[0].State);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Doubt_WhoseSenderLostItsVerification_DoesNotTakeTheOthersTurns()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.LostAnswer);
        await engine.LaunchAsync();
        await engine.TurnAsync();
        await LoseVerificationAsync(engine);
        var turns = 0;
        var end = engine.Time.GetUtcNow() + TimeSpan.FromHours(1);
        while (engine.Time.GetUtcNow() < end)
        {
            turns += await engine.TurnAsync() == DispatchResult.Idle ? 0 : 1;
            engine.Time.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.Single(engine.Provider.Calls);
        Assert.InRange(turns, 1, 15);
    }

    [Fact]
    public async Task Repeat_AfterOneMemberWasProvenByItself_StillKnowsWhoIsInTheBytes()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.LostAnswer);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        // As an event of an earlier generation leaves it: its own mail is proven, its batch is not.
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db
                    .Recipients.Where(r => r.Number == 7)
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(r => r.State, RecipientState.Accepted)
                                .SetProperty(r => r.ChunkNumber, (int?)null),
                        token
                    ),
            CancellationToken.None
        );

        await engine.RunAsync();

        Assert.Equal(2, engine.Provider.Calls.Count);
        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        await using var context = engine.Db.Read(engine.Tenant.Scope);
        var eighth = await context.Recipients.SingleAsync(r => r.Number == 8);
        Assert.Equal(engine.Provider.Mailed.Single(m => m.Recipient == 8).Id, eighth.ProviderEmailId);
    }

    [Fact]
    public async Task RetryAfter_OfYears_DoesNotStopTheInstallationForYears()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        await engine.LaunchAsync();
        var claim = await engine.ClaimAsync();
        var intent = await engine.WriteIntentAsync(claim);

        await engine.Settle.ExecuteAsync(
            claim,
            intent,
            new Outcome.Refusal(RefusalKind.Rate, "rate_limit_exceeded", "", TimeSpan.FromSeconds(int.MaxValue)),
            new ProviderAnswer.None(""),
            engine.Database.AccountId,
            CancellationToken.None
        );

        var due = await engine.Claim.NextDueAsync(engine.Database.AccountId, CancellationToken.None);
        Assert.InRange(due!.Value - engine.Time.GetUtcNow(), TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task Pacer_ToldAnAbsurdWindow_StaysWithinALease()
    {
        await using var engine = await EngineHarness.CreateAsync();

        await engine.Pacer.LearnAsync(
            engine.Database.AccountId,
            new RateSlot(RateGrid.Unknown, 1),
            engine.Time.GetUtcNow(),
            ProviderHeaders.Empty with
            {
                RateLimit = 1,
                RateWindow = TimeSpan.FromSeconds(int.MaxValue),
            },
            refused: false,
            CancellationToken.None
        );

        Assert.InRange(engine.Pacer.Spacing, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Launch_CutInTwoWithoutARestart_IsFinishedByTheSweep_AndABrokenOneHoldsUpNobody()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 5);
        var id = await engine.DraftAsync();
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db.Campaigns.ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(c => c.Status, CampaignStatus.Preparing)
                            .SetProperty(c => c.FromHeader, "news@north.test")
                            .SetProperty(c => c.LaunchedAt, engine.Time.GetUtcNow()),
                    token
                ),
            CancellationToken.None
        );

        await engine.Recover.FinishLaunchesAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        Assert.Equal(CampaignStatus.Preparing, (await engine.CampaignAsync(id)).Status);
        engine.Time.Advance(TimeSpan.FromMinutes(1));
        await engine.Recover.FinishLaunchesAsync(TimeSpan.FromMinutes(1), CancellationToken.None);

        Assert.Equal(CampaignStatus.Sending, (await engine.CampaignAsync(id)).Status);
        Assert.Equal(5, (await engine.CountsAsync(id)).Pending);
    }

    [Fact]
    public async Task Unsubscription_IsNotLost_WhenABounceOrABlockIsLifted()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var at = engine.Time.GetUtcNow();
        foreach (
            var (address, first, second) in new[]
            {
                ("a@example.net", SuppressionReason.Unsubscribed, SuppressionReason.Bounced),
                ("b@example.net", SuppressionReason.Bounced, SuppressionReason.Unsubscribed),
                ("c@example.net", SuppressionReason.Manual, SuppressionReason.Unsubscribed),
            }
        )
        {
            foreach (var reason in new[] { first, second })
            {
                await engine.Db.WriteAsync(
                    engine.Tenant.Scope,
                    (db, token) =>
                        Suppress.AddAsync(db, engine.Tenant.Id, address, reason, null, at, engine.Database.Ids, token),
                    CancellationToken.None
                );
            }
        }

        await using var context = engine.Db.Read(engine.Tenant.Scope);
        Assert.All(
            await context.SuppressedAddresses.ToListAsync(),
            row => Assert.Equal(SuppressionReason.Unsubscribed, row.Reason)
        );
    }

    [Fact]
    public async Task EventBeforeItsAnswer_StillEndsTheAccountsFailing()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.LostRequest);
        await engine.LaunchAsync();
        await engine.TurnAsync();
        engine.Time.Advance(TimeSpan.FromMinutes(1));
        var claim = await engine.ClaimAsync();
        var intent = await engine.WriteIntentAsync(claim, repeat: true);
        // The event has closed the chunk under another epoch.
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db.Chunks.ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(c => c.Epoch, c => c.Epoch + 1)
                            .SetProperty(c => c.State, ChunkState.Accepted)
                            .SetProperty(c => c.DoubtfulSince, (DateTimeOffset?)null),
                    token
                ),
            CancellationToken.None
        );

        var ids = Enumerable.Range(1, 100).Select(i => $"mail-{i}").ToList();
        var settled = await engine.SettleAsync((claim, intent), new Outcome.Accepted(ids));

        Assert.False(settled);
        await using var context = engine.Db.Read(TenantScope.None);
        Assert.Null((await context.ProviderAccounts.SingleAsync()).FailingSince);
    }

    [SqliteFact]
    public async Task CountsOfTheOpened_ReadTheirOwnSmallIndex_AndNotTheLedger()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var id = await engine.LaunchAsync();

        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var counted = db.Recipients.Where(r => r.CampaignId == id && r.OpenedAt != null).ToQueryString();
        var query = counted[counted.IndexOf("SELECT", StringComparison.Ordinal)..]
            .Replace("@ef_filter__ScopedTenantId", "1", StringComparison.Ordinal)
            .Replace("@id", "2", StringComparison.Ordinal);
        await db.Database.OpenConnectionAsync();
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = $"EXPLAIN QUERY PLAN SELECT COUNT(*) FROM ({query})";
        await using var reader = await command.ExecuteReaderAsync();
        var plan = "";
        while (await reader.ReadAsync())
        {
            plan += reader.GetString(3) + "; ";
        }

        Assert.Contains("IX_Recipients_Opened", plan, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doubt_OfAnAccountThatAnotherInstanceHasLeft_EndsInTheOneThatWasNotStartedAgain()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.LostAnswer);
        var id = await engine.LaunchAsync();
        // From here on this instance knows its account.
        await engine.TurnAsync();
        engine.Probe.Reads = false;
        await new ProviderAccounts(engine.Db, engine.Database.Ids, engine.Probe).EnsureAsync(
            BaseUrl,
            "re_other",
            CancellationToken.None
        );

        Assert.Equal(1, await engine.Expire.RunOnceAsync(CancellationToken.None));

        Assert.Equal(100, (await engine.CountsAsync(id)).Unknown);
        Assert.Equal(StopReason.AccountChanged, (await engine.CampaignAsync(id)).StopReason);
    }

    [Fact]
    public async Task Doubt_ThatCannotBeEnded_IsSaid_AndHoldsUpNobodyElses()
    {
        var storage = new FailsOnce();
        await using var engine = await EngineHarness.CreateAsync(storage);
        await engine.Database.AddContactsAsync(engine.Tenant, 200);
        var id = await engine.LaunchAsync();
        await engine.WriteIntentAsync(await engine.ClaimAsync());
        await engine.WriteIntentAsync(await engine.ClaimAsync());
        engine.Time.Advance(engine.Options.KeyWindow);

        storage.IsNext = true;
        Assert.Equal(1, await engine.Expire.RunOnceAsync(CancellationToken.None));

        var counts = await engine.CountsAsync(id);
        Assert.Equal((100, 100), (counts.InDoubt, counts.Unknown));
        Assert.Single(engine.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
        Assert.Equal(1, await engine.Expire.RunOnceAsync(CancellationToken.None));
    }

    [Fact]
    public async Task SilentProvider_AtTheStartWithANewKey_IsNeitherAnotherAccountNorTheSame_AndIsAskedAgain()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 200);
        engine.Provider.Then(Fault.None, Fault.LostAnswer);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        await engine.TurnAsync();
        engine.Probe.Reads = null;

        await Assert.ThrowsAsync<AccountNotKnownException>(() =>
            engine.Accounts.EnsureAsync(BaseUrl, "re_new", CancellationToken.None, (_, _) => throw Left())
        );

        Assert.Equal(0, await engine.Expire.RunOnceAsync(CancellationToken.None));
        Assert.Equal(100, (await engine.CountsAsync(id)).InDoubt);
        engine.Probe.Reads = true;
        var same = await engine.Accounts.EnsureAsync(BaseUrl, "re_new", CancellationToken.None, (_, _) => throw Left());
        Assert.Equal(engine.Database.AccountId, same.Id);
        await engine.RunAsync();
        Assert.Equal(200, (await engine.CountsAsync(id)).Accepted);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);

        static InvalidOperationException Left() => new("The account counts as left.");
    }

    private static Task<int> LoseVerificationAsync(EngineHarness engine) =>
        engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db.SendingDomains.ExecuteUpdateAsync(
                    set => set.SetProperty(domain => domain.Status, DomainStatus.Failed),
                    token
                ),
            CancellationToken.None
        );

    private sealed class FailsOnce : StorageFaults
    {
        public bool IsNext { get; set; }

        public override void BeforeCommit()
        {
            if (IsNext)
            {
                IsNext = false;
                throw new IOException("The storage failed before the commit.");
            }
        }
    }
}
