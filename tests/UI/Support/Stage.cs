using System.Runtime.CompilerServices;
using AdminPortal;

namespace UITests.Support;

/// <summary>
/// A journey's own world: a portal with the demo tenant in a directory of its own, its emulator as the witness, and people
/// who come in with browsers of their own.
/// </summary>
public sealed class Stage : IAsyncDisposable
{
    /// <summary>The demo tenant's people, in the order in which the ledger numbers them.</summary>
    public const int Everybody = 312;

    public const string Tenant = "demo";

    /// <summary>What a stand-in in a process of its own signs its reports with.</summary>
    public const string WebhookSecret = "whsec_bGVkZ2VycG9zdC1icm93c2VyLXRlc3Rz";

    private readonly BrowserFixture _browser;
    private readonly string _journey;
    private readonly List<IPage> _pages = [];
    private EmulatorProcess? _emulator;
    private string? _signedIn;

    private Stage(BrowserFixture browser, string journey, PortalProcess portal, ProviderLedger provider)
    {
        _browser = browser;
        _journey = journey;
        Portal = portal;
        Provider = provider;
    }

    public PortalProcess Portal { get; }

    public ProviderLedger Provider { get; }

    /// <param name="settings">On top of what makes a journey short: the demo tenant, and a patience of three seconds.</param>
    public static async Task<Stage> SetAsync(
        BrowserFixture browser,
        IReadOnlyList<(string Key, string Value)> settings,
        [CallerMemberName] string journey = ""
    )
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Demo:Seed"] = "true",
            ["Sending:Patience"] = "00:00:03",
        };
        foreach (var (key, value) in settings)
        {
            all[key] = value;
        }

        var portal = await PortalProcess.StartAsync(all);
        return new Stage(
            browser,
            journey,
            portal,
            all.TryGetValue("Resend:BaseUrl", out var provider)
                ? new ProviderLedger(provider)
                : ProviderLedger.Of(portal)
        );
    }

    /// <summary>The same with the provider's stand-in in a process of its own, which outlives the portal.</summary>
    public static async Task<Stage> SetApartAsync(
        BrowserFixture browser,
        IReadOnlyList<(string Key, string Value)> settings,
        [CallerMemberName] string journey = ""
    )
    {
        var address = PortalProcess.FreeAddress();
        var emulator = await EmulatorProcess.StartAsync(address + "/webhooks/resend", WebhookSecret);
        try
        {
            var stage = await SetAsync(
                browser,
                [
                    ("urls", address),
                    ("Portal:PublicUrl", address),
                    ("Resend:Mode", "Resend"),
                    ("Resend:BaseUrl", emulator.Url),
                    ("Resend:ApiKey", "re_emulator"),
                    ("Resend:WebhookSecret", WebhookSecret),
                    .. settings,
                ],
                journey
            );
            stage._emulator = emulator;
            return stage;
        }
        catch
        {
            await emulator.DisposeAsync();
            throw;
        }
    }

    /// <summary>A signed-in person in a browser window of their own; the first one goes through the sign-in page.</summary>
    public async Task<IPage> EnterAsync(int width = 1280, int height = 900)
    {
        var page = await NewPageAsync(width, height);
        if (_signedIn is null)
        {
            await page.SignInAsync(Portal);
            _signedIn = await page.Context.StorageStateAsync();
        }

        await page.OpenAsync(Portal, PortalUrls.Campaigns(Tenant));
        return page;
    }

    /// <summary>A browser window of its own; of somebody who is signed in if anybody has come in before.</summary>
    public async Task<IPage> NewPageAsync(int width = 1280, int height = 900)
    {
        var page = await _browser.NewPageAsync(width, height, state: _signedIn);
        _pages.Add(page);
        return page;
    }

    /// <summary>Keeps the last sight of each window and what the portal said, for whoever wonders why a journey failed.</summary>
    public async ValueTask DisposeAsync()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Artifacts, "journeys")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, _journey + ".log"), Portal.Output);
        foreach (var (page, number) in _pages.Select((page, index) => (page, index + 1)))
        {
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{_journey}-{number}.png") });
            await page.Context.DisposeAsync();
        }

        Provider.Dispose();
        await Portal.DisposeAsync();
        if (_emulator is not null)
        {
            await _emulator.DisposeAsync();
        }
    }
}
