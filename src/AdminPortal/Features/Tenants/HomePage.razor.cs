using AdminPortal.Account;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace AdminPortal.Features.Tenants;

/// <summary>Where a person goes who only typed the portal's address.</summary>
public sealed partial class HomePage
{
    private IReadOnlyList<TenantEntry>? _tenants;

    [Inject]
    public required TenantDirectory Directory { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [CascadingParameter]
    public required Task<AuthenticationState> Authentication { get; init; }

    protected override async Task OnInitializedAsync()
    {
        var person = (await Authentication).User;
        var tenants = person.UserId() is { } userId
            ? await Directory.OfPersonAsync(userId, CancellationToken.None)
            : [];
        if (tenants is [var only])
        {
            Navigation.NavigateTo(PortalUrls.Tenant(only.Slug), replace: true);
        }
        else if (tenants.Count == 0 && person.IsOperator())
        {
            Navigation.NavigateTo(PortalUrls.OperatorTenants, replace: true);
        }
        else
        {
            _tenants = tenants;
        }
    }
}
