using AdminPortal.Account;
using Ledgerpost.Audit;
using Ledgerpost.Tenancy;
using Ledgerpost.Webhooks;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace AdminPortal.Features.Events;

/// <summary>The provider's events that are nobody's, for the operator.</summary>
public sealed partial class OperatorEventsPage
{
    private EventListPage? _page;
    private string? _failed;

    [Inject]
    public required ListEvents List { get; init; }

    [Inject]
    public required ReplayEvent Replay { get; init; }

    [Inject]
    public required ILogger<OperatorEventsPage> Logger { get; init; }

    [CascadingParameter]
    public required Task<AuthenticationState> Authentication { get; init; }

    [SupplyParameterFromQuery]
    public string? State { get; set; }

    [SupplyParameterFromQuery]
    public string? After { get; set; }

    protected override Task OnParametersSetAsync() => LoadAsync();

    private async Task<Actor> ActorAsync() => (await Authentication).User.AsOperator();

    private async Task LoadAsync()
    {
        try
        {
            var query = new EventListQuery(EventWords.Parse(State), EventCursor.TryParse(After));
            _page = await List.ExecuteAsync(await ActorAsync(), query, CancellationToken.None);
            _failed = null;
        }
        catch (AccessDeniedException denied)
        {
            _failed = denied.Message;
        }
        catch (Exception failure)
        {
            Logger.LogError(failure, "The events could not be read.");
            _failed = "The events could not be read.";
        }
    }

    private async Task<ReplayResult> ReplayAsync(EventListItem item) =>
        await Replay.ExecuteAsync(await ActorAsync(), item.AccountId, item.MessageId, CancellationToken.None);
}
