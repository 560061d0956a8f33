using System.Net.Http.Json;
using UnitTests.OutgoingEvents;

namespace UnitTests.Api;

/// <summary>Endpoints over the API, on a host that may call this machine.</summary>
public sealed class WebhookEndpointsApiTests : IAsyncLifetime
{
    private ApiHost _api = null!;

    public async Task InitializeAsync() =>
        _api = await ApiHost.StartAsync("--OutgoingEvents:AllowPrivateAddresses=true");

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Fact]
    public async Task Endpoint_IsMade_Tested_Changed_Replayed_AndDeleted()
    {
        using var admin = await _api.ProgramAsync(_api.North);
        using var server = new HookServer();
        var body = new { url = server.Url, events = new[] { "campaign.sent", "contact.unsubscribed" } };

        var made = await admin.CreateAsync("webhook-endpoints", body, "hook-1");
        var again = await admin.CreateAsync("webhook-endpoints", body, "hook-1");
        var (path, secret) = ($"webhook-endpoints/{made.Text("id")}", made.Text("secret")!);
        var tested = await admin.CreateAsync($"{path}/test", new { });
        await WaitAsync(() => server.Hooks.Count == 1);
        var hook = Assert.Single(server.Hooks);
        var log = await LogAsync(admin, path, "delivered");

        Assert.Equal((201, true), (made.Status, made.Body.GetProperty("enabled").GetBoolean()));
        Assert.Equal((201, true, ""), (again.Status, again.WasReplayed, again.Text("secret")));
        Assert.Equal(202, tested.Status);
        Assert.True(hook.IsSignedWith(secret));
        Assert.Equal(("endpoint.test", log.GetProperty("message_id").GetString()), (hook.Type, hook.Id));
        Assert.Equal((200, 1), (log.GetProperty("last_status").GetInt32(), log.GetProperty("tries").GetInt32()));
        Assert.Equal(tested.Text("delivery_id"), log.GetProperty("id").GetString());

        var replayed = await admin.CreateAsync(
            $"webhook-endpoints/deliveries/{tested.Text("delivery_id")}/replay",
            new { }
        );
        await WaitAsync(() => server.Hooks.Count == 2);
        var renewed = await admin.CreateAsync($"{path}/rotate-secret", new { });
        var off = await admin.SendAsync(HttpMethod.Patch, path, new { enabled = false });
        var refused = await admin.CreateAsync($"{path}/test", new { });
        var listed = await admin.SendAsync(HttpMethod.Get, "webhook-endpoints");
        var found = await admin.SendAsync(HttpMethod.Get, path);
        var deleted = await admin.SendAsync(HttpMethod.Delete, path);
        var gone = await admin.SendAsync(HttpMethod.Get, path);

        Assert.Equal(202, replayed.Status);
        Assert.Equal(hook.Id, server.Hooks[1].Id);
        Assert.Equal(201, renewed.Status);
        Assert.NotEqual(secret, renewed.Text("secret"));
        Assert.Equal((200, "person"), (off.Status, off.Text("disabled_reason")));
        Assert.Equal((409, "endpoint_disabled"), (refused.Status, refused.Code));
        Assert.Equal((200, ""), (found.Status, found.Text("secret")));
        Assert.Single(listed.Body.GetProperty("data").EnumerateArray());
        Assert.Equal((204, 404), (deleted.Status, gone.Status));
    }

    [Fact]
    public async Task Endpoint_WithFaults_OrBeyondOnesScope_IsRefused()
    {
        using var admin = await _api.ProgramAsync(_api.North);
        using var reader = await _api.ProgramAsync(_api.North, "read");

        var wrong = await admin.CreateAsync(
            "webhook-endpoints",
            new
            {
                url = "ftp://example.org",
                events = new[] { "campaign.exploded" },
                secret = "mine",
            }
        );
        var none = await admin.CreateAsync("webhook-endpoints", new { url = "https://example.org" });
        var denied = await reader.SendAsync(HttpMethod.Get, "webhook-endpoints");
        var made = await admin.CreateAsync(
            "webhook-endpoints",
            new { url = "https://example.org", events = new[] { "campaign.sent" } }
        );
        var allowed = await reader.SendAsync(HttpMethod.Get, $"webhook-endpoints/{made.Text("id")}/deliveries");

        Assert.Equal(["events", "secret", "url"], wrong.WrongFields.Order(StringComparer.Ordinal));
        Assert.Equal(["events"], none.WrongFields);
        Assert.Equal((403, 200), (denied.Status, allowed.Status));
    }

    [Theory]
    [InlineData("http://example.org/hooks")]
    [InlineData("https://10.0.0.1/hooks")]
    [InlineData("https://example.org:22/hooks")]
    public async Task Address_ThatTheInstallationDoesNotCall_IsToldWithAllElse(string url)
    {
        await using var strict = await ApiHost.StartAsync();
        using var admin = await strict.ProgramAsync(strict.North);

        var wrong = await admin.CreateAsync("webhook-endpoints", new { url, events = new[] { "campaign.exploded" } });
        var made = await admin.CreateAsync(
            "webhook-endpoints",
            new { url = "https://example.org", events = new[] { "campaign.sent" } }
        );
        var changed = await admin.SendAsync(
            HttpMethod.Patch,
            $"webhook-endpoints/{made.Text("id")}",
            new { url, enabled = "yes" }
        );

        Assert.Equal(["events", "url"], wrong.WrongFields.Order(StringComparer.Ordinal));
        Assert.Equal(["enabled", "url"], changed.WrongFields.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Endpoint_OfAnotherTenant_AnswersExactlyAsAnUnknownOne()
    {
        using var north = await _api.ProgramAsync(_api.North);
        using var south = await _api.ProgramAsync(_api.South);
        var made = await south.CreateAsync(
            "webhook-endpoints",
            new { url = "https://example.org", events = new[] { "campaign.sent" } }
        );
        var tested = await south.CreateAsync($"webhook-endpoints/{made.Text("id")}/test", new { });
        (HttpMethod Method, string Path, object? Body)[] requests =
        [
            (HttpMethod.Get, "webhook-endpoints/{0}", null),
            (HttpMethod.Patch, "webhook-endpoints/{0}", new { enabled = false }),
            (HttpMethod.Delete, "webhook-endpoints/{0}", null),
            (HttpMethod.Get, "webhook-endpoints/{0}/deliveries", null),
            (HttpMethod.Post, "webhook-endpoints/{0}/test", new { }),
            (HttpMethod.Post, "webhook-endpoints/{0}/rotate-secret", new { }),
            (HttpMethod.Post, "webhook-endpoints/deliveries/{1}/replay", new { }),
        ];

        foreach (var (method, path, body) in requests)
        {
            var foreign = await north.SendAsync(
                method,
                Filled(path, made.Text("id")!, tested.Text("delivery_id")!),
                body
            );
            var unknown = await north.SendAsync(method, Filled(path, $"{Guid.NewGuid()}", $"{Guid.NewGuid()}"), body);

            Assert.Equal((404, unknown.Body.ToString()), (foreign.Status, foreign.Body.ToString()));
        }

        Assert.Empty(
            (await north.SendAsync(HttpMethod.Get, "webhook-endpoints")).Body.GetProperty("data").EnumerateArray()
        );
        Assert.Equal(200, (await south.SendAsync(HttpMethod.Get, $"webhook-endpoints/{made.Text("id")}")).Status);

        static string Filled(string path, string endpoint, string delivery) =>
            path.Replace("{0}", endpoint, StringComparison.Ordinal).Replace("{1}", delivery, StringComparison.Ordinal);
    }

    private static async Task<System.Text.Json.JsonElement> LogAsync(HttpClient client, string path, string state)
    {
        for (var i = 0; i < 500; i++)
        {
            var log = await client.SendAsync(HttpMethod.Get, $"{path}/deliveries?state={state}");
            if (log.Body.GetProperty("data").EnumerateArray().ToList() is [var one])
            {
                return one;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        throw new TimeoutException($"No delivery is {state}.");
    }

    private static async Task WaitAsync(Func<bool> condition)
    {
        for (var i = 0; i < 1500 && !condition(); i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        Assert.True(condition());
    }
}
