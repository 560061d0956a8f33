using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Senders;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Deletion;

/// <summary>A tenant that sends while it is deleted: no intent after the first step, and what was under way is seen through.</summary>
public sealed class DeletionSendingTests
{
    private const string BaseUrl = "http://provider.test";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Deletion_BetweenClaimAndIntent_FencesTheIntent(bool email)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await StartAsync(engine, engine.Tenant, email);
        var claim = (await engine.Claim.ExecuteAsync(engine.Database.AccountId, "worker", CancellationToken.None))!;
        var prepared = await engine.Prepare.ExecuteAsync(claim, recheck: false, CancellationToken.None);
        await BeginAsync(engine);

        var intent = await engine.RecordIntent.ExecuteAsync(
            claim,
            prepared,
            engine.Database.AccountId,
            BaseUrl,
            CancellationToken.None
        );

        Assert.IsType<IntentResult.Fenced>(intent);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Deletion_BetweenTheClaimAndARepeat_FencesIt_ATransactionalMailToo(bool email)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await StartAsync(engine, engine.Tenant, email);
        engine.Provider.Then(FakeProvider.Fault.LostAnswer);
        Assert.Equal(DispatchResult.Sent, await engine.TurnAsync());
        engine.Time.Advance(TimeSpan.FromMinutes(2));
        var claim = (await engine.Claim.ExecuteAsync(engine.Database.AccountId, "worker", CancellationToken.None))!;
        Assert.True(claim.Repeat);
        await BeginAsync(engine);

        var intent = await engine.RecordIntent.ExecuteAsync(
            claim,
            prepared: null,
            engine.Database.AccountId,
            BaseUrl,
            CancellationToken.None
        );

        Assert.IsType<IntentResult.Fenced>(intent);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FromTheFirstStepOn_TheProviderGetsNothingOfIt_AndAllOfTheOther(bool email)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var south = await engine.Database.AddTenantAsync("south");
        await StartAsync(engine, engine.Tenant, email);
        await StartAsync(engine, south, email);
        Assert.Equal(DispatchResult.Sent, await engine.TurnAsync());
        Assert.Equal(DispatchResult.Sent, await engine.TurnAsync());
        var before = MailedOf(engine, engine.Tenant);
        await BeginAsync(engine);

        await engine.RunAsync();

        Assert.Equal(before, MailedOf(engine, engine.Tenant));
        Assert.Equal(email ? 3 : 250, MailedOf(engine, south));
        Assert.Null(await engine.Claim.NextDueAsync(engine.Database.AccountId, CancellationToken.None));
    }

    [Fact]
    public async Task CallUnderWay_IsSettled_AndItsRowsGoAfterwards()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await StartAsync(engine, engine.Tenant, email: false);
        var job = Job(engine);
        var goneDuringTheCall = -1;
        engine.Provider.During = async () =>
        {
            engine.Provider.During = null;
            await BeginAsync(engine);
            goneDuringTheCall = await job.RunOnceAsync(CancellationToken.None);
        };

        Assert.Equal(DispatchResult.Sent, await engine.TurnAsync());
        var calls = engine.Provider.Calls.Count;
        var accepted = await AcceptedAsync(engine);
        var gone = await job.RunOnceAsync(CancellationToken.None);
        await engine.RunAsync();

        Assert.Equal((0, 100, 1, 1), (goneDuringTheCall, accepted, gone, calls));
        Assert.Equal(calls, engine.Provider.Calls.Count);
    }

    [Fact]
    public async Task AnswerThatComesAfterTheLease_WhenTheRowsAreGone_DoesNoHarm()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await StartAsync(engine, engine.Tenant, email: false);
        var once = true;
        engine.Crash.On = async point =>
        {
            if (point == CrashPoints.BeforeSettle && once)
            {
                once = false;
                await BeginAsync(engine);
                engine.Time.Advance(TimeSpan.FromSeconds(engine.Options.LeaseSeconds + 1));
                Assert.Equal(1, await Job(engine).RunOnceAsync(CancellationToken.None));
            }
        };

        await engine.TurnAsync();
        await engine.RunAsync();

        Assert.Single(engine.Provider.Calls);
        var counts = await engine.Database.CountRowsAsync(engine.Tenant.Id);
        Assert.Equal(counts["AuditEntries"], counts.Values.Sum());
    }

    [Fact]
    public async Task ScheduledAndHalfLaunched_AreNotTakenUp()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        var scheduled = await engine.DraftAsync();
        var half = await engine.DraftAsync();
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            async (db, token) =>
            {
                await db
                    .Campaigns.Where(row => row.Id == half)
                    .ExecuteUpdateAsync(set => set.SetProperty(row => row.Status, CampaignStatus.Preparing), token);
                await db
                    .Campaigns.Where(row => row.Id == scheduled)
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(row => row.Status, CampaignStatus.Scheduled)
                                .SetProperty(row => row.ScheduledAt, engine.Time.GetUtcNow().AddMinutes(1)),
                        token
                    );
            },
            CancellationToken.None
        );
        await BeginAsync(engine);

        engine.Time.Advance(TimeSpan.FromMinutes(2));
        await engine.Due.RunOnceAsync(CancellationToken.None);
        await engine.Recover.ExecuteAsync(CancellationToken.None);
        await engine.RunAsync();

        Assert.Empty(engine.Provider.Calls);
        Assert.Equal(0, (await engine.Database.CountRowsAsync(engine.Tenant.Id))["Recipients"]);
    }

    private static async Task StartAsync(EngineHarness engine, TestTenant tenant, bool email)
    {
        if (email)
        {
            for (var i = 0; i < 3; i++)
            {
                await engine.PostAsync($"{tenant.Slug}-{i}", $"ada{i}@{tenant.Slug}.example", tenant);
            }
        }
        else
        {
            await engine.Database.AddContactsAsync(tenant, 250);
            await engine.LaunchAsync(tenant);
        }
    }

    private static int MailedOf(EngineHarness engine, TestTenant tenant)
    {
        using var db = engine.Db.Read(tenant.Scope);
        var campaigns = db.Campaigns.Select(row => row.Id).ToList().ConvertAll(id => id.ToString("N"));
        return engine.Provider.Mailed.Count(mail => campaigns.Contains(mail.CampaignTag));
    }

    private static async Task<int> AcceptedAsync(EngineHarness engine)
    {
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        return await db.Recipients.CountAsync(row => row.AcceptedAt != null);
    }

    private static async Task BeginAsync(EngineHarness engine) =>
        Assert.IsType<DeleteTenantResult.Begun>(
            await new DeleteTenant(engine.Db, new DeletionSignal()).ExecuteAsync(
                Actor.CommandLine,
                engine.Tenant.Id,
                name: null,
                record: null,
                CancellationToken.None
            )
        );

    private static DeleteTenants Job(EngineHarness engine) =>
        DeletionSteps.Job(engine.Database, engine.Crash, new ScriptedDomains());
}
