namespace UITests.Support;

/// <summary>A portal and a browser for a test class whose tests do not disturb each other.</summary>
public sealed class PortalFixture : IAsyncLifetime
{
    private string? _signedIn;

    public PortalProcess Portal { get; private set; } = null!;

    public BrowserFixture Browser { get; } = new();

    public async Task InitializeAsync()
    {
        await Browser.InitializeAsync();
        Portal = await PortalProcess.StartAsync();
        var page = await Browser.NewPageAsync();
        try
        {
            await page.SignInAsync(Portal);
        }
        catch (PlaywrightException failure)
        {
            throw new InvalidOperationException($"Nobody could sign in. The portal said:\n{Portal.Output}", failure);
        }

        _signedIn = await page.Context.StorageStateAsync();
        await page.Context.DisposeAsync();
    }

    /// <summary>A page of the signed-in operator, in a context of its own.</summary>
    public Task<IPage> NewPageAsync(int width = 1280, int height = 800, bool dark = false) =>
        Browser.NewPageAsync(width, height, dark, _signedIn);

    public async Task DisposeAsync()
    {
        await Browser.DisposeAsync();
        if (Portal is not null)
        {
            await Portal.DisposeAsync();
        }
    }
}
