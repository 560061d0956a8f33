using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>Nobody who may have been mailed by any campaign of a lineage is mailed by another, whatever became of their contact.</summary>
public sealed class LineageTests
{
    [Fact]
    public async Task Resume_OfAFollowUp_RepeatsTheDoubtOfItsSourceAtOnce()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var source = await engine.LaunchAsync();
        var call = await engine.InFlightAsync();
        engine.Provider.Then(Fault.DailyQuota, Fault.DailyQuota);
        await engine.TurnAsync();
        var followUp = await engine.FollowUpAsync(source);
        await engine.LaunchDraftAsync(followUp);
        await engine.TurnAsync();
        await engine.FailAsync(call);
        var later = engine.Time.GetUtcNow() + TimeSpan.FromHours(1);
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db
                    .Chunks.Where(chunk => chunk.DoubtfulSince != null)
                    .ExecuteUpdateAsync(set => set.SetProperty(chunk => chunk.NotBefore, later), token),
            CancellationToken.None
        );

        Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(followUp));
        await engine.TurnAsync();

        Assert.Equal(call.Intent.Key, engine.Provider.Calls[^1].Key);
        Assert.Equal(100, (await engine.CountsAsync(source)).Accepted);
    }

    [Fact]
    public async Task WhoComesLateIntoAFollowUp_IsSentInCallsOfTheSetSize()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var source = await engine.LaunchAsync();
        var call = await engine.InFlightAsync();
        engine.Provider.Then(Fault.DailyQuota);
        await engine.TurnAsync();
        var followUp = await engine.FollowUpAsync(source);
        await engine.LaunchDraftAsync(followUp);
        engine.Options.BatchSize = 30;

        await engine.RefuseAsync(call);

        var late = (await engine.ChunksAsync(followUp)).Skip(2).ToList();
        Assert.Equal(4, late.Count);
        Assert.All(late, chunk => Assert.InRange(chunk.LastRecipient - chunk.FirstRecipient, 0, 29));
    }

    [Fact]
    public async Task WhoIsSentToAgain_InTheSource_ComesIntoTheFollowUp_InCallsOfTheSetSize()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var source = await engine.UnknownAsync(Fault.LostRequest, people: 300, keepSending: true);
        engine.Provider.Then(Fault.DailyQuota);
        await engine.TurnAsync();
        var followUp = await engine.FollowUpAsync(source);
        await engine.LaunchDraftAsync(followUp);
        var decide = new DecideUnknown(
            engine.Db,
            engine.Signal,
            engine.Notifier,
            new SendingOptions { BatchSize = 30 }
        );

        await decide.ExecuteAsync(
            engine.Tenant.As(TenantRole.Admin),
            source,
            1,
            UnknownDecision.SendAgain,
            CancellationToken.None
        );

        var late = (await engine.ChunksAsync(followUp)).Skip(2).ToList();
        Assert.Equal(4, late.Count);
        Assert.All(late, chunk => Assert.InRange(chunk.LastRecipient - chunk.FirstRecipient, 0, 29));
    }

    [Fact]
    public async Task WhoStillWaitsInTheSource_WhenItsDoubtEnds_ComesIntoTheFollowUp_InCallsOfTheSetSize()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var source = await engine.LaunchAsync();
        var call = await engine.InFlightAsync();
        engine.Provider.Then(Fault.DailyQuota);
        await engine.TurnAsync();
        var followUp = await engine.FollowUpAsync(source);
        await engine.LaunchDraftAsync(followUp);
        await engine.FailAsync(call);
        // By hand: nobody waits there by themselves.
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db
                    .Recipients.Where(row => row.State == RecipientState.InDoubt && row.Number > 40)
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(row => row.State, RecipientState.Pending)
                                .SetProperty(row => row.ChunkNumber, (int?)null),
                        token
                    ),
            CancellationToken.None
        );
        engine.Options.BatchSize = 30;
        engine.Time.Advance(TimeSpan.FromHours(21));

        await engine.Expire.RunOnceAsync(CancellationToken.None);

        Assert.Equal((0, 40), ((await engine.CountsAsync(source)).Pending, (await engine.CountsAsync(source)).Unknown));
        var late = (await engine.ChunksAsync(followUp)).Skip(2).ToList();
        Assert.Equal(2, late.Count);
        Assert.All(late, chunk => Assert.Equal(29, chunk.LastRecipient - chunk.FirstRecipient));
    }

    [Fact]
    public async Task MailedBySource_DeletedAndAddedAgain_IsNotMailedByTheFollowUp_AndWhoReallyJoinedIs()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var (source, followUp) = await PartialFollowUpAsync(engine);
        await engine.DeleteContactAsync("person3@example.net");
        await engine.Database.AddContactAsync(engine.Tenant, "Person3@Example.net");
        await engine.Database.AddContactAsync(engine.Tenant, "newcomer@example.net");

        var preview = await engine.ResumePreview.ExecuteAsync(engine.Tenant.Scope, followUp, CancellationToken.None);
        await engine.ResumeAsync(followUp, includeJoined: true);
        await engine.RunAsync();

        Assert.Equal(1, preview!.JoinedSince);
        Assert.Single(engine.Provider.Mailed, mail => mail.To == "newcomer@example.net");
        engine.AssertNobodyTwiceOverAll();
        await engine.AssertNobodyTwiceAndNobodyLostAsync(source, followUp);
    }

    [Fact]
    public async Task MailedBySource_WhoseAddressChanged_IsNotMailedAtTheNewOneByTheFollowUp()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var (_, followUp) = await PartialFollowUpAsync(engine);
        await engine.ChangeAddressAsync("person3@example.net", "moved@example.net");

        await engine.ResumeAsync(followUp, includeJoined: true);
        await engine.RunAsync();

        Assert.DoesNotContain(engine.Provider.Mailed, mail => mail.To == "moved@example.net");
    }

    [Fact]
    public async Task PendingInTheFollowUp_DeletedAndAddedAgain_IsMailedOnce()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var source = await engine.StoppedAfterAsync(chunks: 1, people: 300);
        await engine.DeleteContactAsync("person250@example.net");
        var followUp = await engine.FollowUpAsync(source);
        await engine.Database.AddContactAsync(engine.Tenant, "person250@example.net");
        await engine.DeleteContactAsync("person260@example.net");
        engine.Provider.Then(Fault.DailyQuota);
        await engine.LaunchDraftAsync(followUp);
        await engine.RunAsync();
        await engine.Database.AddContactAsync(engine.Tenant, "person260@example.net");

        var preview = await engine.ResumePreview.ExecuteAsync(engine.Tenant.Scope, followUp, CancellationToken.None);
        await engine.ResumeAsync(followUp, includeJoined: true);
        await engine.RunAsync();

        Assert.Equal(2, preview!.JoinedSince);
        Assert.Single(engine.Provider.Mailed, mail => mail.To == "person250@example.net");
        Assert.Single(engine.Provider.Mailed, mail => mail.To == "person260@example.net");
        Assert.Equal(300, engine.Provider.Mailed.Count);
        engine.AssertNobodyTwiceOverAll();
    }

    /// <summary>The check before the first rendering, by itself: rows that only a defect elsewhere could have made.</summary>
    [Theory]
    [InlineData(RecipientState.InDoubt, true)]
    [InlineData(RecipientState.Accepted, true)]
    [InlineData(RecipientState.Unknown, true)]
    [InlineData(RecipientState.Accepted, false)]
    [InlineData(RecipientState.Refused, true)]
    [InlineData(RecipientState.Excluded, true)]
    public async Task Recheck_BeforeTheFirstRendering_LooksThroughTheLineage(RecipientState elsewhere, bool byAddress)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var source = await engine.StoppedAfterAsync(chunks: 1, people: 200);
        var followUp = await engine.FollowUpAsync(source);
        await engine.LaunchDraftAsync(followUp);
        await ChangeSourceRowAsync(engine, source, elsewhere, byAddress);

        await engine.RunAsync();

        var taken = elsewhere is not (RecipientState.Refused or RecipientState.Excluded);
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var row = await db.Recipients.SingleAsync(r =>
            r.CampaignId == followUp && r.NormalizedEmail == "person150@example.net"
        );
        Assert.Equal(
            taken ? (RecipientState.Excluded, Reasons.AlreadyMailed) : (RecipientState.Accepted, null),
            (row.State, row.Reason)
        );
        Assert.Equal(taken ? 0 : 1, engine.Provider.Mailed.Count(mail => mail.To == "person150@example.net"));
    }

    [Fact]
    public async Task Recheck_FindsWhoWasTakenElsewhereBetweenRenderingAndIntent()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var source = await engine.StoppedAfterAsync(chunks: 1, people: 200);
        var followUp = await engine.FollowUpAsync(source);
        await engine.LaunchDraftAsync(followUp);
        var claim = await engine.Claim.ExecuteAsync(engine.Database.AccountId, "worker", CancellationToken.None);
        var prepared = await engine.Prepare.ExecuteAsync(claim!, recheck: false, CancellationToken.None);
        await ChangeSourceRowAsync(engine, source, RecipientState.Accepted, byAddress: true);

        var intent = await engine.RecordIntent.ExecuteAsync(
            claim!,
            prepared,
            engine.Database.AccountId,
            "http://provider.test",
            CancellationToken.None
        );

        Assert.IsType<IntentResult.AudienceChanged>(intent);
    }

    [Fact]
    public async Task CampaignsThatAreNoLineage_MayBothMailAPerson()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 10);
        var first = await engine.LaunchAsync();
        await engine.RunAsync();
        var second = await engine.LaunchAsync();
        await engine.RunAsync();

        Assert.Equal(
            (10, 10),
            ((await engine.CountsAsync(first)).Accepted, (await engine.CountsAsync(second)).Accepted)
        );
        Assert.NotEqual((await engine.CampaignAsync(first)).LineageId, (await engine.CampaignAsync(second)).LineageId);
    }

    /// <summary>The source stopped after 100 of 300, its follow-up after 100 of 200.</summary>
    private static async Task<(Guid Source, Guid FollowUp)> PartialFollowUpAsync(EngineHarness engine)
    {
        var source = await engine.StoppedAfterAsync(chunks: 1, people: 300);
        var followUp = await engine.FollowUpAsync(source);
        engine.Provider.Then(Fault.None, Fault.DailyQuota);
        await engine.LaunchDraftAsync(followUp);
        await engine.RunAsync();
        Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(followUp)).Status);
        return (source, followUp);
    }

    private static Task ChangeSourceRowAsync(EngineHarness engine, Guid source, RecipientState state, bool byAddress) =>
        engine.Db.WriteAsync(
            engine.Tenant.Scope,
            async (db, token) =>
            {
                var row = db.Recipients.Where(r =>
                    r.CampaignId == source && r.NormalizedEmail == "person150@example.net"
                );
                var reason = state == RecipientState.Excluded ? Reasons.Unsubscribed : null;
                await row.ExecuteUpdateAsync(
                    set => set.SetProperty(r => r.State, state).SetProperty(r => r.Reason, reason),
                    token
                );
                _ = byAddress
                    ? await row.ExecuteUpdateAsync(set => set.SetProperty(r => r.ContactId, (Guid?)null), token)
                    : await row.ExecuteUpdateAsync(
                        set => set.SetProperty(r => r.NormalizedEmail, "old@example.net"),
                        token
                    );
            },
            CancellationToken.None
        );
}
