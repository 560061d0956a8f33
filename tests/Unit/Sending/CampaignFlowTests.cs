using System.Text.Json;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

public sealed class CampaignFlowTests
{
    [Fact]
    public async Task Campaign_WithAHealthyProvider_IsSentInChunksOfAHundred()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 250);

        var id = await engine.LaunchAsync();
        await engine.RunAsync();

        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        Assert.Equal(250, (await engine.CountsAsync(id)).Accepted);
        Assert.Equal([100, 100, 50], engine.Provider.Calls.Select(call => call.Mails));
        Assert.Equal(3, engine.Provider.Calls.Select(call => call.Key).Distinct().Count());
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Recipients_KeepTheIdThatTheProviderGaveTheirOwnMail()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 120);

        var id = await engine.LaunchAsync();
        await engine.RunAsync();

        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var ledger = await db.Recipients.Where(r => r.CampaignId == id).ToListAsync();
        Assert.All(
            ledger,
            r => Assert.Equal(r.ProviderEmailId, engine.Provider.Mailed.Single(m => m.Recipient == r.Number).Id)
        );
    }

    [Fact]
    public async Task Campaign_WithItsOwnPlainText_SendsIt_WithAWayOut()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        var id = await engine.DraftAsync();
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            async (db, token) => (await db.Campaigns.SingleAsync(token)).Text = "Dear {{first_name}} & all",
            CancellationToken.None
        );

        await engine.Launch.ExecuteAsync(engine.Tenant.As(TenantRole.Admin), id, 0, CancellationToken.None);
        await engine.RunAsync();

        using var body = JsonDocument.Parse(Assert.Single(engine.Provider.Bodies));
        Assert.Equal(
            ["Dear First1 & all\n\nUnsubscribe: ", "Dear First2 & all\n\nUnsubscribe: "],
            body.RootElement.EnumerateArray().Select(mail => mail.GetProperty("text").GetString()!.Split("http")[0])
        );
    }

    [Fact]
    public async Task Launch_PressedTwice_LaunchesOnce()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 30);
        var id = await engine.DraftAsync();
        var admin = engine.Tenant.As(TenantRole.Admin);

        var results = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => engine.Launch.ExecuteAsync(admin, id, 0, CancellationToken.None))
        );
        await engine.RunAsync();

        Assert.Single(results.OfType<LaunchResult.Launched>());
        Assert.Equal(7, results.OfType<LaunchResult.AlreadyLaunched>().Count());
        Assert.Equal(30, (await engine.CountsAsync(id)).Recipients);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Launch_ByAnEditor_IsRefused()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        var id = await engine.DraftAsync();

        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            engine.Launch.ExecuteAsync(engine.Tenant.As(TenantRole.Editor), id, 0, CancellationToken.None)
        );
    }

    [Fact]
    public async Task Launch_CutInTwoByACrash_IsFinishedAtTheNextStart()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 10);
        var id = await engine.DraftAsync();
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db
                    .Campaigns.Where(c => c.Id == id)
                    .ExecuteUpdateAsync(set => set.SetProperty(c => c.Status, CampaignStatus.Preparing), token),
            CancellationToken.None
        );

        await engine.RestartAsync();
        await engine.RunAsync();

        Assert.Equal(10, (await engine.CountsAsync(id)).Accepted);
    }

    [Fact]
    public async Task Freeze_LeavesOutNobodySilently_TheUnsubscribedStandThereAsExcluded()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 5);
        await engine.SuppressAsync("person2@example.net");

        var id = await engine.LaunchAsync();
        await engine.RunAsync();

        var counts = await engine.CountsAsync(id);
        Assert.Equal((5, 4, 1), (counts.Recipients, counts.Accepted, counts.Excluded));
        Assert.DoesNotContain(engine.Provider.Mailed, mail => mail.To == "person2@example.net");
    }

    [Fact]
    public async Task Recheck_BeforeTheFirstRendering_TakesOutWhoUnsubscribedAfterTheLaunch()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 150);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();

        await engine.SuppressAsync("person120@example.net");
        await engine.RunAsync();

        Assert.Equal((149, 1), ((await engine.CountsAsync(id)).Accepted, (await engine.CountsAsync(id)).Excluded));
        Assert.DoesNotContain(engine.Provider.Mailed, mail => mail.To == "person120@example.net");
    }

    [Fact]
    public async Task Recheck_FindsWhoUnsubscribesBetweenRenderingAndIntent()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 20);
        var id = await engine.LaunchAsync();
        var once = true;
        engine.Crash.On = async point =>
        {
            if (point == CrashPoints.BeforeIntent && once)
            {
                once = false;
                await engine.SuppressAsync("person7@example.net");
            }
        };

        await engine.RunAsync();

        Assert.Equal(19, (await engine.CountsAsync(id)).Accepted);
        Assert.DoesNotContain(engine.Provider.Mailed, mail => mail.To == "person7@example.net");
    }

    [Fact]
    public async Task Pause_StopsWhatHasNoIntent_AndContinueGoesOnInTheSameRun()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var admin = engine.Tenant.As(TenantRole.Admin);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        engine.Crash.On = async point =>
        {
            if (point == CrashPoints.BeforeIntent)
            {
                engine.Crash.On = null;
                Assert.True((await engine.Pause.ExecuteAsync(admin, id, CancellationToken.None)).Won);
            }
        };

        await engine.RunAsync();

        Assert.Equal(100, engine.Provider.Mailed.Count);
        Assert.Equal(CampaignStatus.Paused, (await engine.CampaignAsync(id)).Status);
        Assert.False((await engine.Pause.ExecuteAsync(admin, id, CancellationToken.None)).Won);

        Assert.True((await engine.Continue.ExecuteAsync(admin, id, CancellationToken.None)).Won);
        await engine.RunAsync();

        Assert.Equal(300, (await engine.CountsAsync(id)).Accepted);
        Assert.Equal(1, (await engine.CampaignAsync(id)).CurrentRun);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Pause_RepeatsNothingThatIsInDoubt()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.LostAnswer);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        await engine.Pause.ExecuteAsync(engine.Tenant.As(TenantRole.Admin), id, CancellationToken.None);

        await engine.RunAsync(TimeSpan.FromHours(2));

        Assert.Single(engine.Provider.Calls);
        Assert.Equal(100, (await engine.CountsAsync(id)).InDoubt);
    }

    [Fact]
    public async Task Cancel_ExcludesThePending_AndAnAnswerInFlightStillCounts()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var id = await engine.LaunchAsync();
        engine.Provider.During = async () =>
        {
            engine.Provider.During = null;
            await engine.Cancel.ExecuteAsync(engine.Tenant.As(TenantRole.Admin), id, CancellationToken.None);
        };

        await engine.RunAsync();

        var counts = await engine.CountsAsync(id);
        Assert.Equal((100, 200), (counts.Accepted, counts.Excluded));
        Assert.Equal(CampaignStatus.Cancelled, (await engine.CampaignAsync(id)).Status);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Cancel_DuringACallThatIsRefused_ExcludesItsRecipientsToo()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 50);
        engine.Provider.Then(Fault.RateLimited);
        var id = await engine.LaunchAsync();
        engine.Provider.During = async () =>
        {
            engine.Provider.During = null;
            await engine.Cancel.ExecuteAsync(engine.Tenant.As(TenantRole.Admin), id, CancellationToken.None);
        };

        await engine.RunAsync();

        Assert.Equal(50, (await engine.CountsAsync(id)).Excluded);
        Assert.Empty(engine.Provider.Mailed);
    }

    [Fact]
    public async Task Tenants_OnOneAccount_TakeTurnsByChunk()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var south = await engine.Database.AddTenantAsync("south");
        await engine.Database.AddContactsAsync(engine.Tenant, 1000);
        await engine.Database.AddContactsAsync(south, 300);
        var large = await engine.LaunchAsync();
        var small = await engine.LaunchAsync(south);

        for (var i = 0; i < 6; i++)
        {
            await engine.TurnAsync();
        }

        Assert.Equal(300, engine.Provider.Mailed.Count(mail => mail.CampaignTag == small.ToString("N")));
        Assert.Equal(300, engine.Provider.Mailed.Count(mail => mail.CampaignTag == large.ToString("N")));
    }
}
