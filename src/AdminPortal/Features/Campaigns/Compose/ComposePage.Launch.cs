using AdminPortal.Components.Shared;
using Ledgerpost.Campaigns;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace AdminPortal.Features.Campaigns.Compose;

/// <summary>The launch: what is on the screen is saved, shown in numbers, confirmed, and launched in that version.</summary>
public sealed partial class ComposePage
{
    [Inject]
    public required LaunchPreview LaunchPreview { get; init; }

    [Inject]
    public required LaunchCampaign Launch { get; init; }

    [Inject]
    public required TimeProvider Time { get; init; }

    [Inject]
    public required ScheduleCampaign Schedule { get; init; }

    [Inject]
    public required DialogService Dialogs { get; init; }

    [Inject]
    public required ILogger<ComposePage> Logger { get; init; }

    [CascadingParameter]
    public TimeZoneInfo? Zone { get; set; }

    private Task LaunchAsync() =>
        WithSavedAsync(
            "launched",
            async version =>
            {
                var scope = Session.Caller.Scope;
                if (await LaunchPreview.ExecuteAsync(scope, Id, _closed) is not { } preview)
                {
                    Answer(new LaunchResult.NotFound());
                    return;
                }

                var view = await Open.ExecuteAsync(scope, Id, _closed);
                var question = LaunchQuestion.Of(
                    _editor!.Content.Name,
                    view?.Audience ?? "",
                    preview,
                    Time.GetUtcNow()
                );
                if (await Confirmations.AskAsync(question))
                {
                    Answer(
                        await Launch.ExecuteAsync(Session.Caller, Id, version, CancellationToken.None, preview.WillSend)
                    );
                }
            }
        );

    private Task ScheduleAsync() =>
        WithSavedAsync(
            "scheduled",
            async version =>
            {
                if (
                    await ScheduleDialog.AskAsync(Dialogs, _editor!.Content.Name, Zone, present: null) is { } at
                    && ScheduleAnswer.Say(
                        Toasts,
                        await Schedule.ExecuteAsync(Session.Caller, Id, version, at, CancellationToken.None),
                        Zone
                    )
                )
                {
                    Navigation.NavigateTo(PortalUrls.Campaign(Session.Slug, Id), replace: true);
                }
            }
        );

    /// <summary>What is on the screen is saved first; the act is of that version, and a later save makes it say so.</summary>
    /// <param name="done">What is said not to have been done, as "launched".</param>
    private async Task WithSavedAsync(string done, Func<int, Task> act)
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        try
        {
            await SaveAgainAsync();
            if (Left)
            {
                return;
            }

            if (_editor!.State != DraftState.Saved)
            {
                Toasts.Failed($"The draft is not saved yet, so it was not {done}.", "See what stands beside its name.");
                return;
            }

            await act(_editor.Version);
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, $"Nothing was {done}; the draft is kept.");
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // A launch has two steps, a commit may be in doubt: the campaign's own page says how it stands.
            Logger.LogError(failure, "Campaign {CampaignId} was not {Done} as it should be.", Id, done);
            Toasts.Failed($"It could not be {done} as it should.", Words.MayBeDone);
            Navigation.NavigateTo(PortalUrls.Campaign(Session.Slug, Id));
        }
        finally
        {
            _busy = false;
        }
    }

    private void Answer(LaunchResult result)
    {
        switch (result)
        {
            case LaunchResult.Launched launched:
                Toasts.Done($"Launched to {Words.People(launched.WillSend)}.");
                Navigation.NavigateTo(PortalUrls.Campaign(Session.Slug, Id), replace: true);
                break;
            case LaunchResult.NotLaunchable refused:
                Toasts.Failed("It was not launched.", string.Join(' ', refused.Problems));
                break;
            case LaunchResult.AlreadyLaunched already:
                Toasts.Note(
                    $"It has been launched already: {CampaignWords.Of(already.Status).Word.ToLowerInvariant()}."
                );
                Navigation.NavigateTo(PortalUrls.Campaign(Session.Slug, Id), replace: true);
                break;
            case LaunchResult.Grown grown:
                Toasts.Failed(ScheduleAnswer.Grown(grown), "It was not launched; look at the numbers once more.");
                break;
            case LaunchResult.Changed:
                Toasts.Failed("The draft was changed meanwhile, so it was not launched.", "Look at it once more.");
                break;
            default:
                Toasts.Failed("This campaign no longer exists.", "Nothing was launched.");
                break;
        }
    }
}
