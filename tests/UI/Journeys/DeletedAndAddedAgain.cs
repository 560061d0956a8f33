using UITests.Support;

namespace UITests.Journeys;

/// <summary>A mailed contact that is deleted and added again is a new row with an old address: it is not mailed again.</summary>
public sealed class DeletedAndAddedAgain(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task MailedContact_DeletedAndAddedAgain_IsNotMailedAgainByAResume()
    {
        await using var stage = await Stage.SetAsync(browser, [("Sending:MaxConcurrency", "1")]);
        var page = await stage.EnterAsync();
        await stage.Provider.BreakAsync(
            new
            {
                kind = "refuse",
                on = "batch",
                from = 2,
                status = 429,
                name = "daily_quota_exceeded",
                message = "You have reached your daily email sending quota.",
            }
        );
        var campaign = await page.WriteAndLaunchAsync(stage, "Autumn bulbs");
        await page.StandsAtAsync("Partial");
        var mailed = await stage.Provider.MailedAsync(campaign);
        Assert.Equal(100, mailed.Count);

        // One who was mailed, one who waits; both go and come back. And somebody new.
        var (old, waiting) = (mailed[7], (await page.RecipientsAsync(stage, campaign, "pending"))[0]);
        foreach (var email in new[] { old, waiting })
        {
            await page.DeleteContactAsync(stage, email);
            await page.AddContactAsync(stage, email);
        }

        await page.AddContactAsync(stage, "new.reader@readers.example");

        await stage.Provider.HealAsync();
        await page.OpenCampaignAsync(stage, campaign);
        var dialog = await page.AskToResumeAsync();
        await dialog.SaysAsync("Accepted", 100);
        await dialog.SaysAsync("Will be sent", 211);
        await dialog.SaysAsync("Excluded", 1);
        await dialog.GetByLabel("Also mail the 2 people who joined the audience since the launch.").CheckAsync();
        await dialog.SendToAsync(213);

        await page.StandsAtAsync("Sent");
        mailed = await stage.Provider.MailedAsync(campaign);
        Assert.Single(mailed, old);
        Assert.Single(mailed, waiting);
        Assert.Single(mailed, "new.reader@readers.example");
        Assert.Equal(313, mailed.Count);
        Assert.Equal(0, await stage.Provider.DuplicatesAsync());
        await page.CountsAsync("Accepted", 313);
    }
}
