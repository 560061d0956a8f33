using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>
/// Each button, pressed while a call is on its way, with each kind of answer to that call: it wins or loses cleanly, nobody
/// is mailed twice, nobody is lost, and once the campaign may go on everybody has one mail.
/// </summary>
public sealed class CallsInFlightTests
{
    public enum Press
    {
        Pause,
        PauseAndContinue,
        Cancel,
        NewRun,
        FollowUp,
    }

    public static TheoryData<Press, Fault> All
    {
        get
        {
            var all = new TheoryData<Press, Fault>();
            foreach (var press in Enum.GetValues<Press>())
            {
                all.Add(press, Fault.None);
                all.Add(press, Fault.LostAnswer);
                all.Add(press, Fault.LostRequest);
                all.Add(press, Fault.ErrorAfterAcceptance);
                all.Add(press, Fault.RateLimited);
                all.Add(press, Fault.DailyQuota);
                all.Add(press, Fault.Concurrent);
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Button_PressedWhileACallIsInFlight_WinsOrLosesCleanly(Press press, Fault answer)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 300);
        var id = await engine.LaunchAsync();
        var campaigns = new List<Guid> { id };
        engine.Provider.During = async () =>
        {
            engine.Provider.During = null;
            await PressAsync(engine, press, campaigns);
            engine.Provider.Then(answer);
        };

        await engine.TurnAsync(engine.NewDispatcher());
        if (press is Press.Pause or Press.Cancel)
        {
            var calls = engine.Provider.Calls.Count;
            await engine.RunAsync(TimeSpan.FromMinutes(2));
            Assert.Equal(calls, engine.Provider.Calls.Count);
        }

        await GoOnAsync(engine, press, campaigns);

        await AssertEverybodyStandsSomewhereAsync(engine, press, answer, campaigns);
    }

    private static async Task PressAsync(EngineHarness engine, Press press, List<Guid> campaigns)
    {
        var (admin, id) = (engine.Tenant.As(TenantRole.Admin), campaigns[0]);
        switch (press)
        {
            case Press.Pause:
                Assert.True((await engine.Pause.ExecuteAsync(admin, id, CancellationToken.None)).Won);
                break;
            case Press.PauseAndContinue:
                Assert.True((await engine.Pause.ExecuteAsync(admin, id, CancellationToken.None)).Won);
                Assert.True((await engine.Continue.ExecuteAsync(admin, id, CancellationToken.None)).Won);
                break;
            case Press.Cancel:
                Assert.True((await engine.Cancel.ExecuteAsync(admin, id, CancellationToken.None)).Won);
                break;
            case Press.NewRun:
                await StopAsync(engine);
                Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(id));
                break;
            default:
                await StopAsync(engine);
                campaigns.Add(await engine.FollowUpAsync(id));
                break;
        }
    }

    /// <summary>Another call is refused for its quota, which makes the campaign Partial.</summary>
    private static async Task StopAsync(EngineHarness engine)
    {
        engine.Provider.Then(Fault.DailyQuota);
        await engine.TurnAsync();
    }

    private static async Task GoOnAsync(EngineHarness engine, Press press, List<Guid> campaigns)
    {
        if (press == Press.Pause)
        {
            await engine.Continue.ExecuteAsync(
                engine.Tenant.As(TenantRole.Admin),
                campaigns[0],
                CancellationToken.None
            );
        }

        if (press == Press.FollowUp)
        {
            await engine.LaunchDraftAsync(campaigns[1]);
        }

        await engine.RunAsync(TimeSpan.FromHours(2));
        foreach (var id in campaigns)
        {
            if ((await engine.CampaignAsync(id)).Status == CampaignStatus.Partial)
            {
                await engine.ResumeAsync(id, (await engine.CampaignAsync(id)).CurrentRun);
                await engine.RunAsync(TimeSpan.FromHours(2));
            }
        }
    }

    private static async Task AssertEverybodyStandsSomewhereAsync(
        EngineHarness engine,
        Press press,
        Fault answer,
        List<Guid> campaigns
    )
    {
        engine.AssertNobodyTwiceOverAll();
        var counts = new List<CampaignCounts>();
        foreach (var id in campaigns)
        {
            counts.Add(await engine.CountsAsync(id));
        }

        Assert.Equal(0, counts.Sum(count => count.Pending));
        var accepted = counts.Sum(count => count.Accepted);
        if (press != Press.Cancel)
        {
            Assert.Equal((300, 300), (accepted, engine.Provider.Mailed.Count));
            return;
        }

        // Whoever was in the call is accepted, in doubt, or proven not to be out and then excluded like the others.
        var proven = answer is Fault.None;
        var refused = answer is Fault.RateLimited or Fault.DailyQuota;
        Assert.Equal(proven ? 100 : 0, accepted);
        Assert.Equal(refused ? 300 : 200, counts[0].Excluded);
        Assert.Equal(proven || refused ? 0 : 100, counts[0].InDoubt);
    }
}
