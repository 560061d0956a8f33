using AdminPortal.Components.Shared;
using Ledgerpost.Sending;

namespace AdminPortal.Features.Campaigns;

/// <summary>What became of scheduling, as a toast; the same on both pages.</summary>
public static class ScheduleAnswer
{
    /// <returns>Whether it is scheduled.</returns>
    public static bool Say(Toasts toasts, ScheduleResult result, TimeZoneInfo? zone)
    {
        switch (result)
        {
            case ScheduleResult.Scheduled scheduled:
                toasts.Done($"Scheduled for {ScheduleTime.Full(scheduled.At, zone)}.");
                return true;
            case ScheduleResult.Invalid invalid:
                toasts.Failed("Nothing was changed.", string.Join(' ', invalid.Problems.Select(p => p.Message)));
                return false;
            case ScheduleResult.Refused { Reason: LaunchResult.NotLaunchable not }:
                toasts.Failed("Nothing was changed.", string.Join(' ', not.Problems));
                return false;
            case ScheduleResult.Refused { Reason: LaunchResult.AlreadyLaunched already }:
                toasts.Note(
                    $"It has been launched already: {CampaignWords.Of(already.Status).Word.ToLowerInvariant()}."
                );
                return false;
            case ScheduleResult.Refused { Reason: LaunchResult.Changed }:
                toasts.Failed("It was changed meanwhile, so nothing was done.", "Look at it once more.");
                return false;
            case ScheduleResult.Refused { Reason: LaunchResult.Grown grown }:
                toasts.Failed(Grown(grown), "Nothing was done; look at the numbers once more.");
                return false;
            default:
                toasts.Failed("This campaign no longer exists.", "Nothing was done.");
                return false;
        }
    }

    public static string Grown(LaunchResult.Grown grown) =>
        $"By now it would go to {Words.People(grown.WillSend)}, more than you were asked about.";
}
