using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Ledgerpost.Webhooks;
using Microsoft.EntityFrameworkCore;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>A call whose fate is unknown: what a person may decide, who wins, and what a later proof still does.</summary>
public sealed class UnknownDecisionTests
{
    [Theory]
    [InlineData(Fault.LostAnswer, 2)]
    [InlineData(Fault.LostRequest, 1)]
    public async Task SendAgain_MakesANewChunk_ForExactlyThoseStillUnknown_BesideTheOld(Fault fault, int mailsEach)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.UnknownAsync(fault);
        // One of them is proven by an event of its own kind meanwhile: set by hand, as an untagged event would.
        await ProveOneAsync(engine, id, number: 7);
        Assert.Equal((1, 99), ((await engine.CountsAsync(id)).Accepted, (await engine.CountsAsync(id)).Unknown));

        var decided = Assert.IsType<DecisionResult.Decided>(await engine.DecideAsync(id, UnknownDecision.SendAgain));

        Assert.Equal((99, CampaignStatus.Partial), (decided.People, decided.Status));
        Assert.Equal(99, (await engine.CountsAsync(id)).Pending);
        // The next run's receipt counts them; the first one's is what it was.
        Assert.Equal(100, (await RunAsync(engine, id)).Planned);
        await engine.ResumeAsync(id);
        await engine.RunAsync();
        var counts = await engine.CountsAsync(id);
        Assert.Equal((100, 0), (counts.Accepted, counts.Unknown));
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        Assert.Equal(mailsEach, engine.Provider.Mailed.Count(mail => mail.Recipient == 8));
        Assert.Equal(mailsEach - 1, engine.Provider.Mailed.Count(mail => mail.Recipient == 7));
        // The old call's attempts stay; the new one has another number and another key.
        var old = (await engine.ChunksAsync(id))[0];
        Assert.Equal(
            (ChunkState.Unknown, UnknownDecision.SendAgain, "Admin of north"),
            (old.State, old.Decision, old.DecidedBy)
        );
        Assert.Equal(2, engine.Provider.Calls.Select(call => call.Key).Distinct().Count());
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.True(await db.Attempts.AnyAsync(a => a.CampaignId == id && a.ChunkNumber == old.Number));
    }

    [Fact]
    public async Task SendAgain_WhileTheCampaignSends_GoesOutInItsRun()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.UnknownAsync(Fault.LostRequest, people: 300, keepSending: true);
        Assert.Equal(CampaignStatus.Sending, (await engine.CampaignAsync(id)).Status);

        await engine.DecideAsync(id, UnknownDecision.SendAgain);
        await engine.RunAsync();

        Assert.Equal(300, (await engine.CountsAsync(id)).Accepted);
        Assert.Equal(1, (await engine.CampaignAsync(id)).CurrentRun);
        Assert.Equal(400, (await RunAsync(engine, id)).Planned);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task TreatAsSent_CountsAsAccepted_MarkedAsAPersonsWord_AndTheCampaignIsDone()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.UnknownAsync(Fault.LostAnswer);

        var decided = Assert.IsType<DecisionResult.Decided>(await engine.DecideAsync(id, UnknownDecision.TreatAsSent));

        Assert.Equal((100, CampaignStatus.Sent), (decided.People, decided.Status));
        var counts = await engine.CountsAsync(id);
        Assert.Equal((100, 100, 0), (counts.Accepted, counts.Assumed, counts.Unknown));
        var progress = await new CampaignProgress(engine.Db).ExecuteAsync(
            engine.Tenant.Scope,
            id,
            CancellationToken.None
        );
        Assert.Equal((0, 100), (progress!.Runs[0].Accepted, progress.Runs[0].Assumed));
        var story = await new RecipientTimeline(engine.Db).ExecuteAsync(
            engine.Tenant.Scope,
            id,
            5,
            CancellationToken.None
        );
        Assert.Equal("Admin of north", story!.Recipient.AssumedBy);
        Assert.Contains(
            story.Entries,
            entry => entry is TimelineEntry.Decided { Decision: UnknownDecision.TreatAsSent }
        );
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Single(await db.AuditEntries.Where(e => e.Action == "campaign.treated_as_sent").ToListAsync());
    }

    [Fact]
    public async Task TreatAsSent_IsProvenByALaterEvent_ForTheWholeBatch()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.UnknownAsync(Fault.LostAnswer);
        await engine.DecideAsync(id, UnknownDecision.TreatAsSent);

        await engine.ReportAsync(engine.Provider.Mailed[4], "email.delivered");

        var counts = await engine.CountsAsync(id);
        Assert.Equal((100, 0, 1), (counts.Accepted, counts.Assumed, counts.Delivered));
        Assert.Equal(ChunkState.Accepted, (await engine.ChunksAsync(id))[0].State);
    }

    [Fact]
    public async Task EventOfTheOldCall_BeforeTheNewOneWentOut_ProvesEverybody_AndNobodyIsMailedAgain()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.UnknownAsync(Fault.LostAnswer);
        await engine.DecideAsync(id, UnknownDecision.SendAgain);
        Assert.Equal(100, (await engine.CountsAsync(id)).Pending);

        await engine.ReportAsync(engine.Provider.Mailed[4], "email.delivered");

        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        Assert.Equal([ChunkState.Accepted, ChunkState.Abandoned], (await engine.ChunksAsync(id)).Select(c => c.State));
        await engine.RunAsync();
        Assert.Equal(100, engine.Provider.Mailed.Count);
    }

    [Fact]
    public async Task EventOfTheOldCall_AfterTheNewOneWasAccepted_IsNoted_AndChangesNoState()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.UnknownAsync(Fault.LostAnswer);
        var first = engine.Provider.Mailed[4];
        await engine.DecideAsync(id, UnknownDecision.SendAgain);
        await engine.ResumeAsync(id);
        await engine.RunAsync();
        Assert.Equal(200, engine.Provider.Mailed.Count);

        await engine.ReportAsync(first, "email.delivered");

        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        var story = await new RecipientTimeline(engine.Db).ExecuteAsync(
            engine.Tenant.Scope,
            id,
            first.Recipient,
            CancellationToken.None
        );
        Assert.Contains(story!.Entries, entry => entry is TimelineEntry.Reported { Type: "email.delivered" });
        Assert.Contains(story.Entries, entry => entry is TimelineEntry.Decided { Decision: UnknownDecision.SendAgain });
        Assert.True(story.Entries.OfType<TimelineEntry.Attempted>().Select(e => e.Key).Distinct().Count() == 2);
    }

    [Fact]
    public async Task TwoPeople_WhoDecideDifferently_OneWins_AndTheOtherIsTold()
    {
        for (var round = 0; round < 4; round++)
        {
            await using var engine = await EngineHarness.CreateAsync();
            var id = await engine.UnknownAsync(Fault.LostAnswer);
            UnknownDecision[] wishes = [UnknownDecision.SendAgain, UnknownDecision.TreatAsSent];

            var results = await Task.WhenAll(
                Enumerable.Range(0, 8).Select(i => engine.DecideAsync(id, wishes[(i + round) % 2]))
            );

            Assert.Single(results.OfType<DecisionResult.Decided>());
            Assert.Equal(7, results.OfType<DecisionResult.AlreadyDecided>().Count());
            var counts = await engine.CountsAsync(id);
            Assert.Equal(100, counts.Pending + counts.Assumed);
            Assert.True(counts.Pending is 0 or 100);
        }
    }

    [Fact]
    public async Task InACancelledCampaign_NothingIsSentAgain_AndTreatAsSentIsPossible()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.UnknownAsync(Fault.LostAnswer);
        await engine.Cancel.ExecuteAsync(engine.Tenant.As(TenantRole.Admin), id, CancellationToken.None);

        Assert.Equal(
            new DecisionResult.CannotSendAgain(CampaignStatus.Cancelled),
            await engine.DecideAsync(id, UnknownDecision.SendAgain)
        );
        Assert.IsType<DecisionResult.Decided>(await engine.DecideAsync(id, UnknownDecision.TreatAsSent));
        await engine.RunAsync();

        Assert.Equal(100, (await engine.CountsAsync(id)).Assumed);
        Assert.Equal(CampaignStatus.Cancelled, (await engine.CampaignAsync(id)).Status);
        Assert.Equal(100, engine.Provider.Mailed.Count);
    }

    [Fact]
    public async Task Decision_AfterProof_OrAboutNothingUnknown_IsRefused()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.UnknownAsync(Fault.LostAnswer);
        await engine.ReportAsync(engine.Provider.Mailed[0], "email.sent");

        Assert.IsType<DecisionResult.NotUnknown>(await engine.DecideAsync(id, UnknownDecision.SendAgain));
        Assert.IsType<DecisionResult.NotFound>(await engine.DecideAsync(id, UnknownDecision.SendAgain, chunk: 99));
        var south = await engine.Database.AddTenantAsync("south");
        Assert.IsType<DecisionResult.NotFound>(
            await engine.Decide.ExecuteAsync(
                south.As(TenantRole.Owner),
                id,
                1,
                UnknownDecision.TreatAsSent,
                CancellationToken.None
            )
        );
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            engine.Decide.ExecuteAsync(
                engine.Tenant.As(TenantRole.Editor),
                id,
                1,
                UnknownDecision.TreatAsSent,
                CancellationToken.None
            )
        );
        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
    }

    [Fact]
    public async Task SendAgain_InACampaignThatIsContinued_GoesAlongWithTheFollowUp_AndProofStillStopsIt()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.UnknownAsync(Fault.LostAnswer, people: 300, keepSending: true);
        engine.Provider.Then(Fault.DailyQuota);
        await engine.RunAsync();
        var followUp = await engine.FollowUpAsync(id);

        var decided = Assert.IsType<DecisionResult.Decided>(await engine.DecideAsync(id, UnknownDecision.SendAgain));

        Assert.Equal(100, decided.People);
        Assert.Equal((0, 300), ((await engine.CountsAsync(id)).Pending, (await engine.CountsAsync(followUp)).Pending));
        await engine.ReportAsync(engine.Provider.Mailed[0], "email.delivered");
        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        await engine.LaunchDraftAsync(followUp);
        await engine.RunAsync();
        Assert.Equal(200, (await engine.CountsAsync(followUp)).Accepted);
        Assert.Equal(300, engine.Provider.Mailed.Count);
        engine.AssertNobodyTwiceOverAll();
    }

    [Fact]
    public async Task List_SaysHowManySinceWhenAndWhatWasSaid_UntilItIsDecided()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.UnknownAsync(Fault.LostAnswer);
        var list = new ListUnknown(engine.Db);

        var calls = await list.ExecuteAsync(engine.Tenant.Scope, id, CancellationToken.None);

        var call = Assert.Single(calls.Calls);
        Assert.Equal((1, 1, 100), (call.Chunk, call.Run, call.People));
        Assert.NotNull(call.Since);
        Assert.True(call.Last >= call.Since && call.Attempts >= 1);
        Assert.Equal(engine.Provider.Calls[0].Key, call.Key);
        await engine.DecideAsync(id, UnknownDecision.TreatAsSent);
        Assert.Equal(0, (await list.ExecuteAsync(engine.Tenant.Scope, id, CancellationToken.None)).Total);
    }

    private static async Task<Run> RunAsync(EngineHarness engine, Guid id)
    {
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        return await db.Runs.SingleAsync(run => run.CampaignId == id);
    }

    private static Task ProveOneAsync(EngineHarness engine, Guid id, int number) =>
        engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db
                    .Recipients.Where(r => r.CampaignId == id && r.Number == number)
                    .ExecuteUpdateAsync(set => set.SetProperty(r => r.State, RecipientState.Accepted), token),
            CancellationToken.None
        );
}
