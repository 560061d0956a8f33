using Ledgerpost.Recipients;

namespace AdminPortal.Features.Campaigns.Watch;

/// <summary>The one filter of the recipients' list, as it stands in the address: a state or what was reported.</summary>
public sealed record LedgerFilter(string Value, string Label, RecipientState? State, DeliveryFilter? Delivery)
{
    public static IReadOnlyList<LedgerFilter> All { get; } =
    [
        Of(RecipientState.Accepted, "accepted"),
        Of(RecipientState.InDoubt, "in_doubt"),
        Of(RecipientState.Pending, "pending"),
        Of(RecipientState.Excluded, "excluded"),
        Of(RecipientState.Refused, "refused"),
        Of(RecipientState.Unknown, "unknown"),
        new("delivered", "Delivered", null, DeliveryFilter.Delivered),
        new("bounced", "Bounced", null, DeliveryFilter.Bounced),
        new("complained", "Complained", null, DeliveryFilter.Complained),
        new("failed", "Failed at the provider", null, DeliveryFilter.Failed),
        new("opened", "Opened", null, DeliveryFilter.Opened),
        new("clicked", "Clicked", null, DeliveryFilter.Clicked),
        new("silent", "Accepted, nothing heard since", null, DeliveryFilter.Silent),
    ];

    /// <returns>Null for no filter, and for one that does not exist.</returns>
    public static LedgerFilter? Parse(string? value) => All.FirstOrDefault(filter => filter.Value == value);

    private static LedgerFilter Of(RecipientState state, string value) =>
        new(value, CampaignWords.Of(state).Word, state, null);
}
