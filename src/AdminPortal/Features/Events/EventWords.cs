using AdminPortal.Components.Shared;
using AdminPortal.Features.Campaigns;
using Ledgerpost.Webhooks;

namespace AdminPortal.Features.Events;

/// <summary>The provider's events in words.</summary>
public static class EventWords
{
    /// <summary>In the order of the filter; the value stands in the address.</summary>
    public static readonly IReadOnlyList<(WebhookState State, string Value, string Label)> States =
    [
        (WebhookState.Waiting, "waiting", "Waiting"),
        (WebhookState.Applied, "applied", "Applied"),
        (WebhookState.SetAside, "set_aside", "Set aside"),
        (WebhookState.Ignored, "ignored", "Ignored"),
    ];

    public static WebhookState? Parse(string? value)
    {
        foreach (var known in States)
        {
            if (known.Value == value)
            {
                return known.State;
            }
        }

        return null;
    }

    public static (string Word, Tone Tone) Of(WebhookState state) =>
        state switch
        {
            WebhookState.Waiting => ("Waiting", Tone.Accent),
            WebhookState.Applied => ("Applied", Tone.Good),
            WebhookState.SetAside => ("Set aside", Tone.Bad),
            _ => ("Ignored", Tone.Neutral),
        };

    /// <summary>What it reports.</summary>
    public static string What(EventListItem item) =>
        item.Type is { } type ? CampaignWords.Event(type).Sentence
        : item.State == WebhookState.Waiting ? "Not looked at yet."
        : item.Note == WebhookNotes.Domain ? "A sending domain has changed."
        : item.Note == WebhookNotes.NotAMail ? "Something else than a mail."
        : "It cannot be read.";

    /// <summary>Why it is where it is.</summary>
    public static string Why(EventListItem item) =>
        item.State switch
        {
            WebhookState.Waiting when item.WaitsForEmailId is not null =>
                "It names a mail that nobody here has. It is looked for again, for three days at most.",
            WebhookState.Waiting => "It is applied within moments.",
            WebhookState.Applied => "It stands in the recipient's story.",
            WebhookState.SetAside =>
                "It could not be applied, and changed nothing. The log says why; it can be replayed.",
            _ => item.Note switch
            {
                WebhookNotes.Domain =>
                    "What it says is not believed: the provider is asked at once, where the domain is one of this portal's.",
                WebhookNotes.NotAMail => "It is not about a mail. It changed nothing.",
                WebhookNotes.NoRecipient =>
                    "No recipient here has that mail: another program of the same account, or a campaign that was deleted.",
                WebhookNotes.OtherAccount =>
                    "It names a mail that did not go through the account that signed it. It changed nothing.",
                var note => note ?? "It changed nothing.",
            },
        };
}
