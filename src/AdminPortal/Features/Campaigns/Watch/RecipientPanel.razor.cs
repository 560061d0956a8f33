using AdminPortal.Tenancy;
using Ledgerpost.Sending;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Campaigns.Watch;

/// <summary>One recipient's whole story, beside the list.</summary>
public sealed partial class RecipientPanel
{
    private RecipientTimelineView? _view;
    private bool _missing;
    private (Guid, int, int)? _read;

    [Inject]
    public required RecipientTimeline Timeline { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [CascadingParameter]
    public TimeZoneInfo? Zone { get; set; }

    [Parameter, EditorRequired]
    public required Guid CampaignId { get; set; }

    [Parameter, EditorRequired]
    public required int Number { get; set; }

    [Parameter, EditorRequired]
    public required string CloseHref { get; set; }

    [Parameter]
    public int Tick { get; set; }

    protected override async Task OnParametersSetAsync()
    {
        var wanted = (CampaignId, Number, Tick);
        if (_read == wanted)
        {
            return;
        }

        if (_read?.Item2 != Number)
        {
            (_view, _missing) = (null, false);
        }

        _read = wanted;
        _view = await Timeline.ExecuteAsync(Session.Caller.Scope, CampaignId, Number, CancellationToken.None);
        _missing = _view is null;
    }
}
