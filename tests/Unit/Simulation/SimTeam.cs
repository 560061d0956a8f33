using System.Security.Cryptography;
using System.Text;
using Ledgerpost.Senders;
using Microsoft.Extensions.Logging.Abstractions;
using ResendEmulator.Hosting;
using UnitTests.Support;

namespace UnitTests.Simulation;

/// <summary>
/// An account at the provider: its mails, idempotency keys, domains and log are its own, and no other account's API key opens
/// any of it.
/// </summary>
internal sealed class SimTeam(string name, string webhookSecret, params string[] keys)
{
    private EmulatorOptions _options = null!;

    public string Name => name;
    public string WebhookSecret => webhookSecret;
    public IReadOnlyList<string> Keys => keys;
    public EmulatorInProcess Emulator { get; private set; } = null!;

    /// <summary>The tenants that have entered one of its keys; its events go to their addresses. The installation's has none.</summary>
    public List<TestTenant> Tenants { get; } = [];

    public bool HasFingerprint(string fingerprint) =>
        keys.Any(key => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))) == fingerprint);

    /// <param name="verified">Its domains, each verified there already.</param>
    public async Task StartAsync(SimWorld world, int seed, params string[] verified)
    {
        _options = new EmulatorOptions
        {
            TimeProvider = new SimTime(world.Scheduler, world.Provider, () => TimeSpan.Zero),
            Scheduler = world.Provider.Tasks,
            Seed = seed,
            Behaviour = world.Plan.Provider,
            WebhookUrl = "http://portal.test/webhooks/resend",
            WebhookSecret = webhookSecret,
        };
        _options.VerifiedDomains.Clear();
        foreach (var domain in verified)
        {
            _options.VerifiedDomains.Add(domain);
        }

        Restore();
        Emulator = await EmulatorInProcess.StartAsync(_options, NullLoggerFactory.Instance);
    }

    /// <summary>Registers a domain, under an id that no other account has.</summary>
    public async Task RegisterAsync(string domain)
    {
        await Emulator.SendAsync(
            "POST",
            new Uri(SimTemplate.BaseUrl + "/domains"),
            [("Authorization", "Bearer " + keys[0]), ("User-Agent", "its owner"), ("Content-Type", "application/json")],
            Encoding.UTF8.GetBytes($$"""{"name":"{{domain}}","region":"us-east-1"}"""),
            CancellationToken.None
        );
        await SetDomainAsync(domain, DomainStatus.Verified);
    }

    /// <summary>Nothing where it does not know the domain.</summary>
    public Task SetDomainAsync(string domain, DomainStatus status) =>
        Emulator.Control.SetDomainStatusAsync(domain, status == DomainStatus.Verified ? "verified" : "failed");

    public void Revoke(string key) => _options.ApiKeys.Remove(_options.ApiKeys.First(one => one.Token == key));

    public bool Knows(string key) => _options.ApiKeys.Any(one => one.Token == key);

    /// <summary>All its keys hold again.</summary>
    public void Restore()
    {
        _options.ApiKeys.Clear();
        foreach (var key in keys)
        {
            _options.ApiKeys.Add(new EmulatorApiKey { Token = key });
        }
    }
}
