using AdminPortal.Components.Shared;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;

namespace AdminPortal.Components.Layout;

public sealed partial class MainLayout : IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private PageErrorBoundary? _boundary;
    private ShellView? _view;
    private string? _slug;

    [Inject]
    public required IShellData Shell { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    public void Dispose()
    {
        Navigation.LocationChanged -= OnLocationChanged;
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override async Task OnInitializedAsync()
    {
        Navigation.LocationChanged += OnLocationChanged;
        _slug = SlugOfPage();
        _view = await Shell.LoadAsync(_slug, _closed.Token);
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
            _slug = SlugOfPage();
            _view = await Shell.LoadAsync(_slug, _closed.Token);
            StateHasChanged();
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
}
