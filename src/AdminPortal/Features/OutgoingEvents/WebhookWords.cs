using AdminPortal.Components.Shared;
using Ledgerpost.Outbox;
using Ledgerpost.OutgoingEvents;

namespace AdminPortal.Features.OutgoingEvents;

/// <summary>Endpoints and deliveries in words.</summary>
public static class WebhookWords
{
    /// <summary>In the order of the filter; the value stands in the address.</summary>
    public static readonly IReadOnlyList<(string Value, string Label)> States =
    [
        ("waiting", "Waiting"),
        ("delivered", "Delivered"),
        ("failed", "Failed"),
    ];

    public static DeliveryState? Parse(string? value) =>
        value switch
        {
            "waiting" => DeliveryState.Waiting,
            "delivered" => DeliveryState.Delivered,
            "failed" => DeliveryState.Failed,
            _ => null,
        };

    public static (string Word, Tone Tone) Of(DeliveryRow row) =>
        row switch
        {
            { State: DeliveryState.Delivered } => ("Delivered", Tone.Good),
            { State: DeliveryState.Failed } => ("Failed", Tone.Bad),
            { Tries: 0 } => ("Waiting", Tone.Neutral),
            _ => ("Trying again", Tone.Warn),
        };

    public static (string Word, Tone Tone) Of(EndpointRow row) =>
        row switch
        {
            { State: EndpointState.Disabled, DisabledReason: DisabledReason.Person } => ("Switched off", Tone.Neutral),
            { State: EndpointState.Disabled } => ("Disabled", Tone.Bad),
            { FailingSince: not null } => ("Failing", Tone.Warn),
            _ => ("On", Tone.Good),
        };

    public static string Why(EndpointRow row) =>
        row.DisabledReason switch
        {
            DisabledReason.Failing =>
                "Nothing came through for five days, so it was disabled. Nothing is written for it now; what waited then is kept.",
            DisabledReason.Gone =>
                "It answered 410 Gone, so it was disabled. Nothing is written for it now; what waited then is kept.",
            _ => "It is switched off. Nothing is written for it; what waited then is kept.",
        };

    /// <summary>What a person chooses by: each with its explanation.</summary>
    public static string Explained(EventType type) =>
        type switch
        {
            EventType.CampaignScheduled => "its content is frozen and its time is set",
            EventType.CampaignPreparing => "it was launched",
            EventType.CampaignSending => "its audience is taken, mails go out",
            EventType.CampaignPaused => "a person stopped it",
            EventType.CampaignContinued => "a person let a paused one go on",
            EventType.CampaignPartial => "it stopped by itself, and says why",
            EventType.CampaignResumed => "a partial one has begun another run",
            EventType.CampaignSent => "everybody is settled",
            EventType.CampaignCancelled => "a person ended it",
            EventType.RecipientAccepted => "the provider took the mail",
            EventType.RecipientRefused => "the provider refused the address",
            EventType.RecipientExcluded => "must not be mailed: unsubscribed, suppressed, cancelled",
            EventType.RecipientUnknown => "whether the mail went out is not known",
            EventType.RecipientDelivered => "the mail arrived",
            EventType.RecipientDelayed => "it is late",
            EventType.RecipientBounced => "it came back",
            EventType.RecipientComplained => "it was called spam",
            EventType.RecipientFailed => "the provider could not send it",
            EventType.RecipientOpened => "each opening, machines' too",
            EventType.RecipientClicked => "each click, machines' too",
            EventType.DomainVerified => "the provider has verified a sending domain",
            EventType.DomainUnverified => "it has taken that back; nothing goes out from it",
            _ => "an address asked not to be written to",
        };
}
