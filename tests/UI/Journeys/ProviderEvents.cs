using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AdminPortal;
using UITests.Support;

namespace UITests.Journeys;

/// <summary>What the provider reports is seen by whose mail it is about; what is nobody's by the operator alone, who looks again.</summary>
public sealed class ProviderEvents(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task Reports_AreListedWithWhatBecameOfThem_AndOneThatWaitsIsLookedAtAgain()
    {
        await using var stage = await Stage.SetApartAsync(browser, []);
        var page = await stage.EnterAsync();
        await page.OpenAsync(stage.Portal, PortalUrls.Events(Stage.Tenant));
        await Expect(page.GetByText("No event came in yet.")).ToBeVisibleAsync();
        await page.LookAsync("events-empty");

        await page.WriteAndLaunchAsync(stage, "Autumn bulbs");
        await page.StandsAtAsync("Sent");
        await page.OpenAsync(stage.Portal, PortalUrls.Events(Stage.Tenant, "applied"));
        await SeeAsync(page, "Older");
        await Expect(page.GetByText("in Autumn bulbs").First).ToBeVisibleAsync();
        await page.LookAsync("events-applied");
        await page.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Newest" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Set aside" }).ClickAsync();
        await Expect(page.GetByText("No event is in this state.")).ToBeVisibleAsync();

        await ReportAsync(stage.Portal.Url, "msg_nobody", """{"type":"email.delivered","data":{"email_id":"9f1c"}}""");
        await ReportAsync(stage.Portal.Url, "msg_domain", """{"type":"domain.updated","data":{"id":"d1"}}""");
        await page.OpenAsync(stage.Portal, PortalUrls.Events(Stage.Tenant));
        await Expect(page.GetByText("in Autumn bulbs").First).ToBeVisibleAsync();
        await Expect(page.GetByText("msg_nobody")).ToHaveCountAsync(0);

        await page.OpenAsync(stage.Portal, PortalUrls.OperatorEvents());
        await SeeAsync(page, "It names a mail that nobody here has.");
        await SeeAsync(page, "A sending domain has changed.");
        await page.LookAsync("events-operator");
        await page.GetByRole(AriaRole.Button, new() { Name = "Replay msg_nobody" }).ClickAsync();
        await Expect(page.GetByText("The event is looked at again.")).ToBeVisibleAsync();
        await SeeAsync(page, "It names a mail that nobody here has.");
    }

    /// <summary>The page shows what was when it was loaded: loaded again until it shows this.</summary>
    private static async Task SeeAsync(IPage page, string text)
    {
        for (var i = 0; i < 60; i++)
        {
            await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToBeVisibleAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
            if (await page.GetByText(text).CountAsync() > 0)
            {
                return;
            }

            await page.ReloadAsync();
        }

        Assert.Fail($"The page never said “{text}”.");
    }

    private static async Task ReportAsync(string portal, string id, string body)
    {
        var timestamp = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var key = Convert.FromBase64String(Stage.WebhookSecret.Split('_')[1]);
        var signature = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}"));
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, portal + "/webhooks/resend");
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.Add("svix-id", id);
        request.Headers.Add("svix-timestamp", timestamp);
        request.Headers.Add("svix-signature", "v1," + Convert.ToBase64String(signature));
        using var answer = await http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }
}
