using AdminPortal.Components.Shared;
using AdminPortal.Features.Campaigns.Compose;
using Ledgerpost.Sending;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Campaigns.Watch;

/// <summary>What can be done with a scheduled campaign, also with one that asks.</summary>
public sealed partial class CampaignPage
{
    [Inject]
    public required ScheduleCampaign Schedule { get; init; }

    [Inject]
    public required UnscheduleCampaign Unschedule { get; init; }

    [Inject]
    public required LaunchCampaign Launch { get; init; }

    [Inject]
    public required LaunchPreview LaunchPreview { get; init; }

    [Inject]
    public required TimeProvider Time { get; init; }

    private Task SendNowAsync() =>
        ActAsync(async () =>
        {
            var campaign = _snapshot!.Campaign;
            if (await LaunchPreview.ExecuteAsync(Session.Caller.Scope, campaign.Id, Closed) is not { } preview)
            {
                Say(new LaunchResult.NotFound());
                return;
            }

            if (
                campaign.Id == Id
                && await Confirmations.AskAsync(
                    LaunchQuestion.Of(campaign.Name, _view?.Audience ?? "", preview, Time.GetUtcNow())
                )
            )
            {
                Say(
                    await Launch.ExecuteAsync(
                        Session.Caller,
                        Id,
                        campaign.Version,
                        CancellationToken.None,
                        preview.WillSend
                    )
                );
            }
        });

    private Task RescheduleAsync() =>
        ActAsync(async () =>
        {
            var campaign = _snapshot!.Campaign;
            if (await ScheduleDialog.AskAsync(Dialogs, campaign.Name, Zone, campaign.ScheduledAt) is { } at)
            {
                ScheduleAnswer.Say(
                    Toasts,
                    await Schedule.ExecuteAsync(Session.Caller, Id, campaign.Version, at, CancellationToken.None),
                    Zone
                );
            }
        });

    private Task UnscheduleAsync() =>
        ActAsync(async () =>
            Say(
                await Unschedule.ExecuteAsync(Session.Caller, Id, CancellationToken.None),
                "It is a draft again; nothing is sent by itself."
            )
        );

    private void Say(LaunchResult result)
    {
        if (result is LaunchResult.Launched launched)
        {
            Toasts.Done($"Launched to {Words.People(launched.WillSend)}.");
        }
        else
        {
            ScheduleAnswer.Say(Toasts, new ScheduleResult.Refused(result), Zone);
        }
    }
}
