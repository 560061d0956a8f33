using AdminPortal.Components.Shared;
using Ledgerpost.Campaigns;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace AdminPortal.Features.Campaigns.Watch;

/// <summary>What the buttons do. Each asks the engine, says what became of it, and reads the page again.</summary>
public sealed partial class CampaignPage
{
    [Inject]
    public required PauseCampaign Pause { get; init; }

    [Inject]
    public required ContinueCampaign Continue { get; init; }

    [Inject]
    public required CancelCampaign Cancel { get; init; }

    [Inject]
    public required ResumeCampaign Resume { get; init; }

    [Inject]
    public required CreateFollowUp FollowUp { get; init; }

    [Inject]
    public required DuplicateCampaign Duplicate { get; init; }

    [Inject]
    public required DialogService Dialogs { get; init; }

    private Task PauseAsync() =>
        ActAsync(async () => Say(await Pause.ExecuteAsync(Session.Caller, Id, CancellationToken.None), "Paused."));

    private Task ContinueAsync() =>
        ActAsync(async () =>
            Say(await Continue.ExecuteAsync(Session.Caller, Id, CancellationToken.None), "Sending goes on.")
        );

    private Task CancelAsync() =>
        ActAsync(async () =>
        {
            if (await Confirmations.AskAsync(CancelQuestion.Of(_snapshot!.Campaign.Name, _snapshot.Counts)))
            {
                Say(await Cancel.ExecuteAsync(Session.Caller, Id, CancellationToken.None), "Cancelled.");
            }
        });

    private Task ResumeAsync() =>
        ActAsync(async () =>
        {
            // Read at the press: what the dialog shows is what stands in the ledger now.
            var id = Id;
            var now = await ResumePreview.ExecuteAsync(Session.Caller.Scope, id, Closed);
            if (id != Id)
            {
                return;
            }

            _resume = now;
            if (_resume is not { Status: CampaignStatus.Partial } preview)
            {
                Toasts.Note("It is not partial any more.", "Somebody was first; nothing more was started.");
                return;
            }

            if (await AskAsync(preview) is { } request)
            {
                Say(await Resume.ExecuteAsync(Session.Caller, Id, request, CancellationToken.None));
            }
        });

    private Task FollowUpAsync() =>
        ActAsync(async () =>
        {
            if (
                _resume is { } preview
                && await Confirmations.AskAsync(FollowUpQuestion.Of(_snapshot!.Campaign.Name, preview))
            )
            {
                Say(await FollowUp.ExecuteAsync(Session.Caller, Id, null, CancellationToken.None));
            }
        });

    private Task DuplicateAsync() =>
        ActAsync(async () =>
        {
            if (await Duplicate.ExecuteAsync(Session.Caller, Id, CancellationToken.None) is { } copy)
            {
                Navigation.NavigateTo(PortalUrls.EditCampaign(Session.Slug, copy));
            }
        });

    private async Task<ResumeRequest?> AskAsync(ResumePreviewResult preview) =>
        await Dialogs.OpenAsync<ResumeDialog>(
            $"Resume \u201c{_snapshot!.Campaign.Name}\u201d?",
            new Dictionary<string, object?>(StringComparer.Ordinal) { [nameof(ResumeDialog.Preview)] = preview },
            new DialogOptions
            {
                Width = "640px",
                Height = "auto",
                CloseDialogOnEsc = true,
                AutoFocusFirstElement = true,
                ShowClose = true,
            }
        ) as ResumeRequest;

    private void Say(TransitionResult result, string done)
    {
        if (result.Won)
        {
            Toasts.Done(done);
        }
        else if (result.Status is { } status)
        {
            Toasts.Note($"It is {CampaignWords.Of(status).Word.ToLowerInvariant()} already; nothing was changed.");
        }
        else
        {
            Toasts.Failed("This campaign no longer exists.", "Nothing was changed.");
        }
    }

    private void Say(ResumeResult result)
    {
        switch (result)
        {
            case ResumeResult.Resumed resumed:
                Toasts.Done(
                    $"Run {Words.Count(resumed.Run)} has started: {Words.People(resumed.WillSend)} will be mailed.",
                    "The receipt stands under the bar."
                );
                break;
            case ResumeResult.NotResumable other:
                Toasts.Note(
                    $"It stands at {CampaignWords.Of(other.Status).Word.ToLowerInvariant()}, run {Words.Count(other.CurrentRun)}.",
                    "Somebody was first; nothing more was started."
                );
                break;
            case ResumeResult.MoreJoined more:
                Toasts.Failed(
                    $"By now {Words.People(more.Joined)} have joined, more than you were shown.",
                    "Nothing was started; look at the numbers once more."
                );
                break;
            default:
                Toasts.Failed("This campaign no longer exists.", "Nothing was started.");
                break;
        }
    }
}
