using AdminPortal.Components.Shared;
using AdminPortal.Features.Campaigns.Watch;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;

namespace AdminPortal.Features.Emails;

/// <summary>A transactional mail's states as words and colours.</summary>
public static class EmailWords
{
    /// <summary>In the order in which they are offered.</summary>
    public static IReadOnlyList<EmailStatus> Statuses { get; } =
    [
        EmailStatus.Sending,
        EmailStatus.Partial,
        EmailStatus.Sent,
        EmailStatus.Refused,
        EmailStatus.Excluded,
        EmailStatus.Cancelled,
    ];

    public static (string Word, Tone Tone, bool Live) Of(EmailStatus status) =>
        status switch
        {
            EmailStatus.Sending => ("Sending", Tone.Accent, true),
            EmailStatus.Partial => ("Stopped", Tone.Warn, false),
            EmailStatus.Paused => ("Paused", Tone.Warn, false),
            EmailStatus.Sent => ("Sent", Tone.Good, false),
            EmailStatus.Refused => ("Refused", Tone.Bad, false),
            EmailStatus.Excluded => ("Excluded", Tone.Neutral, false),
            EmailStatus.Cancelled => ("Cancelled", Tone.Neutral, false),
            _ => (status.ToString(), Tone.Neutral, false),
        };

    /// <summary>As it stands in an address.</summary>
    public static string Value(EmailStatus status) => status.ToString().ToLowerInvariant();

    public static EmailStatus? Parse(string? value) =>
        Statuses.Where(status => Value(status) == value).Select(status => (EmailStatus?)status).FirstOrDefault();

    /// <summary>Why it stopped, what is safe and what comes next.</summary>
    public static StopStory Story(EmailView view, TimeZoneInfo? zone) =>
        StopStory.Of(
            view.Email,
            new CampaignCounts(
                1,
                view.Recipient.State == RecipientState.Pending ? 1 : 0,
                view.Recipient.State == RecipientState.InDoubt ? 1 : 0,
                view.Recipient.State == RecipientState.Accepted ? 1 : 0,
                view.Recipient.State == RecipientState.Refused ? 1 : 0,
                view.Recipient.State == RecipientState.Excluded ? 1 : 0,
                view.Recipient.State == RecipientState.Unknown ? 1 : 0,
                Delivered: 0,
                Bounced: 0,
                Complained: 0,
                Opened: 0,
                Clicked: 0
            ),
            zone
        );

    /// <summary>For the dashboard, counted as far as somebody has to look.</summary>
    public static string Stopped(int count) =>
        count >= Dashboard.DashboardQuery.MostStopped
            ? $"{Words.Count(count)} transactional mails and more wait for you"
            : $"{Words.Count(count, "transactional mail waits", "transactional mails wait")} for you";
}
