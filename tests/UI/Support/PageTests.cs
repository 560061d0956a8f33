namespace UITests.Support;

/// <summary>Each test has a portal of its own with the demo tenant, and a page in which somebody is signed in; the class has one browser.</summary>
/// <param name="settings">On top of the tests' own (<see cref="PortalProcess"/>).</param>
public abstract class PageTests(BrowserFixture browser, params (string Key, string Value)[] settings)
    : IClassFixture<BrowserFixture>,
        IAsyncLifetime
{
    protected const string Slug = Stage.Tenant;

    /// <summary>False where the test is about signing in.</summary>
    protected virtual bool SignsIn => true;

    protected BrowserFixture Browser => browser;
    protected PortalProcess Portal { get; private set; } = null!;
    protected IPage Page { get; private set; } = null!;

    public virtual async Task InitializeAsync()
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal) { ["Demo:Seed"] = "true" };
        foreach (var (key, value) in settings)
        {
            all[key] = value;
        }

        Portal = await PortalProcess.StartAsync(all);
        Page = await browser.NewPageAsync();
        if (SignsIn)
        {
            await Page.SignInAsync(Portal);
        }
    }

    public virtual async Task DisposeAsync()
    {
        if (Page is not null)
        {
            await Page.Context.DisposeAsync();
        }

        if (Portal is not null)
        {
            await Portal.DisposeAsync();
        }
    }

    protected Task OpenAsync(string address) => Page.OpenAsync(Portal, address);

    protected Task LookAsync(string name) => Page.LookAsync(name);
}
