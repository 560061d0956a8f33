using AdminPortal.Components.Shared;
using Ledgerpost.Campaigns;
using Ledgerpost.Sending;

namespace AdminPortal.Features.Campaigns.Watch;

/// <summary>The two decisions about a call whose fate is unknown, with the risk of each spelled out.</summary>
public static class DecisionQuestion
{
    public static Confirmation Of(UnknownCall call, UnknownDecision decision, CampaignStatus status, TimeZoneInfo? zone)
    {
        var people = Words.People(call.People);
        var known = new List<string>
        {
            call.Since is { } since
                ? $"The call was first made {Words.Exact(since, zone)}; no answer has proven anything since."
                : "When the call was made is not known.",
            call.Said is { Length: > 0 } said ? $"What came last: {said}" : "The provider never said a word about it.",
            "A mail to one of them in the provider's log, or one that somebody has received, would prove that all of them went out. Have you looked?",
        };
        return decision == UnknownDecision.SendAgain
            ? new Confirmation(
                $"Send again to {people}?",
                [
                    $"If the call went through, {people} will get this mail twice. Ledgerpost cannot prevent that any more.",
                    .. known,
                    Next(status),
                    "Your name and this decision are kept in the audit log.",
                ],
                $"Send again to {people}",
                Danger: true
            )
            : new Confirmation(
                $"Treat {people} as sent?",
                [
                    $"If the call did not go through, {people} will never get this mail: they count as accepted and no resume takes them.",
                    .. known,
                    "They are marked as counted by a person's decision, with your name; a proof that comes later replaces it.",
                ],
                $"Treat {people} as sent"
            );
    }

    private static string Next(CampaignStatus status) =>
        status switch
        {
            CampaignStatus.Partial =>
                "They wait then like the others; nothing leaves before somebody resumes the campaign.",
            CampaignStatus.Paused =>
                "They wait then like the others; nothing leaves before somebody continues the campaign.",
            _ => "They are sent to at once, under a new key; the old call stays in the log.",
        };
}
