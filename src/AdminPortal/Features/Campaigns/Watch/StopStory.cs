using AdminPortal.Components.Shared;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;

namespace AdminPortal.Features.Campaigns.Watch;

/// <summary>Why a campaign is Partial, what is safe and what comes next, in plain sentences with its numbers.</summary>
/// <param name="What">One sentence, then who is safe and who waits.</param>
/// <param name="Details">What else is true of those who are neither sent nor waiting.</param>
/// <param name="Next">What to do before a resume has a chance, or that it has one again; null when it can be pressed now.</param>
public sealed record StopStory(string What, IReadOnlyList<string> Details, string? Next)
{
    /// <param name="senderHolds">Whether its sending domain is verified now; null where nobody asked.</param>
    public static StopStory Of(
        Campaign campaign,
        CampaignCounts counts,
        TimeZoneInfo? zone = null,
        bool? senderHolds = null
    )
    {
        var wanted = counts.Recipients - counts.Excluded;
        // Whom a follow-up took over is no part of what this campaign still wants.
        var progress = campaign.ContinuedById is null
            ? $"after {Words.Count(counts.Accepted)} of {Words.Count(wanted)}"
            : $"after {Words.People(counts.Accepted)}";
        var what = campaign.StopReason switch
        {
            StopReason.ProviderUnavailable => $"The provider stopped answering {progress}.",
            StopReason.DailyQuota => $"The provider's daily quota was used up {progress}.",
            StopReason.MonthlyQuota => $"The provider's monthly quota was used up {progress}.",
            StopReason.KeyRejected => $"The provider rejected the API key {progress}.",
            StopReason.SenderNotVerified =>
                $"The provider no longer takes mail from the sending domain; it stopped {progress}.",
            StopReason.RefusedForAll =>
                $"The provider refused three people in a row, each alone, with the same words, so the fault is not theirs; it stopped {progress}.",
            StopReason.RateLimited => $"The provider kept asking to wait, without end; it stopped {progress}.",
            StopReason.ProviderBusy =>
                $"The provider kept saying that it is still at work on an earlier call; it stopped {progress}.",
            StopReason.ScheduleMissed =>
                $"It was due more than an hour before it could be launched; it waits {progress}.",
            StopReason.ScheduleHindered => $"Something was in the way when it was due; it waits {progress}.",
            StopReason.ContentBroken => $"The content can no longer be made into mails; it stopped {progress}.",
            StopReason.UnknownLeft =>
                $"It went as far as it can by itself: {Words.Count(counts.Accepted)} of {Words.Count(wanted)} were accepted.",
            StopReason.Restored =>
                $"A backup was put in place of a newer database; {Words.Count(counts.Accepted)} of {Words.Count(wanted)} are known to be accepted, and what was sent since is not known here.",
            StopReason.AccountChanged =>
                $"Its mail goes through another provider account now; this campaign stopped {progress}.",
            StopReason.KeyMissing => $"There was no key for its provider account; it stopped {progress}.",
            _ => $"The campaign stopped {progress}.",
        };
        return new StopStory(
            $"{what} Nobody was mailed twice. {Waiting(counts.Pending)}",
            Doubts(counts),
            NextStep(campaign, zone, senderHolds)
        );
    }

    /// <summary>Whose words the stop's detail is: the provider's own, or ours about an answer that was none.</summary>
    public static string Said(StopReason? reason) =>
        reason switch
        {
            StopReason.ProviderUnavailable => "What came of the last call",
            StopReason.ContentBroken => "What is wrong with it",
            StopReason.SenderNotVerified or StopReason.KeyMissing => "What is known of it",
            _ => "The provider said",
        };

    private static string Waiting(int pending) =>
        pending switch
        {
            0 => "Nobody is waiting.",
            1 => "1 person is waiting.",
            _ => $"{Words.Count(pending)} people are waiting.",
        };

    private static List<string> Doubts(CampaignCounts counts)
    {
        var details = new List<string>();
        if (counts.InDoubt > 0)
        {
            details.Add(
                $"{Words.People(counts.InDoubt)} in doubt: a call was made and its answer never came. "
                    + "It is repeated with the same bytes under the same key, which cannot mail them twice."
            );
        }

        if (counts.Unknown > 0)
        {
            details.Add(
                $"{Words.People(counts.Unknown)} unknown: nothing proves whether they got it, so they are not mailed again."
            );
        }

        return details;
    }

    private static string? NextStep(Campaign campaign, TimeZoneInfo? zone, bool? senderHolds) =>
        campaign.StopReason switch
        {
            _ when campaign.ContinuedById is not null => null,
            _ when campaign.ResumeAfter is { } after => $"A resume has a chance from {Words.Exact(after, zone)}.",
            StopReason.DailyQuota => "A resume has a chance when the quota is renewed, at midnight UTC.",
            StopReason.MonthlyQuota => "Raise the quota at the provider, or wait for its next month.",
            StopReason.KeyRejected =>
                "A key that may send is needed: your own on Senders, or the installation's. Then resume.",
            StopReason.KeyMissing => "Enter the key of your provider account again on Senders, then resume.",
            StopReason.SenderNotVerified when senderHolds == true =>
                "The sending domain is verified again, so a resume has a chance now.",
            StopReason.SenderNotVerified => "Verify the sending domain again, then resume.",
            StopReason.AccountChanged when senderHolds == true =>
                "Its sending domain is verified there, so a resume has a chance now.",
            StopReason.AccountChanged when senderHolds == false =>
                "Its sending domain has to be verified there first: see Senders, then resume.",
            StopReason.RefusedForAll =>
                "Read what the provider said, mend it there or in the list of contacts, then resume.",
            StopReason.ContentBroken => "Start the version of this program that launched it, then resume.",
            StopReason.RateLimited => "Look whether something else uses the same provider account, then resume.",
            _ => null,
        };
}
