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

    protected override Task OnInitializedAsync() => LoadAsync();

    private async Task LoadAsync()
    {
        _failed = false;
        try
        {
            _view = await Query.ReadAsync(Tenant.Caller.Scope, CancellationToken.None);
        }
        catch (Exception exception)
        {
            Logger.LogError(exception, "The dashboard could not be read.");
            _failed = true;
        }
    }
}
