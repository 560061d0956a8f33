using System.Net.Http.Json;
using System.Text.Json;
using Ledgerpost.Sending;

namespace Force;

/// <summary>
/// A program's request is carried out, and the process dies before it answers. The same request with the same
/// Idempotency-Key to the next process gets the answer that the first would have given: one contact, one campaign, one transactional mail, and each mail once.
/// </summary>
internal static class KillBeforeAnswer
{
    private const string Address = "asked@example.net";
    private const string Receipt = "receipt@example.net";

    public static async Task RunAsync(Table table, PostgreSql? postgreSql)
    {
        await using var world = await World.CreateAsync(postgreSql, 20);
        var contact = new { email = Address, tags = new[] { "asked" } };
        var campaign = new
        {
            subject = "Asked for",
            html = "<p>Once.</p>",
            sender_id = world.Installation.SenderId,
            audience = new { tag = "asked" },
            send = true,
        };
        await DieAsync(world, 1, "contacts", contact, "contact-1");
        var unexplained = 0;
        // The first passing is the contact's, which is only answered now.
        await using (var portal = world.Start(new PortalSettings(CrashAt: CrashPoints.BeforeAnswer + "#2")))
        {
            await portal.WaitUntilReadyAsync();
            unexplained += await ReplayedAsync(portal, "contacts", contact, "contact-1") is null ? 1 : 0;
            await DieAsync(portal, "campaigns", campaign, "campaign-1");
        }

        var email = new
        {
            to = Receipt,
            subject = "Asked for",
            text = "Once.",
            sender_id = world.Installation.SenderId,
        };
        // The first passing is the campaign's.
        await using (var portal = world.Start(new PortalSettings(CrashAt: CrashPoints.BeforeAnswer + "#2")))
        {
            await portal.WaitUntilReadyAsync();
            unexplained += await ReplayedAsync(portal, "campaigns", campaign, "campaign-1") is null ? 1 : 0;
            await DieAsync(portal, "emails", email, "email-1");
        }

        await using (var portal = world.Start(new PortalSettings(Concurrency: 2)))
        {
            await portal.WaitUntilReadyAsync();
            var mail = await ReplayedAsync(portal, "emails", email, "email-1");
            unexplained += mail is null ? 1 : 0;
            var id = await ReplayedAsync(portal, "campaigns", campaign, "campaign-1");
            unexplained += id is null ? 1 : 0;
            await Wait.UntilAsync(
                "the campaign is sent",
                async () => (await GetAsync(portal, $"campaigns/{id}")).GetProperty("status").GetString() == "sent",
                portal.ThrowIfEnded
            );
            await Wait.UntilAsync(
                "the mail is sent",
                async () => (await GetAsync(portal, $"emails/{mail}")).GetProperty("status").GetString() == "sent",
                portal.ThrowIfEnded
            );
            await world.WaitUntilSentAsync(portal.ThrowIfEnded);
            // The installation's own, and the one that was asked for twice.
            unexplained += (await GetAsync(portal, "campaigns")).GetProperty("data").GetArrayLength() == 2 ? 0 : 1;
            unexplained +=
                (await GetAsync(portal, "contacts?tag=asked")).GetProperty("data").GetArrayLength() == 1 ? 0 : 1;
        }

        var sent = (await world.Emulator.LedgerAsync()).Mails;
        var (mails, receipts) = (sent.GetValueOrDefault(Address), sent.GetValueOrDefault(Receipt));
        table.Add(
            $"{world.Database}: SIGKILL before-answer, the request repeated",
            3,
            new Verdict(
                Math.Max(0, mails - 1) + Math.Max(0, receipts - 1),
                (mails == 0 ? 1 : 0) + (receipts == 0 ? 1 : 0),
                unexplained
            )
        );
    }

    private static async Task DieAsync(World world, int passing, string path, object body, string key)
    {
        await using var portal = world.Start(new PortalSettings(CrashAt: $"{CrashPoints.BeforeAnswer}#{passing}"));
        await portal.WaitUntilReadyAsync();
        await DieAsync(portal, path, body, key);
    }

    private static async Task DieAsync(Portal portal, string path, object body, string key)
    {
        try
        {
            using var answer = await PostAsync(portal, path, body, key);
            throw new InvalidOperationException($"It answered {answer.StatusCode} instead of dying.");
        }
        catch (HttpRequestException)
        {
            await portal.WaitForEndAsync();
        }
    }

    /// <returns>The id in the stored answer; null when it was carried out again, or refused.</returns>
    private static async Task<string?> ReplayedAsync(Portal portal, string path, object body, string key)
    {
        using var answer = await PostAsync(portal, path, body, key);
        return answer.IsSuccessStatusCode && answer.Headers.Contains("Idempotency-Replayed")
            ? (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()
            : null;
    }

    private static async Task<HttpResponseMessage> PostAsync(Portal portal, string path, object body, string key)
    {
        using var program = portal.Program();
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", key);
        return await program.SendAsync(request);
    }

    private static async Task<JsonElement> GetAsync(Portal portal, string path)
    {
        using var program = portal.Program();
        return await program.GetFromJsonAsync<JsonElement>(path);
    }
}
