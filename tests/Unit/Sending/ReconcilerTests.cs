using System.Text.Json.Nodes;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>Rule 8: what the provider's record proves, and that nothing else is taken for proof.</summary>
public sealed class ReconcilerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Unknown_ThatTheProviderHas_IsProven_ByItsLogOrItsList(bool withoutLogs)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await UnknownAsync(engine, Fault.LostAnswer);
        var archive = new ArchiveReader(engine.Provider) { WithoutLogs = withoutLogs, Foreign = 5 };

        await RunAsync(engine, archive);

        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Log_GivesEachRecipientItsProvidersId()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await UnknownAsync(engine, Fault.LostAnswer);

        await RunAsync(engine, new ArchiveReader(engine.Provider));

        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var ids = await db
            .Recipients.Where(r => r.CampaignId == id)
            .ToDictionaryAsync(r => r.Number, r => r.ProviderEmailId);
        Assert.All(engine.Provider.Mailed, mail => Assert.Equal(mail.Id, ids[mail.Recipient]));
    }

    [Fact]
    public async Task Absence_ProvesNothing()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await UnknownAsync(engine, Fault.LostRequest);

        await RunAsync(engine, new ArchiveReader(engine.Provider));

        Assert.Equal(100, (await engine.CountsAsync(id)).Unknown);
    }

    [Theory]
    [InlineData("other campaign")]
    [InlineData("other chunk")]
    [InlineData("other generation")]
    [InlineData("no tags")]
    [InlineData("refused")]
    [InlineData("fewer ids")]
    public async Task MailThatIsNotThisOne_ProvesNothing(string difference)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await UnknownAsync(engine, Fault.LostAnswer);
        var archive = new ArchiveReader(engine.Provider) { Tamper = node => Change(node, difference) };

        await RunAsync(engine, archive);

        Assert.Contains(archive.Asked, path => path.StartsWith("/logs/", StringComparison.Ordinal));
        // The list of mails is the second witness; where only the log was changed it proves them all the same.
        var byList = difference is "refused" or "fewer ids";
        Assert.Equal(byList ? 100 : 0, (await engine.CountsAsync(id)).Accepted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task DoubtOfAStoppedCampaign_IsProven_AndNotRepeated(bool cancelled)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.LostAnswer);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        var caller = engine.Tenant.As(TenantRole.Admin);
        await (
            cancelled
                ? engine.Cancel.ExecuteAsync(caller, id, CancellationToken.None)
                : engine.Pause.ExecuteAsync(caller, id, CancellationToken.None)
        );

        await RunAsync(engine, new ArchiveReader(engine.Provider));

        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        Assert.Single(engine.Provider.Calls);
    }

    [Fact]
    public async Task DoubtThatIsRepeated_IsNotAskedFor()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.LostAnswer);
        await engine.LaunchAsync();
        await engine.TurnAsync();
        var archive = new ArchiveReader(engine.Provider);

        await RunAsync(engine, archive);

        Assert.Empty(archive.Asked);
    }

    [Fact]
    public async Task KeyThatMayOnlySend_IsSaid_AndNotAskedWithAgainInThatRound()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await UnknownAsync(engine, Fault.LostAnswer);
        var archive = new ArchiveReader(engine.Provider) { SendOnly = true };
        var reconciler = await NewAsync(engine, archive);

        await reconciler.RunOnceAsync(CancellationToken.None);

        Assert.Single(archive.Asked);
        Assert.Equal(engine.Time.GetUtcNow(), reconciler.DeniedSince);
        Assert.Equal(TimeSpan.FromHours(1), reconciler.Rest);
        Assert.Equal(100, (await engine.CountsAsync(id)).Unknown);
    }

    [Fact]
    public async Task ProviderThatIsSilent_ChangesNothing_AndIsAskedAgain()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await UnknownAsync(engine, Fault.LostAnswer);
        var archive = new ArchiveReader(engine.Provider) { Down = true };
        var reconciler = await NewAsync(engine, archive);
        Assert.Equal(0, await reconciler.RunOnceAsync(CancellationToken.None));
        Assert.Equal(100, (await engine.CountsAsync(id)).Unknown);

        archive.Down = false;
        await RunAsync(engine, archive, reconciler);

        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
    }

    [Fact]
    public async Task NothingFound_IsAskedForLessAndLessOften()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await UnknownAsync(engine, Fault.LostRequest);
        var reconciler = await NewAsync(engine, new ArchiveReader(engine.Provider));
        await reconciler.RunOnceAsync(CancellationToken.None);
        var first = reconciler.Rest;
        for (var i = 0; i < 10; i++)
        {
            await reconciler.RunOnceAsync(CancellationToken.None);
        }

        Assert.Equal((TimeSpan.FromMinutes(2), TimeSpan.FromHours(1)), (first, reconciler.Rest));
    }

    [Fact]
    public async Task MoreQuestionsThanAtATime_AreAskedInTurn_AlsoAfterARestart()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 60 * Chunk.MaxRecipients);
        var id = await engine.LaunchAsync();
        await engine.Database.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db
                    .Chunks.Where(c => c.CampaignId == id)
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(c => c.State, ChunkState.Unknown)
                                .SetProperty(c => c.AccountId, engine.Database.AccountId)
                                .SetProperty(c => c.FirstAttemptAt, engine.Time.GetUtcNow()),
                        token
                    ),
            CancellationToken.None
        );
        await engine.Database.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                Ledger.MoveAsync(
                    db.Recipients.Where(r => r.CampaignId == id),
                    RecipientState.Pending,
                    RecipientState.Unknown,
                    engine.Time.GetUtcNow(),
                    token
                ),
            CancellationToken.None
        );
        var questions = new OpenQuestions(engine.Db);
        var account = await engine.Accounts.CurrentAsync(CancellationToken.None);
        var first = await questions.ReadAsync(account, CancellationToken.None);
        Assert.Equal(50, first.Count);
        var asked = new List<HashSet<int>>();

        for (var start = 0; start < 3; start++)
        {
            engine.Time.Advance(TimeSpan.FromHours(1));
            asked.Add([.. (await questions.ReadAsync(account, CancellationToken.None)).Select(q => q.Chunk)]);
            // Each is a process of its own that gets through once.
            var reconciler = await NewAsync(engine, new ArchiveReader(engine.Provider));
            await reconciler.RunOnceAsync(CancellationToken.None);
        }

        Assert.Equal(60, asked[0].Union(asked[1]).Count());
        Assert.Superset(asked[0].Except(asked[1]).ToHashSet(), asked[2]);
    }

    [Fact]
    public async Task ReplacedKey_ThatCouldNotBeCompared_ProvesWhatItCanRead()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.LostAnswer);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        // The new key may only send, so it is refused what would show its account: it counts as another one's.
        engine.Probe.Reads = false;
        await engine.Accounts.EnsureAsync("http://provider.test", "re_new", CancellationToken.None);
        await engine.Expire.RunOnceAsync(CancellationToken.None);
        Assert.Equal(100, (await engine.CountsAsync(id)).Unknown);

        await RunAsync(engine, new ArchiveReader(engine.Provider));

        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
    }

    private static void Change(JsonNode node, string difference)
    {
        var mails = node["request_body"]?.AsArray().Select(mail => mail!).ToList() ?? [node];
        switch (difference)
        {
            case "refused":
                node["response_status"] = 503;
                break;
            case "fewer ids" when node["response_body"] is { } answer:
                answer["data"]!.AsArray().RemoveAt(0);
                break;
            case "no tags":
                mails.ForEach(mail => mail.AsObject().Remove("tags"));
                break;
            case "other campaign":
                mails.ForEach(mail => Tag(mail, "campaign", Guid.Empty.ToString("N")));
                break;
            case "other chunk":
                mails.ForEach(mail => Tag(mail, "chunk", "7"));
                break;
            case "other generation":
                mails.ForEach(mail => Tag(mail, "generation", "7"));
                break;
            default:
                break;
        }
    }

    private static void Tag(JsonNode mail, string name, string value) =>
        mail["tags"]!.AsArray().Single(tag => tag!["name"]!.GetValue<string>() == name)!["value"] = value;

    private static async Task<Guid> UnknownAsync(EngineHarness engine, Fault fault)
    {
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(fault);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        engine.Time.Advance(TimeSpan.FromHours(21));
        await engine.Expire.RunOnceAsync(CancellationToken.None);
        Assert.Equal(100, (await engine.CountsAsync(id)).Unknown);
        return id;
    }

    private static async Task RunAsync(EngineHarness engine, ArchiveReader archive, Reconciler? reconciler = null)
    {
        reconciler ??= await NewAsync(engine, archive);
        for (var round = 0; round < 5; round++)
        {
            await reconciler.RunOnceAsync(CancellationToken.None);
        }
    }

    private static async Task<Reconciler> NewAsync(EngineHarness engine, ArchiveReader archive)
    {
        return new(
            engine.Db,
            new OpenQuestions(engine.Db),
            new ProviderArchive(archive, await engine.UnpacedAsync()),
            engine.Accounts,
            engine.Notifier,
            NullLogger<Reconciler>.Instance
        );
    }
}
