using AdminPortal.Tenancy;
using Ledgerpost.OutgoingEvents;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.OutgoingEvents;

public sealed partial class WebhooksPage
{
    private IReadOnlyList<EndpointRow>? _endpoints;
    private EndpointOutcome.Saved? _created;
    private string? _failed;

    [Inject]
    public required EndpointList List { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required ILogger<WebhooksPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Tenant { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    /// <summary><c>new</c> while the form is open.</summary>
    [SupplyParameterFromQuery(Name = "endpoint")]
    public string? Open { get; set; }

    private bool MayChange => Tenant.Can(TenantRole.Admin);

    private bool Adding => Open == "new";

    protected override Task OnInitializedAsync() => MayChange ? LoadAsync() : Task.CompletedTask;

    private async Task LoadAsync()
    {
        _failed = null;
        try
        {
            _endpoints = await List.ExecuteAsync(
                Tenant.Caller.Scope,
                after: null,
                CreateEndpoint.MaxEndpoints,
                CancellationToken.None
            );
        }
        catch (Exception failure)
        {
            Logger.LogError(failure, "The endpoints could not be read.");
            _failed = "The endpoints could not be read.";
        }
    }

    private Task CreatedAsync(EndpointOutcome.Saved saved)
    {
        _created = saved;
        Navigation.NavigateTo(PortalUrls.Webhooks(Tenant.Slug));
        return LoadAsync();
    }
}
