using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Bench;

/// <summary>The provider's stand-in in a process of its own, durable as it is delivered, with a rate limit out of reach.</summary>
internal sealed class Provider : IAsyncDisposable
{
    public const string ApiKey = "re_emulator";
    public const string Domain = "bench.test";

    private static readonly JsonSerializerOptions Json = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly ChildProcess _process;
    private readonly HttpClient _http = new();

    private Provider(ChildProcess process, string address)
    {
        _process = process;
        Address = address;
    }

    public string Address { get; }

    public int ProcessId => _process.Id;

    public static async Task<Provider> StartAsync(string folder, int latencyMilliseconds)
    {
        var address = $"http://127.0.0.1:{ChildProcess.FreePort()}";
        var process = ChildProcess.Start(
            "ResendEmulator",
            Path.Combine(folder, "emulator.log"),
            "--urls",
            address,
            $"--Emulator:DataDirectory={Path.Combine(folder, "emulator")}",
            $"--Emulator:VerifiedDomains:0={Domain}",
            "--Emulator:Behaviour:RateLimitPerSecond=1000000"
        );
        var provider = new Provider(process, address);
        await provider.WaitUntilReadyAsync();
        if (latencyMilliseconds > 0)
        {
            var slow = new
            {
                kind = "slow",
                point = "before",
                on = "sends",
                delay_milliseconds = latencyMilliseconds,
            };
            using var answer = await provider._http.PostAsJsonAsync($"{address}/emulator/api/faults", slow);
            answer.EnsureSuccessStatusCode();
        }

        return provider;
    }

    /// <summary>Mails taken, and mails beyond the first to one address of one campaign.</summary>
    public async Task<(long Mails, long Duplicates)> StateAsync()
    {
        using var state = await JsonDocument.ParseAsync(await _http.GetStreamAsync($"{Address}/emulator/api/state"));
        return (
            state.RootElement.GetProperty("mails").GetInt64(),
            state.RootElement.GetProperty("duplicates").GetInt64()
        );
    }

    /// <summary>The limit that the stand-in sets: the same requests from a bare client that renders and stores nothing.</summary>
    /// <returns>Mails a second.</returns>
    public async Task<double> FeedAsync(int chunks, int concurrency)
    {
        var bodies = Enumerable.Range(0, concurrency).Select(Body).ToList();
        var next = 0;
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, concurrency),
            new ParallelOptions { MaxDegreeOfParallelism = concurrency },
            async (worker, token) =>
            {
                while (Interlocked.Increment(ref next) is var chunk && chunk <= chunks)
                {
                    using var request = new HttpRequestMessage(HttpMethod.Post, $"{Address}/emails/batch")
                    {
                        Content = new ByteArrayContent(bodies[worker]),
                    };
                    request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiKey);
                    request.Headers.TryAddWithoutValidation("User-Agent", "bench");
                    request.Headers.TryAddWithoutValidation("Idempotency-Key", $"bench/{chunk}");
                    using var answer = await _http.SendAsync(request, token);
                    answer.EnsureSuccessStatusCode();
                    await answer.Content.ReadAsByteArrayAsync(token);
                }
            }
        );
        return chunks * 100 / watch.Elapsed.TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync();
    }

    // The portal's own form: from, to, subject, both parts, two headers, four tags.
    private static byte[] Body(int worker)
    {
        var mails = Enumerable
            .Range(1, 100)
            .Select(i => new
            {
                from = $"Bench <news@{Domain}>",
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

    private async Task WaitUntilReadyAsync()
    {
        for (var attempt = 0; ; attempt++)
        {
            _process.ThrowIfEnded();
            try
            {
                await StateAsync();
                return;
            }
            catch (HttpRequestException) when (attempt < 300)
            {
                await Task.Delay(50);
            }
        }
    }
}
