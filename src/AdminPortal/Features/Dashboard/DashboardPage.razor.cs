using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Dashboard;

public sealed partial class DashboardPage
{
    private DashboardView? _view;
    private bool _failed;

    [Inject]
    public required DashboardQuery Query { get; init; }

    [Inject]
    public required ILogger<DashboardPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Tenant { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    private bool MayWrite => Tenant.Can(TenantRole.Editor);

    /// <summary>Again whenever the gate has looked again: what stands here for hours must not be hours old.</summary>
    protected override Task OnParametersSetAsync() => LoadAsync();

    private async Task LoadAsync()
    {
        try
        {
            _view = await Query.ReadAsync(Tenant.Caller.Scope, CancellationToken.None);
            _failed = false;
        }
        catch (Exception exception)
        {
            Logger.LogError(exception, "The dashboard could not be read.");
            // What is shown stays until the next look.
            _failed = _view is null;
        }
    }
}
