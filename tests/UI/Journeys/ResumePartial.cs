using UITests.Support;

namespace UITests.Journeys;

/// <summary>
/// The chunk that fails at the third call, Partial, somebody deleted and somebody unsubscribed meanwhile, resume; and a
/// resume that stops half-way and is resumed again.
/// </summary>
public sealed class ResumePartial(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    /// <summary>One call at a time, so that "the third call" is the third chunk.</summary>
    private static readonly (string, string) OneAtATime = ("Sending:MaxConcurrency", "1");

    private static object QuotaIsUsedUpAt(int call) =>
        new
        {
            kind = "refuse",
            on = "batch",
            from = call,
            status = 429,
            name = "daily_quota_exceeded",
            message = "You have reached your daily email sending quota.",
        };

    [Fact]
    public async Task ThirdCallFails_OneDeletedAndOneUnsubscribedMeanwhile_ResumeMailsTheOthersOnce()
    {
        await using var stage = await Stage.SetAsync(browser, [OneAtATime]);
        var page = await stage.EnterAsync();

        // An earlier campaign, so that some who wait later hold a mail with a way out.
        var earlier = await page.WriteAndLaunchAsync(stage, "To the loyal ones", tag: "vip", people: 31);
        await page.StandsAtAsync("Sent");

        await stage.Provider.BreakAsync(QuotaIsUsedUpAt(call: 3));
        var campaign = await page.WriteAndLaunchAsync(stage, "Autumn bulbs");
        await page.StandsAtAsync("Partial");
        await Expect(page.GetByText("The provider's daily quota was used up after 200 of 312.")).ToBeVisibleAsync();
        await page.CountsAsync("Accepted", 200);
        await page.CountsAsync("Pending", 112);
        Assert.Equal(200, (await stage.Provider.MailedAsync(campaign)).Count);

        // Meanwhile, two of those who wait.
        var mailed = await stage.Provider.MailedAsync(campaign);
        var mailOfOneWhoLeaves = (await stage.Provider.MailsAsync(earlier)).First(mail => !mailed.Contains(mail.To[0]));
        var unsubscribed = mailOfOneWhoLeaves.To[0];
        await UnsubscribeInOneClickAsync(page, await stage.Provider.UnsubscribeLinkAsync(mailOfOneWhoLeaves.Id));
        var deleted = (await page.RecipientsAsync(stage, campaign, "pending")).First(email => email != unsubscribed);
        await page.DeleteContactAsync(stage, deleted);

        await stage.Provider.HealAsync();
        await page.OpenCampaignAsync(stage, campaign);
        var dialog = await page.AskToResumeAsync();
        await dialog.SaysAsync("Accepted", 200);
        await dialog.SaysAsync("In doubt", 0);
        await dialog.SaysAsync("Will be sent", 110);
        await dialog.SaysAsync("Excluded", 2);
        await Expect(dialog).ToContainTextAsync("1 contact deleted");
        await Expect(dialog).ToContainTextAsync("1 unsubscribed");
        await dialog.SendToAsync(110);

        await page.StandsAtAsync("Sent");
        await page.CountsAsync("Accepted", 310);
        await page.CountsAsync("Excluded", 2);
        await page.CountsAsync("Pending", 0);
        await page.ReceiptAsync(1, "launch", 312, 200);
        await page.ReceiptAsync(2, "resume", 110, 110);
        mailed = await stage.Provider.MailedAsync(campaign);
        Assert.Equal(310, mailed.Count);
        Assert.Equal(310, mailed.Distinct().Count());
        Assert.DoesNotContain(deleted, mailed);
        Assert.DoesNotContain(unsubscribed, mailed);
        Assert.Equal(0, await stage.Provider.DuplicatesAsync());
    }

    [Fact]
    public async Task Resume_StoppedHalfWay_IsResumedAgain()
    {
        await using var stage = await Stage.SetAsync(browser, [OneAtATime]);
        var page = await stage.EnterAsync();

        await stage.Provider.BreakAsync(QuotaIsUsedUpAt(call: 2));
        var campaign = await page.WriteAndLaunchAsync(stage, "Autumn bulbs");
        await page.StandsAtAsync("Partial");
        await page.CountsAsync("Accepted", 100);

        // It works for one call, and stops again.
        await stage.Provider.BreakAsync(QuotaIsUsedUpAt(call: 2));
        await (await page.AskToResumeAsync()).SendToAsync(212);
        await Expect(page.GetByText("The provider's daily quota was used up after 200 of 312.")).ToBeVisibleAsync();
        await page.StandsAtAsync("Partial");
        await page.CountsAsync("Accepted", 200);

        await stage.Provider.HealAsync();
        var dialog = await page.AskToResumeAsync();
        await dialog.SaysAsync("Accepted", 200);
        await dialog.SendToAsync(112);

        await page.StandsAtAsync("Sent");
        await page.CountsAsync("Accepted", 312);
        await page.ReceiptAsync(1, "launch", 312, 100);
        await page.ReceiptAsync(2, "resume", 212, 100);
        await page.ReceiptAsync(3, "resume", 112, 112);
        var mailed = await stage.Provider.MailedAsync(campaign);
        Assert.Equal(312, mailed.Count);
        Assert.Equal(312, mailed.Distinct().Count());
    }

    /// <summary>As a mail program does it: a POST without a cookie, without a page.</summary>
    private static async Task UnsubscribeInOneClickAsync(IPage page, string link)
    {
        using var http = new HttpClient();
        using var form = new FormUrlEncodedContent([new("List-Unsubscribe", "One-Click")]);
        using var answer = await http.PostAsync(new Uri(link), form);
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode} from {link}");
        var theirs = await page.Context.Browser!.NewPageAsync();
        await theirs.GotoAsync(link);
        await Expect(theirs.GetByRole(AriaRole.Heading, new() { Name = "You are unsubscribed" })).ToBeVisibleAsync();
        await theirs.CloseAsync();
    }
}
