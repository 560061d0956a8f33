using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Bench;
using Ledgerpost.Sending;

namespace Force;

/// <summary>
/// A tenant's program has taken an event, and the process dies before it writes that down. The next process brings the
/// event again under the same id, on PostgreSQL once its lease is over, and no third time.
/// </summary>
internal static class KillBeforeDelivered
{
    public static async Task RunAsync(Table table, PostgreSql? postgreSql)
    {
        await using var world = await World.CreateAsync(postgreSql, 20);
        using var told = new Listener();
        string endpoint;
        await using (var portal = world.Start(new PortalSettings(CrashAt: CrashPoints.BeforeDelivered)))
        {
            await portal.WaitUntilReadyAsync();
            using var program = portal.Program();
            using var made = await program.PostAsJsonAsync(
                "webhook-endpoints",
                new { url = told.Address, events = new[] { "campaign.sent" } }
            );
            made.EnsureSuccessStatusCode();
            endpoint = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
            using var asked = await program.PostAsync(
                new Uri($"webhook-endpoints/{endpoint}/test", UriKind.Relative),
                null
            );
            asked.EnsureSuccessStatusCode();
            await portal.WaitForEndAsync();
        }

        var before = told.Tests.Count;
        await using (var portal = world.Start(new PortalSettings()))
        {
            await portal.WaitUntilReadyAsync();
            using var program = portal.Program();
            await Wait.UntilAsync(
                "the test event is delivered",
                async () =>
                {
                    var log = await program.GetFromJsonAsync<JsonElement>($"webhook-endpoints/{endpoint}/deliveries");
                    return log.GetProperty("data")
                        .EnumerateArray()
                        .Any(row =>
                            row.GetProperty("type").GetString() == "endpoint.test"
                            && row.GetProperty("state").GetString() == "delivered"
                        );
                },
                portal.ThrowIfEnded
            );
            await world.WaitUntilSentAsync(portal.ThrowIfEnded);
        }

        var tests = told.Tests;
        var asItShould = before == 1 && tests.Count == 2 && tests.Distinct().Count() == 1;
        table.Add(
            $"{world.Database}: SIGKILL before-delivered, the event brought again under its id",
            1,
            new Verdict(Math.Max(0, tests.Count - 2), tests.Count < 2 ? 1 : 0, asItShould ? 0 : 1)
        );
    }

    /// <summary>The program: takes everything, and keeps what it was told.</summary>
    private sealed class Listener : IDisposable
    {
        private readonly HttpListener _http = new();
        private readonly ConcurrentQueue<(string Id, string Type)> _hooks = new();

        public Listener()
        {
            Address = $"http://127.0.0.1:{ChildProcess.FreePort()}/told";
            _http.Prefixes.Add(Address + "/");
            _http.Start();
            _ = TakeAsync();
        }

        public string Address { get; }

        /// <summary>The ids of the test events that it took, one for each time.</summary>
        public IReadOnlyList<string> Tests =>
            [.. _hooks.Where(hook => hook.Type == "endpoint.test").Select(hook => hook.Id)];

        public void Dispose() => _http.Close();

        private async Task TakeAsync()
        {
            try
            {
                while (true)
                {
                    var call = await _http.GetContextAsync();
                    var body = await JsonDocument.ParseAsync(call.Request.InputStream);
                    _hooks.Enqueue(
                        (call.Request.Headers["webhook-id"]!, body.RootElement.GetProperty("type").GetString()!)
                    );
                    call.Response.Close();
                }
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                // It was told enough.
            }
        }
    }
}
