using AdminPortal.Components.Shared;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;

namespace AdminPortal.Features.Campaigns;

/// <summary>The product's states as words and colours; the same on every page.</summary>
public static class CampaignWords
{
    public static (string Word, Tone Tone, bool Live) Of(CampaignStatus status) =>
        status switch
        {
            CampaignStatus.Draft => ("Draft", Tone.Neutral, false),
            CampaignStatus.Scheduled => ("Scheduled", Tone.Neutral, false),
            CampaignStatus.Preparing => ("Preparing", Tone.Accent, true),
            CampaignStatus.Sending => ("Sending", Tone.Accent, true),
            CampaignStatus.Paused => ("Paused", Tone.Warn, false),
            CampaignStatus.Partial => ("Partial", Tone.Warn, false),
            CampaignStatus.Sent => ("Sent", Tone.Good, false),
            CampaignStatus.Cancelled => ("Cancelled", Tone.Neutral, false),
            _ => (status.ToString(), Tone.Neutral, false),
        };

    public static (string Word, Tone Tone) Of(RecipientState state) =>
        state switch
        {
            RecipientState.Pending => ("Pending", Tone.Neutral),
            RecipientState.InDoubt => ("In doubt", Tone.Accent),
            RecipientState.Accepted => ("Accepted", Tone.Good),
            RecipientState.Refused => ("Refused", Tone.Bad),
            RecipientState.Excluded => ("Excluded", Tone.Neutral),
            RecipientState.Unknown => ("Unknown", Tone.Warn),
            _ => (state.ToString(), Tone.Neutral),
        };

    /// <summary>What the provider reported of an accepted mail; null while it has reported nothing worth a word.</summary>
    public static (string Word, Tone Tone)? Of(Delivery? delivery) =>
        delivery switch
        {
            Delivery.Delayed => ("Delayed", Tone.Warn),
            Delivery.Delivered => ("Delivered", Tone.Good),
            Delivery.Failed => ("Failed", Tone.Bad),
            Delivery.SuppressedByProvider => ("Suppressed by the provider", Tone.Bad),
            Delivery.Bounced => ("Bounced", Tone.Bad),
            Delivery.Complained => ("Complained", Tone.Bad),
            _ => null,
        };

    public static string Reason(string? reason) =>
        reason switch
        {
            Reasons.Unsubscribed => "unsubscribed",
            Reasons.Suppressed => "on the suppression list",
            Reasons.ContactDeleted => "contact deleted",
            Reasons.AlreadyMailed => "mailed already",
            Reasons.InLeftOutCampaign => "in a campaign that is left out",
            Reasons.MovedToFollowUp => "moved to the follow-up",
            Reasons.Cancelled => "campaign cancelled",
            Reasons.RefusedByProvider => "refused by the provider",
            Reasons.CannotBeRendered => "the text cannot be made for them",
            null => "",
            _ => reason.Replace('_', ' '),
        };

    /// <summary>"120 unsubscribed, 68 on the suppression list".</summary>
    public static string List(IEnumerable<ReasonCount> reasons) =>
        string.Join(
            ", ",
            reasons.Where(row => row.Count > 0).Select(row => $"{Words.Count(row.Count)} {Reason(row.Reason)}")
        );

    public static (string Sentence, Tone Tone) Of(AttemptOutcome? outcome) =>
        outcome switch
        {
            AttemptOutcome.Accepted => ("The provider accepted it.", Tone.Good),
            AttemptOutcome.Refused => ("The provider refused it; nothing of it was sent.", Tone.Bad),
            AttemptOutcome.RateLimited => ("Too early for the provider; nothing was sent.", Tone.Neutral),
            AttemptOutcome.Stopped => (
                "The provider takes no more for now: quota, key or sender. Nothing was sent.",
                Tone.Bad
            ),
            AttemptOutcome.Ambiguous => ("No proof either way; the same bytes go out under the same key.", Tone.Warn),
            AttemptOutcome.KeyMismatch => ("The key was used for other bytes.", Tone.Bad),
            AttemptOutcome.NotSent => ("It was not sent; nothing left the machine.", Tone.Neutral),
            _ => ("The answer has not come.", Tone.Accent),
        };

    /// <summary>" (half of the refused chunk 3)", behind a chunk's number; nothing for one that was planned whole.</summary>
    public static string HalfOf(int? parent) =>
        parent is { } number ? $" (half of the refused chunk {Words.Count(number)})" : "";

    /// <summary>The provider's event as a sentence; its own word where we have none.</summary>
    public static (string Sentence, Tone Tone) Event(string type) =>
        type switch
        {
            "email.sent" => ("Sent by the provider.", Tone.Neutral),
            "email.delivered" => ("Delivered to the mailbox's server.", Tone.Good),
            "email.delivery_delayed" => ("Delivery is delayed; the provider tries again.", Tone.Warn),
            "email.bounced" => ("Bounced.", Tone.Bad),
            "email.complained" => ("Marked as spam.", Tone.Bad),
            "email.opened" => ("Opened.", Tone.Neutral),
            "email.clicked" => ("A link was clicked.", Tone.Neutral),
            "email.failed" => ("The provider failed to send it.", Tone.Bad),
            "email.suppressed" => ("Suppressed by the provider.", Tone.Bad),
            _ => (type, Tone.Neutral),
        };

    /// <summary>"ada launched it", from the audit log's <c>campaign.launched</c>.</summary>
    public static string Act(string action, string actor) =>
        action switch
        {
            "campaign.created" => $"{actor} created the draft.",
            "campaign.launched" => $"{actor} launched it.",
            "campaign.scheduled" => $"{actor} scheduled it.",
            "campaign.rescheduled" => $"{actor} chose another time.",
            "campaign.unscheduled" => $"{actor} made it a draft again.",
            "campaign.not_launched" => "It was due, and asks instead of being sent.",
            "campaign.paused" => $"{actor} paused it.",
            "campaign.continued" => $"{actor} continued it.",
            "campaign.cancelled" => $"{actor} cancelled it.",
            "campaign.resumed" => $"{actor} resumed it.",
            "campaign.continued_by" => $"{actor} continued it in a new campaign.",
            "campaign.treated_as_sent" => $"{actor} decided that a call of unknown fate counts as sent.",
            "campaign.sent_again" => $"{actor} decided that the people of a call of unknown fate are sent to again.",
            "campaign.tested" => $"{actor} sent a test mail.",
            "campaign.stopped" => "It stopped by itself.",
            "campaign.sent" or "campaign.finished" or "campaign.completed" => "Everybody is done.",
            _ => $"{actor}: {action.Replace("campaign.", "", StringComparison.Ordinal).Replace('_', ' ')}.",
        };
}
