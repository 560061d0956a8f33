using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Campaigns;
using Ledgerpost.Templates;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Campaigns;

/// <summary>Asks for a name first: opening an address must not make a draft.</summary>
public sealed partial class NewCampaignPage
{
    private IReadOnlyList<TemplateRow> _templates = [];
    private Guid? _template;
    private string _name = "";
    private string? _problem;
    private bool _busy;

    [Inject]
    public required CreateCampaign Create { get; init; }

    [Inject]
    public required StartFromTemplate Start { get; init; }

    [Inject]
    public required TemplateList Templates { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    /// <summary>The template that is chosen at first.</summary>
    [SupplyParameterFromQuery(Name = "template")]
    public Guid? Template { get; set; }

    protected override async Task OnInitializedAsync()
    {
        var newest = await Templates.ExecuteAsync(Session.Caller.Scope, after: null, TemplateList.MaxPageSize);
        _templates = newest.Rows;
        if (Template is { } id && _templates.All(row => row.Id != id))
        {
            var older = await Templates.FindAsync(Session.Caller.Scope, id);
            _templates = older is null ? _templates : [TemplateRow.Of(older), .. _templates];
        }

        _template = _templates.Any(row => row.Id == Template) ? Template : null;
    }

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
            switch (
                _template is { } template
                    ? await Start.ExecuteAsync(Session.Caller, template, _name)
                    : await Create.ExecuteAsync(Session.Caller, _name, CancellationToken.None)
            )
            {
                case null:
                    _problem = "This template was deleted meanwhile. Choose another, or begin with an empty mail.";
                    await OnInitializedAsync();
                    break;
                case CreateCampaignResult.Created created:
                    Navigation.NavigateTo(PortalUrls.EditCampaign(Session.Slug, created.Id), replace: true);
                    break;
                case CreateCampaignResult.Invalid invalid:
                    _problem = string.Join(' ', invalid.Problems.Select(problem => problem.Message));
                    break;
            }
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "No campaign was made.");
        }
        finally
        {
            _busy = false;
        }
    }
}
