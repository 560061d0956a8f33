using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using ResendEmulator.Control;
using ResendEmulator.Hosting;
using ResendEmulator.Protocol;

namespace UnitTests.Emulator.Support;

/// <summary>One emulator on a free port, on a clock that stands still, and a client that speaks raw HTTP to it.</summary>
public sealed class EmulatorHarness : IAsyncDisposable
{
    public const string Key = "re_emulator";

    private readonly EmulatorServer _server;

    private EmulatorHarness(EmulatorServer server, ManualTime time)
    {
        _server = server;
        Time = time;
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            BaseAddress = new Uri(server.BaseUrl),
            Timeout = TimeSpan.FromSeconds(60),
        };
        Http.DefaultRequestHeaders.Add("User-Agent", "tests/1.0");
        Http.DefaultRequestHeaders.Add("Authorization", $"Bearer {Key}");
    }

    public ManualTime Time { get; }

    public HttpClient Http { get; }

    public EmulatorControl Control => _server.Control;

    public string BaseUrl => _server.BaseUrl;

    public static async Task<EmulatorHarness> StartAsync(
        Action<EmulatorOptions>? configure = null,
        Behaviour? behaviour = null,
        ManualTime? time = null
    )
    {
        time ??= new ManualTime(new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero));
        var options = new EmulatorOptions
        {
            TimeProvider = time,
            Seed = 42,
            Behaviour = behaviour ?? new Behaviour { RateLimitPerSecond = 0 },
        };
        configure?.Invoke(options);
        return new EmulatorHarness(await EmulatorServer.StartAsync(options, NullLoggerFactory.Instance), time);
    }

    public async Task<Reply> SendAsync(
        HttpMethod method,
        string path,
        string? body = null,
        string? key = null,
        string? validation = null,
        CancellationToken cancellationToken = default
    )
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        }

        if (validation is not null)
        {
            request.Headers.Add("x-batch-validation", validation);
        }

        using var response = await Http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        var headers = response
            .Headers.Concat(response.Content.Headers)
            .ToDictionary(h => h.Key, h => string.Join(',', h.Value), StringComparer.OrdinalIgnoreCase);
        return new Reply(response.StatusCode, text, headers);
    }

    public Task<Reply> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Reply> BatchAsync(
        string body,
        string? key = null,
        string? validation = null,
        CancellationToken cancellationToken = default
    ) => SendAsync(HttpMethod.Post, "/emails/batch", body, key, validation, cancellationToken);

    public Task<Reply> EmailAsync(string body, string? key = null) => SendAsync(HttpMethod.Post, "/emails", body, key);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.DisposeAsync();
    }

    /// <summary>A mail to the address, or to several.</summary>
    public static object Mail(
        object to,
        string campaign = "spring",
        string from = "News <news@demo.ledgerpost.test>"
    ) =>
        new
        {
            from,
            to,
            subject = "Hello",
            html = "<p>Hi <a href=\"https://ledgerpost.test/offer\">there</a></p>",
            tags = new[] { new { name = "campaign", value = campaign } },
        };

    public static string Batch(params string[] to) => Json(to.Select(address => Mail(address)));

    public static string Json(object value) => JsonSerializer.Serialize(value);
}

/// <summary>An answer, read whole.</summary>
public sealed record Reply(HttpStatusCode Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public int Code => (int)Status;

    public string? Name => Json.GetProperty("name").GetString();

    public string Message => Json.GetProperty("message").GetString()!;

    public string[] Ids =>
        [.. Json.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("id").GetString()!)];
}
