using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Bench;

/// <summary>The provider's stand-in in a process of its own, durable as it is delivered, with a rate limit out of reach.</summary>
internal sealed class Provider : IAsyncDisposable
{
    public const string ApiKey = "re_emulator";
    public const string Domain = "bench.test";

    /// <summary>Whose domains are always verified: each its own, below <see cref="Domain"/>.</summary>
    public static readonly string[] Tenants = ["warm", "bench"];

    private readonly ChildProcess _process;
    private readonly HttpClient _http = new();

    private Provider(ChildProcess process, string address)
    {
        _process = process;
        Address = address;
    }

    public string Address { get; }

    public int ProcessId => _process.Id;

    /// <param name="tenants">Whose domains are verified too.</param>
    public static async Task<Provider> StartAsync(
        string folder,
        int latencyMilliseconds,
        int callsPerSecond = 1_000_000,
        IReadOnlyList<string>? tenants = null
    )
    {
        var address = $"http://127.0.0.1:{ChildProcess.FreePort()}";
        List<string> settings =
        [
            "--urls",
            address,
            $"--Emulator:DataDirectory={Path.Combine(folder, "emulator")}",
            string.Create(CultureInfo.InvariantCulture, $"--Emulator:Behaviour:RateLimitPerSecond={callsPerSecond}"),
            .. Tenants.Concat(tenants ?? []).Select((tenant, i) => $"--Emulator:VerifiedDomains:{i}={tenant}.{Domain}"),
        ];
        var process = ChildProcess.Start("ResendEmulator", Path.Combine(folder, "emulator.log"), settings);
        var provider = new Provider(process, address);
        await provider.WaitUntilReadyAsync();
        if (latencyMilliseconds > 0)
        {
            var slow = new
            {
                kind = "slow",
                point = "after",
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

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync();
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
