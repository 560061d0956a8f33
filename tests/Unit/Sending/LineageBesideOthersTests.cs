using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using UnitTests.Support;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>
/// People who come into a campaign from another one of its lineage, or back to it by a person's word, while it is being
/// ended: each test holds one transaction just before its commit and lets another run against it.
/// </summary>
public sealed class LineageBesideOthersTests
{
    [Fact]
    public async Task RefusedCall_OfTheSource_BesideTheEndOfItsFollowUp_LosesNobody()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        var (source, call, followUp) = await ContinuedAsync(engine);
        await engine.LaunchDraftAsync(followUp);
        await engine.TurnAsync();
        var last = await engine.InFlightAsync();

        await faults.BesideAsync(() => engine.RefuseAsync(call), () => engine.SettleAsync(last));

        await AssertJoinedAsync(engine, source, followUp);
    }

    [Fact]
    public async Task SendAgain_InTheSource_BesideTheEndOfItsFollowUp_LosesNobody()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        var source = await engine.UnknownAsync(Fault.LostRequest, people: 300, keepSending: true);
        engine.Provider.Then(Fault.DailyQuota);
        await engine.TurnAsync();
        var followUp = await engine.FollowUpAsync(source);
        await engine.LaunchDraftAsync(followUp);
        await engine.TurnAsync();
        var last = await engine.InFlightAsync();

        await faults.BesideAsync(
            () => engine.DecideAsync(source, UnknownDecision.SendAgain),
            () => engine.SettleAsync(last)
        );

        await AssertJoinedAsync(engine, source, followUp);
    }

    [Fact]
    public async Task RefusedCall_OfTheSource_WhileItsFollowUpIsContinued_GoesToTheLast()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        var (source, call, followUp) = await ContinuedAsync(engine);
        await engine.LaunchDraftAsync(followUp);
        engine.Provider.Then(Fault.DailyQuota);
        await engine.TurnAsync();
        var last = Guid.Empty;

        await faults.BesideAsync(
            async () => last = await engine.FollowUpAsync(followUp),
            () => engine.RefuseAsync(call)
        );

        Assert.Equal((0, 300), ((await engine.CountsAsync(source)).Pending, (await engine.CountsAsync(last)).Pending));
    }

    [Fact]
    public async Task Draft_ThatIsDeletedBesideTheEndOfItsSourcesLastDoubt_LosesNobody()
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        var (source, call, draft) = await ContinuedAsync(engine);

        DeleteDraftResult? deleted = null;
        await faults.BesideAsync(
            async () => deleted = await engine.DeleteDraftAsync(draft),
            () => engine.SettleAsync(call)
        );

        Assert.Equal(DeleteDraftResult.Deleted, deleted);
        await AssertGivenBackAsync(engine, source);
    }

    [Fact]
    public async Task Draft_ThatIsDeletedAfterItsSourcesPeopleWereCounted_LosesNobody()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var (source, call, draft) = await ContinuedAsync(engine);
        using var statements = StatementLog.Of(engine.Database.ConnectionString);
        Task<DeleteDraftResult>? deletion = null;
        statements.Before = statement =>
        {
            // The source's row, about to be moved to Sent because nobody waits in it.
            if (statement.StartsWith("UPDATE \"Campaigns\"", StringComparison.Ordinal))
            {
                statements.Before = null;
                deletion = Task.Run(() => engine.DeleteDraftAsync(draft));
                deletion.Wait(TimeSpan.FromSeconds(1));
            }
        };

        await Task.Run(() => engine.SettleAsync(call));

        Assert.Equal(DeleteDraftResult.Deleted, await deletion!);
        await AssertGivenBackAsync(engine, source);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancel_OfAFollowUp_BesideARefusedCallOfItsSource_LeavesNobodyPendingInIt(bool cancelLast)
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        var (source, call, followUp) = await ContinuedAsync(engine);
        await engine.LaunchDraftAsync(followUp);
        var admin = engine.Tenant.As(TenantRole.Admin);
        Func<Task> late = () => engine.RefuseAsync(call);
        Func<Task> cancel = () => engine.Cancel.ExecuteAsync(admin, followUp, CancellationToken.None);

        await faults.BesideAsync(cancelLast ? late : cancel, cancelLast ? cancel : late);

        Assert.Equal(CampaignStatus.Cancelled, (await engine.CampaignAsync(followUp)).Status);
        // Whoever came before the cancel is cancelled with it; who came after it stays, and the source is resumed for them.
        var (left, ended) = (await engine.CountsAsync(source), await engine.CountsAsync(followUp));
        Assert.Equal((0, cancelLast ? 300 : 200), (ended.Pending, ended.Excluded));
        Assert.Equal(cancelLast ? 0 : 100, left.Pending);
        Assert.DoesNotContain(await engine.ChunksAsync(followUp), c => c.State is ChunkState.Planned);
        if (!cancelLast)
        {
            Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(source));
            await engine.RunAsync();
            Assert.Equal(100, (await engine.CountsAsync(source)).Accepted);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SendAgain_BesideTheEventThatProvesTheOldCall_MailsNobodyAgain(bool eventLast)
    {
        var faults = new HeldCommits();
        await using var engine = await EngineHarness.CreateAsync(faults);
        var id = await engine.UnknownAsync(Fault.LostAnswer);
        Func<Task> decide = () => engine.DecideAsync(id, UnknownDecision.SendAgain);
        Func<Task> report = () => engine.ReportAsync(engine.Provider.Mailed[0], "email.delivered");

        // The event is stored by a commit of its own first.
        await faults.BesideAsync(eventLast ? decide : report, eventLast ? report : decide, eventLast ? 0 : 1);

        Assert.Equal((100, 0), ((await engine.CountsAsync(id)).Accepted, (await engine.CountsAsync(id)).Unknown));
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        await engine.RunAsync();
        Assert.Single(engine.Provider.Calls);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    /// <summary>One call of a hundred in flight, two hundred waiting in the draft of a follow-up.</summary>
    private static async Task<(Guid Source, (ClaimedChunk, Intent) Call, Guid Draft)> ContinuedAsync(
        EngineHarness engine
    )
    {
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var source = await engine.LaunchAsync();
        var call = await engine.InFlightAsync();
        engine.Provider.Then(Fault.DailyQuota);
        await engine.TurnAsync();
        return (source, call, await engine.FollowUpAsync(source));
    }

    private static async Task AssertJoinedAsync(EngineHarness engine, Guid source, Guid followUp)
    {
        Assert.NotEqual(CampaignStatus.Sent, (await engine.CampaignAsync(followUp)).Status);
        Assert.Equal(100, (await engine.CountsAsync(followUp)).Pending);
        Assert.Equal(0, (await engine.CountsAsync(source)).Pending);
        await engine.RunAsync();
        Assert.Equal(300, (await engine.CountsAsync(followUp)).Accepted);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(followUp)).Status);
    }

    private static async Task AssertGivenBackAsync(EngineHarness engine, Guid source)
    {
        var counts = await engine.CountsAsync(source);
        Assert.Equal((100, 200), (counts.Accepted, counts.Pending));
        Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(source)).Status);
        Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(source));
        await engine.RunAsync();
        Assert.Equal(300, (await engine.CountsAsync(source)).Accepted);
    }
}
