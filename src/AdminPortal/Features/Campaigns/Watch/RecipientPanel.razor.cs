using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Sending;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Campaigns.Watch;

/// <summary>One recipient's whole story, beside the list.</summary>
public sealed partial class RecipientPanel
{
    private readonly LatestRead _latest = new();
    private RecipientTimelineView? _view;
    private bool _missing;
    private bool _failed;
    private int _shown;
    private (Guid, int, int)? _read;

    [Inject]
    public required RecipientTimeline Timeline { get; init; }

    [Inject]
    public required ILogger<RecipientPanel> Logger { get; init; }

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
        if (_read == (CampaignId, Number, Tick))
        {
            return;
        }

        if (_shown != Number)
        {
            (_shown, _view, _missing, _failed) = (Number, null, false, false);
        }

        await ReadAsync();
    }

    private async Task ReadAsync()
    {
        var isLatest = _latest.Begin();
        _read = (CampaignId, Number, Tick);
        try
        {
            var view = await Timeline.ExecuteAsync(Session.Caller.Scope, CampaignId, Number, CancellationToken.None);
            if (isLatest())
            {
                (_view, _missing, _failed) = (view, view is null, false);
            }
        }
        catch (Exception failure)
        {
            Logger.LogWarning(failure, "A recipient's story could not be read.");
            if (isLatest())
            {
                // What is shown stays; the next look reads again.
                (_read, _failed) = (null, true);
            }
        }
    }
}
