using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

public sealed class ResumePartialTests
{
    [Fact]
    public async Task Resume_SendsToExactlyThoseWhoWaited()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await StoppedAfterAsync(engine, chunks: 2, people: 500);

        var preview = await engine.ResumePreview.ExecuteAsync(engine.Tenant.Scope, id, CancellationToken.None);
        var resumed = Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(id));
        await engine.RunAsync();

        Assert.Equal((200, 300, 0), (preview!.Accepted, preview.WillSend, preview.InDoubt));
        Assert.Equal((2, 300), (resumed.Run, resumed.WillSend));
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Resume_AfterAContactWasDeletedAndAnotherUnsubscribed_MailsNeither_AndVoidsNoExclusion()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await StoppedAfterAsync(engine, chunks: 2, people: 400);
        await DeleteAsync(engine, "person1@example.net");
        await DeleteAsync(engine, "person350@example.net");
        await engine.SuppressAsync("person351@example.net");

        var preview = await engine.ResumePreview.ExecuteAsync(engine.Tenant.Scope, id, CancellationToken.None);
        await engine.ResumeAsync(id);
        await engine.RunAsync();

        Assert.Equal(198, preview!.WillSend);
        Assert.Equal(
            [new ReasonCount(Reasons.ContactDeleted, 1), new ReasonCount(Reasons.Unsubscribed, 1)],
            preview.Excluded
        );
        var counts = await engine.CountsAsync(id);
        Assert.Equal((398, 2), (counts.Accepted, counts.Excluded));
        Assert.Single(engine.Provider.Mailed, mail => mail.To == "person1@example.net");
        Assert.DoesNotContain(
            engine.Provider.Mailed,
            mail => mail.To is "person350@example.net" or "person351@example.net"
        );
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Resume_OfAResume_ThatStoppedHalfWayAgain_MailsNobodyTwice()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await StoppedAfterAsync(engine, chunks: 2, people: 500);
        engine.Provider.Then(Fault.None, Fault.DailyQuota);
        await engine.ResumeAsync(id);
        await engine.RunAsync();
        Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(id)).Status);

        await engine.ResumeAsync(id, expectedRun: 2);
        await engine.RunAsync();

        Assert.Equal(500, (await engine.CountsAsync(id)).Accepted);
        Assert.Equal(3, (await engine.CampaignAsync(id)).CurrentRun);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task MailedContact_DeletedAndAddedAgain_IsNotMailedAgain_EvenWithJoinedSince()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await StoppedAfterAsync(engine, chunks: 1, people: 200);
        await DeleteAsync(engine, "person3@example.net");
        await engine.Database.AddContactAsync(engine.Tenant, "Person3@Example.net");
        await engine.Database.AddContactAsync(engine.Tenant, "newcomer@example.net");

        var preview = await engine.ResumePreview.ExecuteAsync(engine.Tenant.Scope, id, CancellationToken.None);
        await engine.ResumeAsync(id, includeJoined: true);
        await engine.RunAsync();

        Assert.Equal(1, preview!.JoinedSince);
        Assert.Single(
            engine.Provider.Mailed,
            mail => mail.To.Equals("person3@example.net", StringComparison.OrdinalIgnoreCase)
        );
        Assert.Single(engine.Provider.Mailed, mail => mail.To == "newcomer@example.net");
        Assert.Equal(201, (await engine.CountsAsync(id)).Accepted);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task MailedContact_WhoseAddressChanged_IsNotMailedAtTheNewOne()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await StoppedAfterAsync(engine, chunks: 1, people: 200);
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db
                    .Contacts.Where(c => c.NormalizedEmail == "person3@example.net")
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(c => c.Email, "moved@example.net")
                                .SetProperty(c => c.NormalizedEmail, "moved@example.net"),
                        token
                    ),
            CancellationToken.None
        );

        await engine.ResumeAsync(id, includeJoined: true);
        await engine.RunAsync();

        Assert.DoesNotContain(engine.Provider.Mailed, mail => mail.To == "moved@example.net");
        Assert.Equal(200, (await engine.CountsAsync(id)).Accepted);
    }

    [Fact]
    public async Task ContactDeletedWhilePending_AndAddedAgain_IsRevived_NotDoubled()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await StoppedAfterAsync(engine, chunks: 1, people: 200);
        await DeleteAsync(engine, "person150@example.net");
        await engine.ResumeAsync(id);
        engine.Provider.Then(Fault.DailyQuota);
        await engine.RunAsync();
        Assert.Equal(1, (await engine.CountsAsync(id)).Excluded);
        await engine.Database.AddContactAsync(engine.Tenant, "person150@example.net");
        var preview = await engine.ResumePreview.ExecuteAsync(engine.Tenant.Scope, id, CancellationToken.None);
        Assert.Equal(1, preview!.JoinedSince);

        await engine.ResumeAsync(id, expectedRun: 2, includeJoined: true);
        await engine.RunAsync();

        var counts = await engine.CountsAsync(id);
        Assert.Equal((200, 200), (counts.Recipients, counts.Accepted));
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Resume_PressedByEightAtOnce_MakesOneRun()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await StoppedAfterAsync(engine, chunks: 1, people: 300);

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => engine.ResumeAsync(id)));
        await engine.RunAsync();

        Assert.Single(results.OfType<ResumeResult.Resumed>());
        Assert.Equal(7, results.OfType<ResumeResult.NotResumable>().Count());
        Assert.Equal(2, (await engine.CampaignAsync(id)).CurrentRun);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Resume_WithAnOldPreview_IsRefused()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await StoppedAfterAsync(engine, chunks: 1, people: 300);
        engine.Provider.Then(Fault.DailyQuota);
        await engine.ResumeAsync(id);
        await engine.RunAsync();

        var late = Assert.IsType<ResumeResult.NotResumable>(await engine.ResumeAsync(id, expectedRun: 1));

        Assert.Equal((CampaignStatus.Partial, 2), (late.Status, late.CurrentRun));
    }

    [Theory]
    [InlineData(CampaignStatus.Sending)]
    [InlineData(CampaignStatus.Paused)]
    [InlineData(CampaignStatus.Sent)]
    [InlineData(CampaignStatus.Cancelled)]
    public async Task Resume_OfACampaignThatIsNotPartial_IsRefused(CampaignStatus status)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 10);
        var id = await engine.LaunchAsync();
        var admin = engine.Tenant.As(TenantRole.Admin);
        if (status == CampaignStatus.Paused)
        {
            await engine.Pause.ExecuteAsync(admin, id, CancellationToken.None);
        }
        else if (status == CampaignStatus.Cancelled)
        {
            await engine.Cancel.ExecuteAsync(admin, id, CancellationToken.None);
        }
        else if (status == CampaignStatus.Sent)
        {
            await engine.RunAsync();
        }

        var refused = Assert.IsType<ResumeResult.NotResumable>(await engine.ResumeAsync(id));

        Assert.Equal(status, refused.Status);
    }

    [Fact]
    public async Task Resume_OfAnotherTenantsCampaign_FindsNothing()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await StoppedAfterAsync(engine, chunks: 1, people: 300);
        var south = await engine.Database.AddTenantAsync("south");

        var result = await engine.Resume.ExecuteAsync(
            south.As(TenantRole.Owner),
            id,
            new ResumeRequest(1, false),
            CancellationToken.None
        );

        Assert.IsType<ResumeResult.NotFound>(result);
        Assert.Null(await engine.ResumePreview.ExecuteAsync(south.Scope, id, CancellationToken.None));
    }

    [Fact]
    public async Task Resume_RepeatsDoubtAtOnce_UnderItsOldKey_AndLeavesItsPeopleAlone()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        engine.Provider.Then(Fault.LostAnswer);
        engine.Provider.Always = Fault.ErrorBeforeAcceptance;
        var id = await engine.LaunchAsync();
        await engine.RunAsync(TimeSpan.FromMinutes(11));
        var before = await engine.CountsAsync(id);
        Assert.True(before.InDoubt >= 100);

        engine.Provider.Always = Fault.None;
        await engine.ResumeAsync(id);
        var calls = engine.Provider.Calls.Count;
        await engine.TurnAsync();

        Assert.Contains(engine.Provider.Calls[calls].Key, engine.Provider.Calls.Take(calls).Select(call => call.Key));
        await engine.RunAsync();
        Assert.Equal(300, (await engine.CountsAsync(id)).Accepted);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Resume_WhileAWorkerHoldsACleanChunk_FencesItsIntent()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var id = await engine.LaunchAsync();
        var held = await engine.Claim.ExecuteAsync(engine.Database.AccountId, "slow", CancellationToken.None);
        var prepared = await engine.Prepare.ExecuteAsync(held!, recheck: false, CancellationToken.None);
        engine.Provider.Then(Fault.DailyQuota);
        await engine.RunAsync(TimeSpan.FromSeconds(1));
        Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(id));

        var intent = await engine.RecordIntent.ExecuteAsync(
            held!,
            prepared,
            engine.Database.AccountId,
            "http://provider.test",
            CancellationToken.None
        );

        Assert.IsNotType<IntentResult.Written>(intent);
        await engine.RunAsync();
        Assert.Equal(300, (await engine.CountsAsync(id)).Accepted);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Resume_WhileACallOfTheOldRunIsInFlight_AndIsRefused_HandsItsPeopleToTheNewRun()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 200);
        var id = await engine.LaunchAsync();
        var inFlight = engine.NewDispatcher();
        engine.Provider.Then(Fault.DailyQuota, Fault.RateLimited);
        var depth = 0;
        engine.Provider.During = async () =>
        {
            // While the first call is on its way, another is refused for its quota and a person resumes.
            if (++depth == 1)
            {
                engine.Provider.During = null;
                await engine.TurnAsync();
                Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(id));
            }
        };

        await engine.TurnAsync(inFlight);
        await engine.RunAsync();

        Assert.Equal(200, (await engine.CountsAsync(id)).Accepted);
        Assert.All(
            (await engine.ChunksAsync(id)).Where(chunk => chunk.State == ChunkState.Accepted),
            chunk => Assert.Equal(2, chunk.RunNumber)
        );
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    private static async Task<Guid> StoppedAfterAsync(EngineHarness engine, int chunks, int people)
    {
        await engine.Database.AddContactsAsync(engine.Tenant, people);
        engine.Provider.Then([.. Enumerable.Repeat(Fault.None, chunks), Fault.DailyQuota]);
        var id = await engine.LaunchAsync();
        await engine.RunAsync();
        Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(id)).Status);
        return id;
    }

    /// <summary>As DeleteContact does: the ledger's reference is set to null, then the row goes.</summary>
    private static Task DeleteAsync(EngineHarness engine, string email) =>
        engine.Db.WriteAsync(
            engine.Tenant.Scope,
            async (db, token) =>
            {
                var contact = await db.Contacts.SingleAsync(c => c.NormalizedEmail == email, token);
                await db
                    .Recipients.Where(r => r.ContactId == contact.Id)
                    .ExecuteUpdateAsync(set => set.SetProperty(r => r.ContactId, (Guid?)null), token);
                db.Contacts.Remove(contact);
            },
            CancellationToken.None
        );
}
