using AdminPortal.Components.Shared;
using Ledgerpost.Campaigns;
using Ledgerpost.Sending;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Campaigns.Watch;

/// <summary>What takes a while to count, what a person decides where the machine must not, and how both end.</summary>
public sealed partial class CampaignPage
{
    private bool _counting;
    private bool _countAgain;
    private bool _countFailed;

    protected override Task OnParametersSetAsync()
    {
        // A campaign that stopped at night has no next change: a count that failed is made again when the gate looks again.
        if (_countFailed)
        {
            CountAgain();
        }

        return base.OnParametersSetAsync();
    }

    /// <summary>
    /// The exact number that a resume would send: seconds with a million recipients, so the page stands meanwhile, and
    /// however often something changes one count runs at a time.
    /// </summary>
    private void CountAgain()
    {
        if (_snapshot?.Campaign.Status != CampaignStatus.Partial)
        {
            (_resume, _countFailed) = (null, false);
            return;
        }

        _countAgain = true;
        if (!_counting)
        {
            _counting = true;
            _ = CountAsync();
        }
    }

    private async Task CountAsync()
    {
        var closed = Closed;
        try
        {
            while (_countAgain)
            {
                (_countAgain, _countFailed) = (false, false);
                var (scope, id) = (Session.Caller.Scope, Id);
                // Off the circuit: SQLite counts on the thread that asks, and the page must go on answering.
                var preview = await Task.Run(() => ResumePreview.ExecuteAsync(scope, id, closed), closed);
                if (id == Id)
                {
                    _resume = preview;
                    await InvokeAsync(StateHasChanged);
                }
            }
        }
        catch (Exception) when (closed.IsCancellationRequested)
        {
            // The page was closed while it counted.
        }
        catch (Exception failure)
        {
            Logger.LogWarning(failure, "What a resume would send could not be counted; it is counted again soon.");
            _countFailed = true;
            await InvokeAsync(StateHasChanged);
        }
        finally
        {
            _counting = false;
        }
    }

    private void Say(FollowUpResult result)
    {
        switch (result)
        {
            case FollowUpResult.Created made:
                Toasts.Done(
                    $"The draft goes to the {Words.People(made.People)} who waited.",
                    "Nothing is sent before you launch it."
                );
                Navigation.NavigateTo(PortalUrls.EditCampaign(Session.Slug, made.Id));
                break;
            case FollowUpResult.AlreadyFollowed already:
                Toasts.Note("Somebody was first: it is continued already.", "Nothing more was made.");
                Navigation.NavigateTo(PortalUrls.Campaign(Session.Slug, already.Id));
                break;
            case FollowUpResult.NotPartial other:
                Toasts.Note(
                    $"It stands at {CampaignWords.Of(other.Status).Word.ToLowerInvariant()} now.",
                    "Only a partial campaign can be continued; nothing was made."
                );
                break;
            case FollowUpResult.NobodyWaits:
                Toasts.Note("Nobody waits any more, so there is nobody to write to.", "Nothing was made.");
                break;
            default:
                Toasts.Failed("This campaign no longer exists.", "Nothing was made.");
                break;
        }
    }
}
