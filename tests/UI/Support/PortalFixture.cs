namespace UITests.Support;

/// <summary>A portal and a browser for a test class whose tests do not disturb each other.</summary>
public sealed class PortalFixture : IAsyncLifetime
{
    public PortalProcess Portal { get; private set; } = null!;

    public BrowserFixture Browser { get; } = new();

    public async Task InitializeAsync()
    {
        await Browser.InitializeAsync();
        Portal = await PortalProcess.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await Browser.DisposeAsync();
        if (Portal is not null)
        {
            await Portal.DisposeAsync();
        }
    }
}
