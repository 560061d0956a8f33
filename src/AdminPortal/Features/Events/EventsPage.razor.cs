using AdminPortal.Tenancy;
using Ledgerpost.Tenancy;
using Ledgerpost.Webhooks;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Events;

/// <summary>The provider's events about this tenant's mails, and those of its own account.</summary>
public sealed partial class EventsPage
{
    private EventListPage? _page;
    private string? _failed;

    [Inject]
    public required ListEvents List { get; init; }

    [Inject]
    public required ReplayEvent Replay { get; init; }

    [Inject]
    public required ILogger<EventsPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Tenant { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    [SupplyParameterFromQuery]
    public string? State { get; set; }

    [SupplyParameterFromQuery]
    public string? After { get; set; }

    protected override Task OnParametersSetAsync() => LoadAsync();

    private async Task LoadAsync()
    {
        try
        {
            var query = new EventListQuery(EventWords.Parse(State), EventCursor.TryParse(After));
            _page = await List.ExecuteAsync(Tenant.Caller.Scope, query, CancellationToken.None);
            _failed = null;
        }
        catch (Exception failure)
        {
            Logger.LogError(failure, "The events could not be read.");
            _failed = "The events could not be read.";
        }
    }

    private Task<ReplayResult> ReplayAsync(EventListItem item) =>
        Replay.ExecuteAsync(Tenant.Caller, item.AccountId, item.MessageId, CancellationToken.None);
}
