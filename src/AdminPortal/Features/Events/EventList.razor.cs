using AdminPortal.Components.Shared;
using Ledgerpost.Tenancy;
using Ledgerpost.Webhooks;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Events;

/// <summary>A page of events with its filter, for a tenant and for the operator alike; both stand in the address.</summary>
public sealed partial class EventList
{
    private bool _busy;

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required ILogger<EventList> Logger { get; init; }

    /// <summary>Null while it loads.</summary>
    [Parameter, EditorRequired]
    public required EventListPage? Page { get; set; }

    [Parameter, EditorRequired]
    public required WebhookState? State { get; set; }

    /// <summary>Not the newest page.</summary>
    [Parameter]
    public bool IsLater { get; set; }

    /// <summary>The address of the same list with a state and a cursor.</summary>
    [Parameter, EditorRequired]
    public required Func<string?, string?, string> Href { get; set; }

    [Parameter, EditorRequired]
    public required Func<EventListItem, Task<ReplayResult>> Replay { get; set; }

    [Parameter]
    public EventCallback OnRetry { get; set; }

    [Parameter]
    public bool MayReplay { get; set; }

    /// <summary>Whose mail it is about, where somebody may see that.</summary>
    [Parameter]
    public RenderFragment<EventListItem>? Subject { get; set; }

    [Parameter]
    public string? Failed { get; set; }

    [Parameter]
    public string EmptyTitle { get; set; } = "No event came in yet.";

    [Parameter]
    public string EmptyText { get; set; } = "";

    private string? Value => EventWords.States.FirstOrDefault(known => known.State == State).Value;

    private async Task ReplayAsync(EventListItem item)
    {
        _busy = true;
        try
        {
            switch (await Replay(item))
            {
                case ReplayResult.Asked:
                    Toasts.Done("The event is looked at again. Load the page again to see what became of it.");
                    break;
                case ReplayResult.AppliedAlready:
                    Toasts.Note("The event was applied meanwhile. Nothing was changed.");
                    break;
                default:
                    Toasts.Failed("The event is not there any more.", "Nothing was changed.");
                    break;
            }

            await OnRetry.InvokeAsync();
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was changed.");
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "An event could not be replayed.");
            Toasts.Failed("That did not work.", Words.Kept(failure));
        }
        finally
        {
            _busy = false;
        }
    }
}
