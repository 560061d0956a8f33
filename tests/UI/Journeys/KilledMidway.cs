using UITests.Support;

namespace UITests.Journeys;

/// <summary>SIGKILL in the middle of a campaign, and a start on the same directory: it finishes by itself.</summary>
public sealed class KilledMidway(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task Portal_KilledWithItsEmulatorInTheMiddle_FinishesByItselfAndThePageComesBack()
    {
        await using var stage = await Stage.SetAsync(browser, [("Sending:MaxConcurrency", "2")]);
        var page = await stage.EnterAsync();
        await stage.Provider.BreakAsync(
            new
            {
                kind = "slow",
                point = "after",
                on = "batch",
                from = 2,
                times = 3,
                delay_milliseconds = 4000,
            }
        );
        // The provider's reports would prove the second chunk before anybody saw the first one alone.
        await stage.Provider.HoldWebhooksAsync();
        var campaign = await page.WriteAndLaunchAsync(stage, "Autumn bulbs");
        await page.CountsAsync("Accepted", 100);
        // The second chunk is with the provider, and its answer on the way.
        await stage.Provider.HasTakenAsync(campaign, 200);

        await stage.Portal.KillAsync();
        await Expect(page.GetByText("The connection to the server was lost.")).ToBeVisibleAsync();
        await stage.Portal.StartAgainAsync();

        await page.StandsAtAsync("Sent", patience: 60_000);
        await page.CountsAsync("Accepted", 312);
        await IsMailedOnceAsync(stage, campaign);
    }

    [Fact]
    public async Task Portal_KilledWhileAnAcceptedCallHangs_RepeatsItUnderTheSameKey()
    {
        await using var stage = await Stage.SetApartAsync(browser, [("Sending:MaxConcurrency", "1")]);
        var page = await stage.EnterAsync();
        await stage.Provider.BreakAsync(
            new
            {
                kind = "hang",
                point = "after",
                on = "batch",
                from = 3,
                times = 1,
            }
        );
        // The provider's reports would prove the chunk before the repeat could; here the repeat is what is looked at.
        await stage.Provider.HoldWebhooksAsync();
        var campaign = await page.WriteAndLaunchAsync(stage, "Autumn bulbs");
        await page.CountsAsync("Accepted", 200);
        await stage.Provider.HasTakenAsync(campaign, 300);
        await page.CountsAsync("In doubt", 100);

        await stage.Portal.KillAsync();
        await stage.Portal.StartAgainAsync();

        await page.StandsAtAsync("Sent", patience: 60_000);
        await page.CountsAsync("Accepted", 312);
        await IsMailedOnceAsync(stage, campaign);
        var calls = await stage.Provider.SendsAsync();
        var repeated = Assert.Single(calls.GroupBy(call => call.IdempotencyKey), key => key.Count() > 1);
        Assert.Single(repeated.Select(call => call.BodyHash).Distinct());
        Assert.Contains(repeated, call => call.Replayed);
    }

    private static async Task IsMailedOnceAsync(Stage stage, Guid campaign)
    {
        var mailed = await stage.Provider.MailedAsync(campaign);
        Assert.Equal(Stage.Everybody, mailed.Count);
        Assert.Equal(Stage.Everybody, mailed.Distinct().Count());
        Assert.Equal(0, await stage.Provider.DuplicatesAsync());
    }
}
