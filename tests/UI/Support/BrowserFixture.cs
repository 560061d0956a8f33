using System.Collections.Concurrent;

namespace UITests.Support;

/// <summary>One browser for a test class; every test takes a context of its own, with cookies of its own.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    private static readonly string[] Arguments =
    [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];

    private readonly ConcurrentQueue<string> _violations = new();
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Debian's chromium unless CHROMIUM names another: Playwright's own download is not needed.</summary>
    private static string Executable => Environment.GetEnvironmentVariable("CHROMIUM") ?? "/usr/bin/chromium";

    public async Task InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Executable, Args = Arguments });
    }

    /// <summary>Fails where a page has tried what the portal's own policy forbids: what the browser blocks does not show.</summary>
    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        Assert.Empty(_violations);
    }

    /// <summary>A page in a context of its own. Dispose its context, or let it end with the browser.</summary>
    /// <param name="dark">The system's theme.</param>
    /// <param name="state">Cookies to begin with, as <see cref="IBrowserContext.StorageStateAsync"/> gave them.</param>
    public async Task<IPage> NewPageAsync(int width = 1280, int height = 800, bool dark = false, string? state = null)
    {
        var context = await _browser!.NewContextAsync(
            new()
            {
                ViewportSize = new() { Width = width, Height = height },
                ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
                ReducedMotion = ReducedMotion.Reduce,
                Locale = "en-GB",
                TimezoneId = "UTC",
                StorageState = state,
            }
        );
        context.SetDefaultTimeout(30_000);
        await context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        SetDefaultExpectTimeout(30_000);
        context.Console += (_, message) =>
        {
            if (message.Text.Contains("Content Security Policy", StringComparison.Ordinal))
            {
                _violations.Enqueue($"{message.Page?.Url}: {message.Text}");
            }
        };
        return await context.NewPageAsync();
    }
}
