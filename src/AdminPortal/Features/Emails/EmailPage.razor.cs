using AdminPortal.Components.Shared;
using AdminPortal.Features.Campaigns.Watch;
using AdminPortal.Tenancy;
using Ledgerpost.Campaigns;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Emails;

/// <summary>One transactional mail with its story and its content, read again whenever the engine says that it moved.</summary>
public sealed partial class EmailPage : IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private EmailView? _view;
    private RecipientTimelineView? _story;
    private IDisposable? _subscription;
    private Guid _shown;
    private bool _missing;
    private bool _busy;

    // Moves with each reading, so that the parts below read again too.
    private int _tick;

    [Inject]
    public required EmailPages Pages { get; init; }

    [Inject]
    public required RecipientTimeline Timeline { get; init; }

    [Inject]
    public required ResumeCampaign Resume { get; init; }

    [Inject]
    public required CancelCampaign Cancel { get; init; }

    [Inject]
    public required DecideUnknown Decide { get; init; }

    [Inject]
    public required CampaignNotifier Notifier { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required ILogger<EmailPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [CascadingParameter]
    public TimeZoneInfo? Zone { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    [Parameter]
    public required Guid Id { get; set; }

    [SupplyParameterFromQuery(Name = "view")]
    public string? View { get; set; }

    private bool AsText => View == "text";

    private IReadOnlyList<Crumb> Crumbs => [new("Emails", PortalUrls.Emails(Session.Slug))];

    public void Dispose()
    {
        _subscription?.Dispose();
        _closed.Cancel();
        _closed.Dispose();
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
        await ReadAsync();
    }

    private async Task ReadAsync()
    {
        _view = await Pages.FindAsync(Session.Caller.Scope, Id, _closed.Token);
        _story = _view is null
            ? null
            : await Timeline.ExecuteAsync(
                Session.Caller.Scope,
                Id,
                _view.Recipient.Number,
                _closed.Token,
                CampaignKind.Email
            );
        _missing = _view is null;
        _tick++;
    }

    private async Task RefreshAsync()
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
            Logger.LogWarning(failure, "The mail could not be read; what is shown stays until the next change.");
        }
    }

    private Task ResumeAsync() =>
        ActAsync(async () =>
        {
            var request = new ResumeRequest(_view!.Email.CurrentRun, IncludeJoined: false);
            if (await Resume.ExecuteAsync(Session.Caller, Id, request, CancellationToken.None) is ResumeResult.Resumed)
            {
                Toasts.Done("The mail goes on.");
            }
            else
            {
                Toasts.Note("It is not stopped any more.", "Somebody was first; nothing more was started.");
            }
        });

    private Task CancelAsync() =>
        ActAsync(async () =>
        {
            var question = new Confirmation(
                $"Cancel the mail to {_view!.Recipient.Email}?",
                [
                    _view.Recipient.State == RecipientState.Pending
                        ? "It was not sent, and never will be."
                        : "A call was made: it may have gone out, and nothing is repeated any more. Proof is still taken.",
                    "A cancelled mail cannot be resumed; the program that gave it needs a new key to send another.",
                ],
                "Cancel the mail",
                Danger: true
            );
            if (!await Confirmations.AskAsync(question))
            {
                return;
            }

            var result = await Cancel.ExecuteAsync(Session.Caller, Id, CancellationToken.None);
            if (result.Won)
            {
                Toasts.Done("Cancelled.");
            }
            else
            {
                Toasts.Note("It has come to its end meanwhile; nothing was changed.");
            }
        });

    private Task DecideAsync((UnknownCall Call, UnknownDecision Decision) wish) =>
        ActAsync(async () =>
        {
            var question = DecisionQuestion.Of(wish.Call, wish.Decision, _view!.Email.Status, Zone);
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

    private async Task ActAsync(Func<Task> act)
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        try
        {
            await act();
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was changed.");
        }
        finally
        {
            _busy = false;
        }

        await RefreshAsync();
    }
}
