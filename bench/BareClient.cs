using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Bench;

/// <summary>
/// The limit that the stand-in sets: requests as the portal's, from a client that renders and stores nothing.
/// </summary>
internal sealed class BareClient(Provider provider) : IDisposable
{
    private static readonly JsonSerializerOptions Json = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly HttpClient _http = new();
    private readonly string _round = Guid.CreateVersion7().ToString("N");
    private int _next;

    /// <summary>At each latency: with one, the provider's own work comes on top of it, and this is what can be reached.</summary>
    public static async Task RunAsync(BenchOptions options, Report report)
    {
        foreach (var latency in options.LatencyMilliseconds)
        {
            await RunAsync(latency, options, report);
        }
    }

    private static async Task RunAsync(int latency, BenchOptions options, Report report)
    {
        var name = string.Create(
            CultureInfo.InvariantCulture,
            $"stand-in, bare client, {options.Concurrency} calls in flight, {latency} ms"
        );
        var folder = Directory.CreateTempSubdirectory("ledgerpost-bench-").FullName;
        try
        {
            await using var provider = await Provider.StartAsync(folder, latency);
            using var bare = new BareClient(provider);
            // Compiled, and compiled again when it is seen what is used most.
            await bare.FeedAsync(600, options.Concurrency);
            for (var run = 0; run < options.Runs; run++)
            {
                var (rate, standIn) = await bare.FeedAsync(1000, options.Concurrency);
                report.Add(name, "limit: mails taken", "mails/s", rate);
                report.Add(name, "stand-in's processor time", "µs/mail", standIn);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <returns>Mails a second, and the stand-in's processor time for one.</returns>
    public async Task<(double Rate, double StandIn)> FeedAsync(int chunks, int concurrency)
    {
        var bodies = Enumerable.Range(0, concurrency).Select(Body).ToList();
        var last = _next + chunks;
        var before = Machine.ProcessorTime(provider.ProcessId);
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(bodies.Select(body => SendAsync(body, last)));
        var seconds = watch.Elapsed.TotalSeconds;
        var used = Machine.ProcessorTime(provider.ProcessId) - before;
        _next = last;
        return (chunks * 100 / seconds, used.TotalMicroseconds / (chunks * 100));
    }

    public void Dispose() => _http.Dispose();

    private async Task SendAsync(byte[] body, int last)
    {
        while (Interlocked.Increment(ref _next) is var chunk && chunk <= last)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{provider.Address}/emails/batch")
            {
                Content = new ByteArrayContent(body),
            };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Provider.ApiKey);
            request.Headers.TryAddWithoutValidation("User-Agent", "bench");
            request.Headers.TryAddWithoutValidation("Idempotency-Key", $"{_round}/{chunk}");
            using var answer = await _http.SendAsync(request);
            answer.EnsureSuccessStatusCode();
            await answer.Content.ReadAsByteArrayAsync();
        }
    }

    // The portal's own form: from, to, subject, both parts, two headers, four tags.
    private static byte[] Body(int worker)
    {
        var mails = Enumerable
            .Range(1, 100)
            .Select(i => new
            {
                from = $"Bench <news@{Provider.Tenants[1]}.{Provider.Domain}>",
                to = new[] { $"bare{worker}.{i}@example.net" },
                subject = "Hello First",
                html = Content.Html.Replace("{{first_name}}", "First", StringComparison.Ordinal),
                text = Content.Text,
                headers = new Dictionary<string, string>
                {
                    ["List-Unsubscribe"] = "<https://bench.test/u/0123456789012345678901234567890123456789>",
                    ["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click",
                },
                tags = new[]
                {
                    new { name = "campaign", value = Guid.Empty.ToString("N") },
                    new { name = "recipient", value = $"{(worker * 100) + i}" },
                    new { name = "chunk", value = $"{worker}" },
                    new { name = "generation", value = "1" },
                },
            });
        return JsonSerializer.SerializeToUtf8Bytes(mails, Json);
    }
}
