using AdminPortal.Components.Shared;
using Ledgerpost.Suppression;

namespace AdminPortal.Features.Contacts;

internal static class SuppressionWords
{
    /// <summary>What was seen on the list is not what stands there now.</summary>
    public const string Changed = "Why it is not mailed has changed meanwhile. Look at it again.";

    public static (string Word, Tone Tone) Of(SuppressionReason? reason) =>
        reason switch
        {
            null => ("Subscribed", Tone.Good),
            SuppressionReason.Unsubscribed => ("Unsubscribed", Tone.Neutral),
            SuppressionReason.Manual => ("Blocked", Tone.Neutral),
            SuppressionReason.Bounced => ("Bounced", Tone.Bad),
            _ => ("Complained", Tone.Bad),
        };

    /// <summary>What it means to take an address with this reason off the list.</summary>
    public static string Warning(SuppressionReason reason) =>
        reason switch
        {
            SuppressionReason.Unsubscribed =>
                "This person asked not to be mailed. Only do this if they asked to be mailed again.",
            SuppressionReason.Manual => "Somebody in your organisation blocked this address.",
            SuppressionReason.Bounced =>
                "Mail to this address came back. If it does again, your domain's reputation suffers.",
            _ => "This person reported your mail as spam. Mailing them again may get your domain blocked.",
        };
}
