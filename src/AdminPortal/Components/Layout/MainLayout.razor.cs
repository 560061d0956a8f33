using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;

namespace AdminPortal.Components.Layout;

public sealed partial class MainLayout : IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private readonly LatestRead _latest = new();
    private PageErrorBoundary? _boundary;
    private ITimer? _timer;
    private ShellView? _view;
    private string? _slug;

    [Inject]
    public required IShellData Shell { get; init; }

    [Inject]
    public required InstallationNotices Notices { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required TimeProvider Time { get; init; }

    [Inject]
    public required ILogger<MainLayout> Logger { get; init; }

    public void Dispose()
    {
        Navigation.LocationChanged -= OnLocationChanged;
        _timer?.Dispose();
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override async Task OnInitializedAsync()
    {
        Navigation.LocationChanged += OnLocationChanged;
        _timer = Time.CreateTimer(
            _ => _ = InvokeAsync(LookAgainAsync),
            null,
            TenantGate.LookAgain,
            TenantGate.LookAgain
        );
        _ = await IsLoadedAsync();
    }

    /// <returns>Whether it is still the frame of the page that is open.</returns>
    private async Task<bool> IsLoadedAsync()
    {
        var isLatest = _latest.Begin();
        _slug = SlugOfPage();
        var view = await Shell.LoadAsync(_slug, _closed.Token);
        if (!isLatest())
        {
            return false;
        }

        _view = view;
        return true;
    }

    private string? SlugOfPage() => PortalUrls.TenantSlugOf(Navigation.ToBaseRelativePath(Navigation.Uri));

    private void OnLocationChanged(object? sender, LocationChangedEventArgs args)
    {
        // A page that failed must not keep the next one from being shown.
        _boundary?.Recover();
        if (!string.Equals(_slug, SlugOfPage(), StringComparison.Ordinal))
        {
            _ = InvokeAsync(ReloadAsync);
        }
    }

    private async Task ReloadAsync()
    {
        try
        {
            if (await IsLoadedAsync())
            {
                StateHasChanged();
            }
        }
        catch (OperationCanceledException)
        {
            // The page was closed meanwhile.
        }
        catch (Exception failure)
        {
            await DispatchExceptionAsync(failure);
        }
    }

    /// <summary>Notices come and go while a page stands open.</summary>
    private async Task LookAgainAsync()
    {
        var view = _view;
        if (view?.Person is null)
        {
            return;
        }

        try
        {
            var banners = ShellBanner.Of(await Notices.ReadAsync(_closed.Token));
            // A frame that was read meanwhile has its own. Another view is cascaded, and has the page read anew: not for the
            // notices that stand there already.
            if (ReferenceEquals(_view, view) && !view.Banners.SequenceEqual(banners))
            {
                _view = view with { Banners = banners };
                StateHasChanged();
            }
        }
        catch (Exception) when (_closed.IsCancellationRequested)
        {
            // The page was closed while it read.
        }
        catch (Exception failure)
        {
            Logger.LogWarning(failure, "The notices could not be read; those that are shown stay until the next look.");
        }
    }
}
