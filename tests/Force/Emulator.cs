using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bench;

namespace Force;

/// <summary>What the provider has: the ledger that ours is held against.</summary>
/// <param name="Mails">By address, how many mails went there.</param>
/// <param name="Posts">By idempotency key, how many calls came in with it.</param>
internal sealed record ProviderLedger(IReadOnlyDictionary<string, int> Mails, IReadOnlyDictionary<string, int> Posts);

/// <summary>The provider's stand-in in a process of its own, durable, with a rate limit out of reach.</summary>
internal sealed class Emulator : IAsyncDisposable
{
    public const string ApiKey = "re_emulator";
    public const string Domain = "force.test";
    private const int PageSize = 10_000;

    private static readonly JsonSerializerOptions WithoutNulls = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly ChildProcess _process;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(1) };

    private Emulator(ChildProcess process, string address)
    {
        _process = process;
        Address = address;
    }

    public string Address { get; }

    public int Port => new Uri(Address).Port;

    /// <param name="folder">Holds its data; a copy of another's goes on where that was.</param>
    /// <param name="port">One that the seeded installation names as its account; 0 for any.</param>
    public static async Task<Emulator> StartAsync(string folder, int port = 0)
    {
        var address = $"http://127.0.0.1:{(port == 0 ? ChildProcess.FreePort() : port)}";
        var process = ChildProcess.Start(
            "ResendEmulator",
            Path.Combine(folder, "emulator.log"),
            "--urls",
            address,
            $"--Emulator:DataDirectory={Path.Combine(folder, "emulator")}",
            $"--Emulator:VerifiedDomains:0={Domain}",
            "--Emulator:Behaviour:RateLimitPerSecond=1000000"
        );
        var emulator = new Emulator(process, address);
        await Wait.UntilAsync("the emulator listens", emulator.AnswersAsync, process.ThrowIfEnded);
        return emulator;
    }

    public async Task SetFaultsAsync(params Fault[] faults)
    {
        using var answer = await _http.PutAsJsonAsync(
            $"{Address}/emulator/api/faults",
            faults.Select(fault => new
            {
                kind = fault.Kind,
                point = fault.Point,
                on = "batch",
                from = fault.From,
                times = fault.Times,
                address = fault.Address,
                delay_milliseconds = fault.DelayMilliseconds,
            }),
            WithoutNulls
        );
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>One mail past the portal, with its tags: what a broken rule would look like.</summary>
    public async Task PostDirectlyAsync(Guid campaign, int recipient, string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Address}/emails/batch");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiKey);
        request.Headers.TryAddWithoutValidation("User-Agent", "force");
        request.Content = JsonContent.Create(
            new[]
            {
                new
                {
                    from = $"Force <news@{Domain}>",
                    to = new[] { address },
                    subject = "A second one",
                    text = "A second one",
                    tags = new[]
                    {
                        new { name = "campaign", value = campaign.ToString("N") },
                        new { name = "recipient", value = recipient.ToString(CultureInfo.InvariantCulture) },
                    },
                },
            }
        );
        using var answer = await _http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }

    public async Task<long> CallsAsync()
    {
        using var state = await ReadAsync("state");
        return state.RootElement.GetProperty("calls").GetInt64();
    }

    public async Task<ProviderLedger> LedgerAsync()
    {
        var mails = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        for (var skip = 0; ; skip += PageSize)
        {
            using var page = await ReadAsync($"mails?limit={PageSize}&skip={skip}");
            foreach (var mail in page.RootElement.EnumerateArray())
            {
                var to = mail.GetProperty("to")[0].GetString()!;
                mails[to] = mails.GetValueOrDefault(to) + 1;
            }

            if (page.RootElement.GetArrayLength() < PageSize)
            {
                break;
            }
        }

        var posts = new Dictionary<string, int>(StringComparer.Ordinal);
        using var calls = await ReadAsync("calls?limit=100000");
        foreach (var call in calls.RootElement.EnumerateArray())
        {
            if (call.GetProperty("path").GetString() == "/emails/batch")
            {
                var key = call.GetProperty("idempotency_key").GetString() ?? "";
                posts[key] = posts.GetValueOrDefault(key) + 1;
            }
        }

        return new ProviderLedger(mails, posts);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync();
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await CallsAsync();
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<JsonDocument> ReadAsync(string what) =>
        await JsonDocument.ParseAsync(await _http.GetStreamAsync($"{Address}/emulator/api/{what}"));
}

/// <summary>A rule of the emulator for batch calls.</summary>
/// <param name="From">The first call that it hits, from 1.</param>
/// <param name="Times">Null: from then on, all.</param>
/// <param name="Address">Only calls with a mail to it count.</param>
internal sealed record Fault(
    string Kind,
    string Point,
    int From = 1,
    int? Times = 1,
    int? DelayMilliseconds = null,
    string? Address = null
)
{
    /// <summary>The provider has taken the mails; the answer is lost.</summary>
    public static Fault LostAnswer(int call, string address) => new("cut", "after", call, Address: address);

    /// <summary>The connection breaks before the provider has taken anything.</summary>
    public static Fault LostRequest(int call, string address) => new("cut", "before", call, Address: address);

    /// <summary>Every call is answered so much later.</summary>
    public static Fault Slow(int milliseconds) => new("slow", "after", Times: null, DelayMilliseconds: milliseconds);
}
