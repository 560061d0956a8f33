using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Campaigns;
using Ledgerpost.Sending;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Campaigns.Watch;

/// <summary>Calls whose fate is unknown, each with what a person needs to decide.</summary>
public sealed partial class UnknownCard
{
    private readonly LatestRead _latest = new();
    private UnknownCalls? _calls;
    private (Guid, int)? _read;
    private bool _failed;

    [Inject]
    public required ListUnknown List { get; init; }

    [Inject]
    public required ILogger<UnknownCard> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [Parameter, EditorRequired]
    public required Guid CampaignId { get; set; }

    [Parameter, EditorRequired]
    public required CampaignStatus Status { get; set; }

    [Parameter, EditorRequired]
    public required int Count { get; set; }

    /// <summary>Where they are listed; null where they are all there is.</summary>
    [Parameter]
    public string? Href { get; set; }

    [Parameter]
    public bool MayDecide { get; set; }

    [Parameter]
    public bool Busy { get; set; }

    /// <summary>Moves when the ledger did.</summary>
    [Parameter]
    public int Tick { get; set; }

    [Parameter]
    public EventCallback<(UnknownCall Call, UnknownDecision Decision)> OnDecide { get; set; }

    protected override async Task OnParametersSetAsync()
    {
        if (_read == (CampaignId, Tick))
        {
            return;
        }

        var isLatest = _latest.Begin();
        _read = (CampaignId, Tick);
        try
        {
            var calls = await List.ExecuteAsync(Session.Caller.Scope, CampaignId, CancellationToken.None);
            if (isLatest())
            {
                (_calls, _failed) = (calls, false);
            }
        }
        catch (Exception failure)
        {
            Logger.LogWarning(failure, "The calls whose fate is unknown could not be read.");
            if (isLatest())
            {
                // What is shown stays; the next look reads again.
                (_read, _failed) = (null, true);
            }
        }
    }

    private static string Said(UnknownCall call) =>
        call.Said is { Length: > 0 } said ? $"The last answer: {said}" : "No answer ever came.";
}
