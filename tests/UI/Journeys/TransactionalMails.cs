using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using AdminPortal;
using UITests.Support;

namespace UITests.Journeys;

/// <summary>What a program sends, seen by a person: the list, the mail that arrived, the one that stopped, the unknown one.</summary>
public sealed class TransactionalMails(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task Mails_OfAProgram_AreSeen_Resumed_AndDecided()
    {
        await using var stage = await Stage.SetAsync(browser, []);
        var page = await stage.EnterAsync();
        await page.OpenAsync(stage.Portal, PortalUrls.Emails(Stage.Tenant));
        await Expect(page.GetByText("No transactional mail yet.")).ToBeVisibleAsync();
        await page.LookAsync("emails-empty");
        using var program = await ProgramAsync(stage, page);

        var sent = await SendAsync(program, "ada@shop.example", "Your receipt 4711");
        await stage.Provider.HasTakenAsync(sent, 1);
        await stage.Provider.BreakAsync(
            new
            {
                kind = "refuse",
                on = "batch",
                status = 429,
                name = "daily_quota_exceeded",
                message = "You have reached your daily email sending quota.",
            }
        );
        var stopped = await SendAsync(program, "grace@shop.example", "Your password");
        await page.OpenAsync(stage.Portal, PortalUrls.Email(Stage.Tenant, stopped));
        await Expect(page.GetByText("The provider's daily quota was used up")).ToBeVisibleAsync();
        await page.LookAsync("email-stopped");
        await page.OpenAsync(stage.Portal, PortalUrls.Tenant(Stage.Tenant));
        await Expect(page.GetByText("1 transactional mail waits for you")).ToBeVisibleAsync();
        await page.LookAsync("dashboard-stopped-email");

        await stage.Provider.BreakAsync(
            new
            {
                kind = "refuse",
                on = "batch",
                status = 409,
                name = "invalid_idempotent_request",
                message = "This idempotency key was used with another payload.",
            }
        );
        var unknown = await SendAsync(program, "edsger@shop.example", "Your ticket");
        await page.OpenAsync(stage.Portal, PortalUrls.Email(Stage.Tenant, unknown));
        await Expect(page.GetByText("Of 1 person it is not known whether they got it.")).ToBeVisibleAsync();
        await page.LookAsync("email-unknown");
        await stage.Provider.HealAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Treat as sent" }).ClickAsync();
        await page.Question().GetByRole(AriaRole.Button, new() { Name = "Treat 1 person as sent" }).ClickAsync();
        await Expect(page.GetByText("Counts as sent because")).ToBeVisibleAsync();

        await page.OpenAsync(stage.Portal, PortalUrls.Emails(Stage.Tenant));
        await Expect(page.GetByRole(AriaRole.Row)).ToHaveCountAsync(4);
        await page.LookAsync("emails");
        await page.GetByRole(AriaRole.Link, new() { Name = "Stopped", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row)).ToHaveCountAsync(2);
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume these 1" }).ClickAsync();
        await page.Question().GetByRole(AriaRole.Button, new() { Name = "Resume them" }).ClickAsync();
        await stage.Provider.HasTakenAsync(stopped, 1);

        await page.OpenAsync(stage.Portal, PortalUrls.Emails(Stage.Tenant, to: "ADA@shop.example"));
        await page.GetByRole(AriaRole.Link, new() { Name = "ada@shop.example", Exact = true }).ClickAsync();
        await Expect(page.GetByText("Delivered to the mailbox's server.")).ToBeVisibleAsync();
        await page.LookAsync("email-sent");

        await page.OpenAsync(stage.Portal, PortalUrls.Campaigns(Stage.Tenant));
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Campaigns", Exact = true })).ToBeVisibleAsync();
        await Expect(page.GetByText("Your receipt 4711")).ToHaveCountAsync(0);
        Assert.Equal(0, await stage.Provider.DuplicatesAsync());
    }

    private static async Task<HttpClient> ProgramAsync(Stage stage, IPage page)
    {
        await page.OpenAsync(stage.Portal, PortalUrls.ApiKeys(Stage.Tenant, adding: true));
        await page.GetByLabel("Name").FillAsync("Shop");
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "send writes" }).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the key" }).ClickAsync();
        var key = await page.GetByTestId("api-key").TextContentAsync();
        var program = new HttpClient { BaseAddress = new Uri(stage.Portal.Url + "/api/v1/") };
        program.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return program;
    }

    private static async Task<Guid> SendAsync(HttpClient program, string to, string subject)
    {
        var senders = await program.GetFromJsonAsync<JsonElement>("senders");
        using var request = new HttpRequestMessage(HttpMethod.Post, "emails")
        {
            Content = JsonContent.Create(
                new
                {
                    to,
                    subject,
                    html = $"<h1>{subject}</h1><p>Thank you. Braces stay: {{{{code}}}}.</p>",
                    text = "Thank you.",
                    sender_id = senders.GetProperty("data")[0].GetProperty("id").GetGuid(),
                }
            ),
        };
        request.Headers.Add("Idempotency-Key", subject);
        using var answer = await program.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }
}
