using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>A refused chunk is halved until who was refused is alone; the others get their mail, once.</summary>
public sealed class BisectionTests
{
    private const string Words = "Invalid `to` field.";

    /// <summary>The depth of a hundred: six halvings and a seventh for what does not divide evenly.</summary>
    private const int Depth = 7;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(50)]
    [InlineData(64)]
    [InlineData(77)]
    [InlineData(100)]
    public async Task OneBadAddress_CostsOneRecipient_AndFewCalls(int bad)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        engine.Provider.Refuses[$"person{bad}@example.net"] = Words;
        var id = await engine.LaunchAsync();

        await engine.RunAsync();

        var counts = await engine.CountsAsync(id);
        Assert.Equal((299, 1), (counts.Accepted, counts.Refused));
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        var refused = Assert.Single(await RecipientsAsync(engine, id, RecipientState.Refused));
        Assert.Equal(
            ($"person{bad}@example.net", Reasons.RefusedByProvider, Words),
            (refused.Email, refused.Reason, refused.Detail)
        );
        Assert.InRange(engine.Provider.Calls.Count - 3, 1, 2 * Depth);
        await AssertSoundAsync(engine, id);
    }

    [Theory]
    [InlineData(1, 2, 3, 4, 5, 6)]
    [InlineData(1, 51, 100)]
    [InlineData(10, 11, 12, 99)]
    public async Task SeveralBadAddresses_InOneChunk_AreEachFound_NeighboursToo(params int[] bad)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        foreach (var number in bad)
        {
            engine.Provider.Refuses[$"person{number}@example.net"] = Words;
        }

        var id = await engine.LaunchAsync();
        await engine.RunAsync();

        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        Assert.Equal(
            bad.Select(number => $"person{number}@example.net").Order(StringComparer.Ordinal),
            (await RecipientsAsync(engine, id, RecipientState.Refused))
                .Select(r => r.Email)
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal(100 - bad.Length, (await engine.CountsAsync(id)).Accepted);
        await AssertSoundAsync(engine, id);
    }

    [Fact]
    public async Task TwoBadAddresses_WithWordsOfTheirOwn_KeepThem()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Refuses["person3@example.net"] = "Invalid `to` field.";
        engine.Provider.Refuses["person4@example.net"] = "This address may not be mailed.";
        var id = await engine.LaunchAsync();

        await engine.RunAsync();

        var refused = await RecipientsAsync(engine, id, RecipientState.Refused);
        Assert.All(refused, r => Assert.Equal(engine.Provider.Refuses[r.Email], r.Detail));
        Assert.Equal(2, refused.Count);
        await AssertSoundAsync(engine, id);
    }

    [Fact]
    public async Task FaultOfAll_StopsAfterThreeAlone_AndNotAfterEverybody()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1000);
        engine.Provider.Always = Fault.BadAddress;
        engine.Provider.RefusalMessage = "Missing `html` field.";
        var id = await engine.LaunchAsync();

        await engine.RunAsync();

        var campaign = await engine.CampaignAsync(id);
        Assert.Equal(
            (CampaignStatus.Partial, StopReason.RefusedForAll, "Missing `html` field."),
            (campaign.Status, campaign.StopReason!.Value, campaign.StopDetail)
        );
        Assert.Equal(1000, (await engine.CountsAsync(id)).Pending);
        Assert.InRange(engine.Provider.Calls.Count, 1, Depth + 3);

        engine.Provider.Always = Fault.None;
        await engine.ResumeAsync(id);
        await engine.RunAsync();
        Assert.Equal(1000, (await engine.CountsAsync(id)).Accepted);
        await AssertSoundAsync(engine, id);
    }

    [Theory]
    [InlineData("Invalid `to` field: {0}")]
    [InlineData("The recipient '{0}' was refused, request 00000000-0000-4000-8000-0000000000{1}.")]
    public async Task FaultOfAll_WhoseWordsNameEachAddress_StopsAfterThreeAlone(string words)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        for (var number = 1; number <= 100; number++)
        {
            var email = $"person{number}@example.net";
            engine.Provider.Refuses[email] = string.Format(null, words, email, number % 90 + 10);
        }

        var id = await engine.LaunchAsync();
        await engine.RunAsync();

        var campaign = await engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Partial, StopReason.RefusedForAll), (campaign.Status, campaign.StopReason!.Value));
        Assert.Equal(100, (await engine.CountsAsync(id)).Pending);
        Assert.InRange(engine.Provider.Calls.Count, 1, Depth + 3);
        await AssertSoundAsync(engine, id);
    }

    [Theory]
    [InlineData(1, 51, 100)]
    [InlineData(10, 11, 12, 99)]
    public async Task BadAddresses_ThatAreEachNamed_AreRefused_WhereOthersAreAcceptedBetween(params int[] bad)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        foreach (var number in bad)
        {
            engine.Provider.Refuses[$"person{number}@example.net"] = $"Invalid `to` field: person{number}@example.net";
        }

        var id = await engine.LaunchAsync();
        await engine.RunAsync();

        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        var refused = await RecipientsAsync(engine, id, RecipientState.Refused);
        Assert.Equal(bad.Length, refused.Count);
        // Each keeps the provider's words about it.
        Assert.All(refused, r => Assert.Equal($"Invalid `to` field: {r.Email}", r.Detail));
        await AssertSoundAsync(engine, id);
    }

    [Fact]
    public async Task RefusedAlone_ForThreeFaults_IsNoRow()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 3);
        engine.Provider.Refuses["person1@example.net"] = "Invalid `to` field: person1@example.net";
        engine.Provider.Refuses["person2@example.net"] = "Missing `html` field.";
        engine.Provider.Refuses["person3@example.net"] = "Invalid `to` field: person3@example.net";
        var id = await engine.LaunchAsync();

        await engine.RunAsync();

        Assert.Equal(3, (await engine.CountsAsync(id)).Refused);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(24)]
    public async Task FaultOfAll_FoundByManyWorkersAtOnce_IsSearchedOnce(int workers)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 5000);
        engine.Provider.Always = Fault.BadAddress;
        var inFlight = 1;
        engine.Provider.During = async () =>
        {
            // Each call is still unanswered while the next worker begins its own.
            if (Interlocked.Increment(ref inFlight) <= workers)
            {
                await engine.TurnAsync(engine.NewDispatcher());
            }
        };
        var id = await engine.LaunchAsync();

        await engine.TurnAsync();
        Assert.Equal(workers, engine.Provider.Calls.Count);
        // From now on so many workers look for work during each call.
        engine.Provider.During = async () =>
        {
            if (Interlocked.Exchange(ref inFlight, 0) != 0)
            {
                Assert.Equal(DispatchResult.Idle, await engine.TurnAsync(engine.NewDispatcher()));
                inFlight = 1;
            }
        };
        await engine.RunAsync();

        Assert.InRange(engine.Provider.Calls.Count, workers, workers + Depth + 3);
        Assert.Equal(StopReason.RefusedForAll, (await engine.CampaignAsync(id)).StopReason);
        Assert.Equal(5000, (await engine.CountsAsync(id)).Pending);
        await AssertSoundAsync(engine, id);
    }

    [Fact]
    public async Task Search_ThatHasFoundSomebodyAccepted_LeavesTheOtherWorkersToTheirChunks()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        engine.Provider.Refuses["person1@example.net"] = Words;
        await engine.LaunchAsync();
        await engine.TurnAsync();
        // The half without the bad address: accepted, so that the fault is not everybody's.
        await engine.TurnAsync();
        Assert.Equal(50, engine.Provider.Mailed.Count);
        DispatchResult? beside = null;
        engine.Provider.During = async () =>
        {
            engine.Provider.During = null;
            beside = await engine.TurnAsync(engine.NewDispatcher());
        };

        await engine.TurnAsync();

        Assert.Equal(DispatchResult.Sent, beside);
    }

    [Fact]
    public async Task ThreeAloneWithOneMessage_AreNoRow_WhenSomebodyWasAcceptedBetween()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        foreach (var bad in new[] { 1, 2, 3, 4, 50, 51, 98 })
        {
            engine.Provider.Refuses[$"person{bad}@example.net"] = Words;
        }

        var id = await engine.LaunchAsync();
        await engine.RunAsync();

        Assert.Equal((93, 7), ((await engine.CountsAsync(id)).Accepted, (await engine.CountsAsync(id)).Refused));
    }

    [Fact]
    public async Task FaultOfAll_InThePausedCampaign_LeavesNobodyWithoutAChunk()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        engine.Provider.Always = Fault.BadAddress;
        var id = await engine.LaunchAsync();
        for (var i = 0; i < Depth + 2; i++)
        {
            await engine.TurnAsync();
        }

        var admin = engine.Tenant.As(TenantRole.Admin);
        engine.Provider.During = () => engine.Pause.ExecuteAsync(admin, id, CancellationToken.None);
        await engine.TurnAsync();
        engine.Provider.During = null;
        engine.Provider.Always = Fault.None;
        Assert.Equal(300, (await engine.CountsAsync(id)).Pending);

        await engine.Continue.ExecuteAsync(admin, id, CancellationToken.None);
        await engine.RunAsync();

        Assert.Equal(300, (await engine.CountsAsync(id)).Accepted);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        await AssertSoundAsync(engine, id);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public async Task Resume_InTheMiddleOfASearch_PlansWhoIsPendingOnce(int calls)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 200);
        engine.Provider.Refuses["person1@example.net"] = Words;
        var id = await engine.LaunchAsync();
        for (var i = 0; i < calls; i++)
        {
            await engine.TurnAsync();
        }

        engine.Provider.Then(Fault.KeyRevoked);
        await engine.TurnAsync();
        Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(id)).Status);

        await engine.ResumeAsync(id);
        Assert.All(
            await engine.ChunksAsync(id),
            chunk => Assert.True(chunk.RunNumber == 2 || chunk.State is not (ChunkState.Planned or ChunkState.Leased))
        );
        await engine.RunAsync();

        Assert.Equal((199, 1), ((await engine.CountsAsync(id)).Accepted, (await engine.CountsAsync(id)).Refused));
        await AssertSoundAsync(engine, id);
    }

    [Fact]
    public async Task Cancel_InTheMiddleOfASearch_ExcludesWhoIsPending()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Refuses["person1@example.net"] = Words;
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        await engine.TurnAsync();

        await engine.Cancel.ExecuteAsync(engine.Tenant.As(TenantRole.Admin), id, CancellationToken.None);
        await engine.RunAsync();

        var counts = await engine.CountsAsync(id);
        Assert.Equal((50, 50), (counts.Accepted, counts.Excluded));
        Assert.Equal(2, engine.Provider.Calls.Count);
    }

    [Fact]
    public async Task Cancel_DuringTheCallThatIsRefused_MakesNoHalves()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Always = Fault.BadAddress;
        var id = await engine.LaunchAsync();
        engine.Provider.During = async () =>
        {
            engine.Provider.During = null;
            await engine.Cancel.ExecuteAsync(engine.Tenant.As(TenantRole.Admin), id, CancellationToken.None);
        };

        await engine.RunAsync();

        Assert.Equal(100, (await engine.CountsAsync(id)).Excluded);
        Assert.Equal(ChunkState.Abandoned, Assert.Single(await engine.ChunksAsync(id)).State);
    }

    [Fact]
    public async Task NewRun_BesideACallOfTheOldOne_ThatIsThenRefused_GivesTheHalvesToTheNewRun()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 200);
        engine.Provider.Refuses["person1@example.net"] = Words;
        var id = await engine.LaunchAsync();
        engine.Provider.During = async () =>
        {
            engine.Provider.During = null;
            engine.Provider.Then(Fault.KeyRevoked);
            await engine.TurnAsync(engine.NewDispatcher());
            Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(id));
        };

        await engine.TurnAsync();
        await engine.RunAsync();

        Assert.Equal((199, 1), ((await engine.CountsAsync(id)).Accepted, (await engine.CountsAsync(id)).Refused));
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        await AssertSoundAsync(engine, id);
    }

    [Theory]
    [InlineData(CrashPoints.BeforeIntent)]
    [InlineData(CrashPoints.AfterIntent)]
    [InlineData(CrashPoints.BeforePost)]
    [InlineData(CrashPoints.AfterSettle)]
    public async Task Crash_AtAnyPointOfASearch_EndsWithOneMailEach(string point)
    {
        for (var calls = 0; calls < 5; calls++)
        {
            await using var engine = await EngineHarness.CreateAsync();
            await engine.Database.AddContactsAsync(engine.Tenant, 20);
            engine.Provider.Refuses["person1@example.net"] = Words;
            var id = await engine.LaunchAsync();
            for (var i = 0; i < calls; i++)
            {
                await engine.TurnAsync();
            }

            engine.Crash.At = point;
            await Assert.ThrowsAsync<SimulatedCrashException>(() => engine.TurnAsync());
            // Whoever forgets his keys on a refusal, as the provider does, accepts the repeat once it is mended there.
            engine.Provider.Refuses.Clear();
            await engine.RestartAsync();
            await engine.RunAsync();

            var counts = await engine.CountsAsync(id);
            Assert.Equal(20, counts.Accepted + counts.Refused);
            Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
            await AssertSoundAsync(engine, id);
        }
    }

    [Fact]
    public async Task Crash_BetweenTheRefusalAndItsHalves_LeavesDoubt_WhichIsRepeatedAndNeverHalved()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Refuses["person1@example.net"] = Words;
        var id = await engine.LaunchAsync();
        engine.Crash.At = CrashPoints.BeforeSettle;
        await Assert.ThrowsAsync<SimulatedCrashException>(() => engine.TurnAsync());

        await engine.RestartAsync();
        await engine.RunAsync(TimeSpan.FromHours(1));

        Assert.Single(engine.Provider.Calls.Select(call => (call.Key, call.Hash)).Distinct());
        Assert.Single(await engine.ChunksAsync(id));
        Assert.Equal(100, (await engine.CountsAsync(id)).InDoubt);
        engine.Provider.Refuses.Clear();
        await engine.RunAsync(TimeSpan.FromHours(2));
        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        await AssertSoundAsync(engine, id);
    }

    [Fact]
    public async Task Unsubscribed_BetweenTheRefusalAndTheHalf_IsLeftOut()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Refuses["person1@example.net"] = Words;
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();

        await engine.SuppressAsync("person2@example.net");
        await engine.RunAsync();

        var counts = await engine.CountsAsync(id);
        Assert.Equal((98, 1, 1), (counts.Accepted, counts.Refused, counts.Excluded));
        await AssertSoundAsync(engine, id);
    }

    private static async Task<List<Recipient>> RecipientsAsync(EngineHarness engine, Guid id, RecipientState state)
    {
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        return await db.Recipients.Where(r => r.CampaignId == id && r.State == state).ToListAsync();
    }

    /// <summary>One mail at most, no two chunks with one key, and each half's members among its parent's.</summary>
    private static async Task AssertSoundAsync(EngineHarness engine, Guid id)
    {
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var attempts = await db.Attempts.Where(a => a.CampaignId == id).ToListAsync();
        Assert.All(
            attempts.GroupBy(a => a.Key),
            key => Assert.Single(key.Select(a => (a.ChunkNumber, a.Generation, a.PayloadHash)).Distinct())
        );
        var chunks = (await engine.ChunksAsync(id)).ToDictionary(chunk => chunk.Number);
        foreach (var half in chunks.Values.Where(chunk => chunk.ParentNumber is not null))
        {
            Assert.Equal(ChunkState.Bisected, chunks[half.ParentNumber!.Value].State);
            Assert.Null(chunks[half.ParentNumber.Value].DoubtfulSince);
            var parents = NumberRanges.Expand(attempts.Last(a => a.ChunkNumber == half.ParentNumber).RecipientNumbers);
            Assert.All(
                attempts.Where(a => a.ChunkNumber == half.Number),
                a => Assert.Subset(parents.ToHashSet(), NumberRanges.Expand(a.RecipientNumbers).ToHashSet())
            );
        }
    }
}
