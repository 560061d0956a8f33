using AdminPortal.Tenancy;
using Ledgerpost.Campaigns;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Campaigns;

/// <summary>Asks for a name first: opening an address must not make a draft.</summary>
public sealed partial class NewCampaignPage
{
    private string _name = "";
    private string? _problem;
    private bool _busy;

    [Inject]
    public required CreateCampaign Create { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    private async Task CreateAsync()
    {
        if (_busy)
        {
            return;
        }

        if (string.IsNullOrWhiteSpace(_name))
        {
            _problem = "The campaign needs a name; only your team sees it.";
            return;
        }

        _busy = true;
        try
        {
            switch (await Create.ExecuteAsync(Session.Caller, _name, CancellationToken.None))
            {
                case CreateCampaignResult.Created created:
                    Navigation.NavigateTo(PortalUrls.EditCampaign(Session.Slug, created.Id), replace: true);
                    break;
                case CreateCampaignResult.Invalid invalid:
                    _problem = string.Join(' ', invalid.Problems.Select(problem => problem.Message));
                    break;
            }
        }
        finally
        {
            _busy = false;
        }
    }
}
