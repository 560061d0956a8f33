using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Campaigns;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Campaigns.Watch;

/// <summary>
/// What the page of a campaign and that of a single mail have in common: read again whenever the engine says that something
/// changed, one act at a time, and the decision about what is unknown.
/// </summary>
public abstract class LedgerPage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private IDisposable? _subscription;
    private IDisposable? _domains;
    private Guid _shown;

    [Inject]
    public required CampaignNotifier Notifier { get; init; }

    [Inject]
    public required DecideUnknown Decide { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required ILogger<LedgerPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [CascadingParameter]
    public TimeZoneInfo? Zone { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    [Parameter]
    public required Guid Id { get; set; }

    protected CancellationToken Closed => _closed.Token;

    protected bool Busy { get; private set; }

    /// <summary>Moves with each reading, so that the parts below read again too.</summary>
    protected int Tick { get; set; }

    /// <summary>Where it stands, as it is shown.</summary>
    protected abstract CampaignStatus Status { get; }

    public void Dispose()
    {
        _subscription?.Dispose();
        _domains?.Dispose();
        _closed.Cancel();
        _closed.Dispose();
        GC.SuppressFinalize(this);
    }

    protected override async Task OnParametersSetAsync()
    {
        if (_shown == Id)
        {
            return;
        }

        _shown = Id;
        _subscription?.Dispose();
        // Before the first reading, so that no change falls between the two.
        _subscription = Notifier.Subscribe(Id, () => InvokeAsync(RefreshAsync));
        // What stopped for its sending domain can go on once that is verified again.
        _domains ??= Notifier.Subscribe(Session.TenantId, () => InvokeAsync(RefreshAsync));
        await OpenAsync();
    }

    /// <summary>The first reading of another campaign or mail; nothing of the one before stays on the screen meanwhile.</summary>
    protected abstract Task OpenAsync();

    /// <summary>What comes back when another one is shown by then is dropped.</summary>
    protected abstract Task ReadAsync();

    protected async Task RefreshAsync()
    {
        try
        {
            await ReadAsync();
            StateHasChanged();
        }
        catch (Exception) when (_closed.IsCancellationRequested)
        {
            // The page was closed while it read.
        }
        catch (Exception failure)
        {
            Logger.LogWarning(failure, "A ledger could not be read; what is shown stays until the next change.");
        }
    }

    /// <summary>Asks the engine, one thing at a time, and reads the page again, whatever became of it.</summary>
    protected async Task ActAsync(Func<Task> act)
    {
        if (Busy)
        {
            return;
        }

        Busy = true;
        try
        {
            await act();
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was changed.");
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // A launch has two steps, a commit may be in doubt: the page is read again and says how it stands.
            Logger.LogError(failure, "What was asked of ledger {CampaignId} ended in an error.", Id);
            Toasts.Failed("That did not end as it should.", Words.MayBeDone);
        }
        finally
        {
            Busy = false;
        }

        await RefreshAsync();
    }

    protected Task DecideAsync((UnknownCall Call, UnknownDecision Decision) wish) =>
        ActAsync(async () =>
        {
            var question = DecisionQuestion.Of(wish.Call, wish.Decision, Status, Zone);
            if (await Confirmations.AskAsync(question))
            {
                DecisionQuestion.Say(
                    Toasts,
                    await Decide.ExecuteAsync(
                        Session.Caller,
                        Id,
                        wish.Call.Chunk,
                        wish.Decision,
                        CancellationToken.None
                    ),
                    wish.Decision
                );
            }
        });
}
