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

    /// <summary>What became of the decision.</summary>
    public static void Say(Toasts toasts, DecisionResult result, UnknownDecision wish)
    {
        switch (result)
        {
            case DecisionResult.Decided decided when wish == UnknownDecision.TreatAsSent:
                toasts.Done($"{Words.People(decided.People)} count as sent now.", "The decision is in the audit log.");
                break;
            case DecisionResult.Decided { Status: CampaignStatus.Partial or CampaignStatus.Paused } decided:
                toasts.Done(
                    $"{Words.People(decided.People)} wait again.",
                    "They are sent to once the campaign goes on."
                );
                break;
            case DecisionResult.Decided decided:
                toasts.Done($"{Words.People(decided.People)} are sent to again.", "The decision is in the audit log.");
                break;
            case DecisionResult.AlreadyDecided already:
                var other = already.Decision == UnknownDecision.SendAgain ? "send again" : "treat as sent";
                toasts.Note($"{already.By} has decided already: {other}.", "Nothing more was changed.");
                break;
            case DecisionResult.NotUnknown:
                toasts.Note("It was proven meanwhile, so there is nothing to decide.", "Nothing was changed.");
                break;
            case DecisionResult.CannotSendAgain closed:
                toasts.Failed(
                    $"A campaign that is {CampaignWords.Of(closed.Status).Word.ToLowerInvariant()} sends to nobody any more.",
                    "Nothing was changed."
                );
                break;
            default:
                toasts.Failed("It no longer exists.", "Nothing was changed.");
                break;
        }
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
