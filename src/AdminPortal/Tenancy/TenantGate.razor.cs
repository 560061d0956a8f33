using AdminPortal.Account;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Routing;

namespace AdminPortal.Tenancy;

/// <summary>
/// Lets a page under <c>/t/{slug}</c> be shown only to the tenant's members, and looks again while it is open: who was
/// removed is told so and leaves.
/// </summary>
public sealed partial class TenantGate : IDisposable
{
    /// <summary>How long an open page may show what its person may not see any more; commands refuse at once.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _closed = new();
    private ITimer? _timer;
    private string? _slug;
    private TenantSession? _session;
    private bool _looked;
    private bool _nobody;

    [Inject]
    public required TenantDirectory Directory { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required TimeProvider Time { get; init; }

    [Inject]
    public required ILogger<TenantGate> Logger { get; init; }

    [Parameter, EditorRequired]
    public required RenderFragment ChildContent { get; set; }

    [CascadingParameter]
    private Task<AuthenticationState>? Authentication { get; set; }

    public void Dispose()
    {
        Navigation.LocationChanged -= OnLocationChanged;
        _timer?.Dispose();
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override async Task OnInitializedAsync()
    {
        _slug = SlugOfPage();
        Navigation.LocationChanged += OnLocationChanged;
        await LookAsync();
        _timer = Time.CreateTimer(_ => _ = InvokeAsync(LookAgainAsync), null, LookAgain, LookAgain);
    }

    private string? SlugOfPage() => PortalUrls.TenantSlugOf(Navigation.ToBaseRelativePath(Navigation.Uri));

    /// <summary>The router may bring the next page before it tells of the next address; both are looked at.</summary>
    protected override void OnParametersSet() => FollowAddress();

    protected override async Task OnParametersSetAsync() =>
        _nobody = Authentication is not null && (await Authentication).User.UserId() is null;

    private void OnLocationChanged(object? sender, LocationChangedEventArgs args) => FollowAddress();

    private void FollowAddress()
    {
        var slug = SlugOfPage();
        if (string.Equals(_slug, slug, StringComparison.Ordinal))
        {
            return;
        }

        // Until the other tenant was looked up nothing of it, and nothing of the one before, is shown.
        (_slug, _session, _looked) = (slug, null, false);
        _ = InvokeAsync(LookAgainAsync);
    }

    private async Task LookAgainAsync()
    {
        try
        {
            await LookAsync();
            StateHasChanged();
        }
        catch (Exception exception) when (_closed.IsCancellationRequested)
        {
            _ = exception;
        }
        catch (Exception exception)
        {
            // What is shown stays; commands still ask the database, and the next look comes soon.
            Logger.LogWarning(exception, "Membership could not be looked up.");
        }
    }

    private async Task LookAsync()
    {
        if (_slug is not { } slug || Authentication is null)
        {
            return;
        }

        var person = (await Authentication).User;
        var entry = person.UserId() is { } userId
            ? await Directory.EnterAsync(userId, person.SessionId(), slug, _closed.Token)
            : null;
        if (_slug != slug)
        {
            return;
        }

        // Whoever was let in before is told what happened; to everybody else it looks as if nothing were here.
        var gone = entry is null && _session?.Slug == slug && person.UserId() is not null;
        _looked = true;
        _session = entry is null or { NeedsSecondFactor: true }
            ? null
            : new TenantSession(
                entry.TenantId,
                entry.Slug,
                entry.Name,
                entry.TimeZone,
                entry.Role,
                new Caller(TenantScope.For(entry.TenantId), person.AsMember()),
                entry.RequiresSecondFactor,
                entry.MailsAnchors
            );
        if (gone)
        {
            Navigation.NavigateTo(PortalUrls.NotAMember, forceLoad: true);
        }
        else if (entry is { NeedsSecondFactor: true })
        {
            Navigation.NavigateTo(PortalUrls.You(needed: slug), forceLoad: true);
        }
    }
}
