using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

public sealed class FollowUpTests
{
    [Fact]
    public async Task FollowUp_TakesExactlyThoseWhoWaited_AndTheSourceIsDone()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var source = await engine.StoppedAfterAsync(chunks: 2, people: 500);

        var followUp = await engine.FollowUpAsync(source);

        var (before, taken) = (await engine.CountsAsync(source), await engine.CountsAsync(followUp));
        Assert.Equal((200, 0, 300), (before.Accepted, before.Pending, before.Excluded));
        Assert.Equal((300, 300), (taken.Recipients, taken.Pending));
        Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(source)).Status);
        await engine.LaunchDraftAsync(followUp);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(source)).Status);
        await engine.RunAsync();
        Assert.Equal(300, (await engine.CountsAsync(followUp)).Accepted);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(followUp)).Status);
        engine.AssertNobodyTwiceOverAll();
        Assert.Equal(500, engine.Provider.Mailed.Count);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(source, followUp);
    }

    [Fact]
    public async Task FollowUp_MadeByEightAtOnce_IsOne()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var source = await engine.StoppedAfterAsync(chunks: 1, people: 300);

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => engine.TryFollowUpAsync(source)));

        var made = Assert.Single(results.OfType<FollowUpResult.Created>());
        var refused = results.OfType<FollowUpResult.AlreadyFollowed>().ToList();
        Assert.Equal(7, refused.Count);
        Assert.All(refused, other => Assert.Equal(made.Id, other.Id));
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Equal(2, await db.Campaigns.CountAsync());
    }

    [Fact]
    public async Task FollowUpAndResume_PressedTogether_OneOfThemWins()
    {
        for (var round = 0; round < 4; round++)
        {
            await using var engine = await EngineHarness.CreateAsync();
            var source = await engine.StoppedAfterAsync(chunks: 1, people: 300);
            var resume = round % 2 == 0 ? engine.ResumeAsync(source) : null;
            var follow = engine.TryFollowUpAsync(source);
            resume ??= engine.ResumeAsync(source);

            var (resumed, followed) = (await resume is ResumeResult.Resumed, await follow is FollowUpResult.Created);

            Assert.NotEqual(resumed, followed);
        }
    }

    [Fact]
    public async Task Source_ThatIsContinued_CannotBeResumed_NorContinuedAgain_EvenWithPeopleWaiting()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var source = await engine.StoppedAfterAsync(chunks: 1, people: 300);
        var followUp = await engine.FollowUpAsync(source);
        // As a restored or mended database might have it: the rule must not lean on nobody being there.
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db
                    .Recipients.Where(r => r.CampaignId == source && r.Number == 150)
                    .ExecuteUpdateAsync(set => set.SetProperty(r => r.State, RecipientState.Pending), token),
            CancellationToken.None
        );

        Assert.IsType<ResumeResult.NotResumable>(await engine.ResumeAsync(source));
        Assert.Equal(new FollowUpResult.AlreadyFollowed(followUp), await engine.TryFollowUpAsync(source));
        Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(source)).Status);
    }

    [Fact]
    public async Task FollowUp_OfSomethingNotPartial_OrEmpty_OrAnotherTenants_IsRefused()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var sending = await engine.LaunchAsync();
        Assert.Equal(new FollowUpResult.NotPartial(CampaignStatus.Sending), await engine.TryFollowUpAsync(sending));
        engine.Provider.Then(Fault.LostAnswer);
        engine.Provider.Always = Fault.ErrorBeforeAcceptance;
        await engine.RunAsync(TimeSpan.FromMinutes(11));
        Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(sending)).Status);
        Assert.IsType<FollowUpResult.NobodyWaits>(await engine.TryFollowUpAsync(sending));
        var south = await engine.Database.AddTenantAsync("south");
        Assert.IsType<FollowUpResult.NotFound>(
            await engine.FollowUp.ExecuteAsync(south.As(TenantRole.Owner), sending, null, CancellationToken.None)
        );
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            engine.FollowUp.ExecuteAsync(engine.Tenant.As(TenantRole.Editor), sending, null, CancellationToken.None)
        );
    }

    [Fact]
    public async Task Doubt_InTheSource_BlocksNobodyElse_AndItsPeopleAreNotInTheFollowUp()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var source = await InDoubtAsync(engine);
        var doubtful = (await engine.CountsAsync(source)).InDoubt;
        Assert.Equal(100, doubtful);

        var followUp = await engine.FollowUpAsync(source);
        await engine.LaunchDraftAsync(followUp);
        await engine.RunAsync(TimeSpan.FromHours(2));

        Assert.Equal(300 - doubtful, (await engine.CountsAsync(followUp)).Accepted);
        Assert.Equal(doubtful, (await engine.CountsAsync(source)).Accepted);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(source)).Status);
        Assert.Equal(300, engine.Provider.Mailed.Count);
        engine.AssertNobodyTwiceOverAll();
    }

    [Fact]
    public async Task Draft_ThatIsDeleted_GivesItsPeopleBack()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var source = await engine.StoppedAfterAsync(chunks: 1, people: 300);
        var followUp = await engine.FollowUpAsync(source);

        Assert.Equal(DeleteDraftResult.Deleted, await engine.DeleteDraftAsync(followUp));

        Assert.Equal(200, (await engine.CountsAsync(source)).Pending);
        Assert.Null((await engine.CampaignAsync(source)).ContinuedById);
        // Both ways are open again.
        var second = await engine.FollowUpAsync(source);
        await engine.DeleteDraftAsync(second);
        Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(source));
        await engine.RunAsync();
        Assert.Equal(300, (await engine.CountsAsync(source)).Accepted);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(source);
    }

    [Fact]
    public async Task Source_WhoseDoubtIsProvenWhileADraftHoldsItsPeople_IsNotDone_AndTakesThemBack()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var source = await InDoubtAsync(engine);
        var followUp = await engine.FollowUpAsync(source);

        await engine.RunAsync(TimeSpan.FromHours(2));

        var counts = await engine.CountsAsync(source);
        Assert.Equal((100, 0, 0), (counts.Accepted, counts.InDoubt, counts.Pending));
        Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(source)).Status);
        await engine.DeleteDraftAsync(followUp);
        Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(source));
        await engine.RunAsync();
        Assert.Equal(300, (await engine.CountsAsync(source)).Accepted);
        engine.AssertNobodyTwiceOverAll();
    }

    [Fact]
    public async Task DraftOfAThird_ThatIsDeleted_GivesTheSecondAlsoWhoCameLateFromTheFirst()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var first = await engine.UnknownAsync(Fault.LostRequest, people: 300, keepSending: true);
        engine.Provider.Then(Fault.DailyQuota);
        await engine.TurnAsync();
        var second = await engine.FollowUpAsync(first);
        await engine.LaunchDraftAsync(second);
        engine.Provider.Then(Fault.DailyQuota);
        await engine.TurnAsync();
        var third = await engine.FollowUpAsync(second);
        await engine.DecideAsync(first, UnknownDecision.SendAgain);
        Assert.Equal(300, (await engine.CountsAsync(third)).Pending);

        Assert.Equal(DeleteDraftResult.Deleted, await engine.DeleteDraftAsync(third));

        Assert.Equal((0, 300), ((await engine.CountsAsync(first)).Pending, (await engine.CountsAsync(second)).Pending));
        Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(second));
        await engine.RunAsync();
        Assert.Equal(300, (await engine.CountsAsync(second)).Accepted);
        engine.AssertNobodyTwiceOverAll();
    }

    [Fact]
    public async Task Draft_ThatIsDeletedAfterItsSourceWasCancelled_LeavesThemExcludedAsCancelled()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var source = await engine.StoppedAfterAsync(chunks: 1, people: 300);
        var followUp = await engine.FollowUpAsync(source);
        var admin = engine.Tenant.As(TenantRole.Admin);
        Assert.True((await engine.Cancel.ExecuteAsync(admin, source, CancellationToken.None)).Won);

        await engine.DeleteDraftAsync(followUp);

        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Equal(
            200,
            await db.Recipients.CountAsync(r =>
                r.CampaignId == source && r.State == RecipientState.Excluded && r.Reason == Reasons.Cancelled
            )
        );
    }

    [Fact]
    public async Task LaunchedFollowUp_IsNotDeleted()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var source = await engine.StoppedAfterAsync(chunks: 1, people: 300);
        var followUp = await engine.FollowUpAsync(source);
        await engine.LaunchDraftAsync(followUp);

        Assert.Equal(DeleteDraftResult.NotADraft, await engine.DeleteDraftAsync(followUp));
        Assert.Equal(DeleteDraftResult.NotADraft, await engine.DeleteDraftAsync(source));
    }

    [Fact]
    public async Task Audience_OfAFollowUp_CannotBeChanged()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var source = await engine.StoppedAfterAsync(chunks: 1, people: 300);
        var followUp = await engine.FollowUpAsync(source);
        var draft = await engine.CampaignAsync(followUp);

        var saved = await new SaveDraft(engine.Db).ExecuteAsync(
            engine.Tenant.As(TenantRole.Editor),
            followUp,
            draft.Version,
            DraftContent.Of(draft) with
            {
                Subject = "Once more",
                AudienceKind = AudienceKind.Tag,
                AudienceTag = "other",
            },
            CancellationToken.None
        );
        await engine.LaunchDraftAsync(followUp);
        await engine.RunAsync();

        Assert.IsType<SaveDraftResult.Saved>(saved);
        var sent = await engine.CampaignAsync(followUp);
        Assert.Equal((AudienceKind.All, "Once more"), (sent.AudienceKind, sent.Subject));
        Assert.Equal(200, (await engine.CountsAsync(followUp)).Accepted);
    }

    [Fact]
    public async Task FollowUp_OfAFollowUp_MailsNobodyTwice()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var first = await engine.StoppedAfterAsync(chunks: 2, people: 500);
        var second = await engine.FollowUpAsync(first);
        engine.Provider.Then(Fault.None, Fault.DailyQuota);
        await engine.LaunchDraftAsync(second);
        await engine.RunAsync();
        Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(second)).Status);

        var third = await engine.FollowUpAsync(second);
        await engine.LaunchDraftAsync(third);
        await engine.RunAsync();

        var last = await engine.CampaignAsync(third);
        Assert.Equal((first, 2, second), (last.LineageId, last.LineagePlace, last.ContinuesId));
        Assert.Equal(200, (await engine.CountsAsync(third)).Accepted);
        Assert.Equal(500, engine.Provider.Mailed.Count);
        engine.AssertNobodyTwiceOverAll();
        await engine.AssertNobodyTwiceAndNobodyLostAsync(first, second, third);
    }

    [Theory]
    [InlineData(Fault.DailyQuota)]
    [InlineData(Fault.RateLimited)]
    public async Task CallInFlight_WhenTheFollowUpIsMade_AndRefusedAfterwards_ItsPeopleGoAlong(Fault fault)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var source = await engine.LaunchAsync();
        Guid followUp = default;
        engine.Provider.Then(Fault.DailyQuota, fault);
        engine.Provider.During = async () =>
        {
            // While the first call is on its way, another stops the campaign and a person continues it in a new one.
            engine.Provider.During = null;
            await engine.TurnAsync();
            followUp = await engine.FollowUpAsync(source);
            Assert.Equal(200, (await engine.CountsAsync(followUp)).Pending);
        };

        await engine.TurnAsync(engine.NewDispatcher());

        Assert.Equal(0, (await engine.CountsAsync(source)).Pending);
        Assert.Equal(300, (await engine.CountsAsync(followUp)).Pending);
        await engine.LaunchDraftAsync(followUp);
        await engine.RunAsync();
        Assert.Equal(300, (await engine.CountsAsync(followUp)).Accepted);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(source)).Status);
        engine.AssertNobodyTwiceOverAll();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CallInFlight_RefusedWhileTheFollowUpSends_JoinsIt_AndAfterItsEndIsLeftToTheSource(bool ended)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var source = await engine.LaunchAsync();
        Guid followUp = default;
        engine.Provider.Then(Fault.DailyQuota);
        engine.Provider.During = async () =>
        {
            engine.Provider.During = null;
            await engine.TurnAsync();
            followUp = await engine.FollowUpAsync(source);
            await engine.LaunchDraftAsync(followUp);
            while (ended && await engine.TurnAsync() != DispatchResult.Idle) { }

            engine.Provider.Then(Fault.RateLimited);
        };

        await engine.TurnAsync(engine.NewDispatcher());
        await engine.RunAsync();

        if (ended)
        {
            Assert.Equal(
                (100, CampaignStatus.Partial),
                ((await engine.CountsAsync(source)).Pending, (await engine.CampaignAsync(source)).Status)
            );
            Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(source));
            await engine.RunAsync();
            Assert.Equal(
                (100, 200),
                ((await engine.CountsAsync(source)).Accepted, (await engine.CountsAsync(followUp)).Accepted)
            );
        }
        else
        {
            Assert.Equal(
                (0, 300),
                ((await engine.CountsAsync(source)).Pending, (await engine.CountsAsync(followUp)).Accepted)
            );
        }

        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(source)).Status);
        Assert.Equal(300, engine.Provider.Mailed.Count);
        engine.AssertNobodyTwiceOverAll();
    }

    /// <summary>Stopped by the quota: 100 of 300 are in doubt, and have the mail.</summary>
    private static async Task<Guid> InDoubtAsync(EngineHarness engine)
    {
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        engine.Provider.Then(Fault.LostAnswer, Fault.DailyQuota);
        var source = await engine.LaunchAsync();
        for (var i = 0; (await engine.CampaignAsync(source)).Status == CampaignStatus.Sending && i < 10; i++)
        {
            await engine.TurnAsync();
            engine.Time.Advance(TimeSpan.FromSeconds(5));
        }

        return source;
    }
}
