using System.Collections.Frozen;

namespace Ledgerpost.Outbox;

/// <summary>What a tenant's own programs can be told of. Kept by name; the number is the bit of a subscription and never changes.</summary>
public enum EventType
{
    CampaignScheduled = 0,
    CampaignPreparing = 1,
    CampaignSending = 2,
    CampaignPaused = 3,

    /// <summary>A person let a paused one go on.</summary>
    CampaignContinued = 4,

    /// <summary>It stopped by itself, and says why.</summary>
    CampaignPartial = 5,

    /// <summary>A partial one has begun another run.</summary>
    CampaignResumed = 6,
    CampaignSent = 7,
    CampaignCancelled = 8,
    RecipientAccepted = 9,
    RecipientRefused = 10,
    RecipientExcluded = 11,
    RecipientUnknown = 12,
    RecipientDelivered = 13,
    RecipientDelayed = 14,
    RecipientBounced = 15,
    RecipientComplained = 16,
    RecipientFailed = 17,
    RecipientOpened = 18,
    RecipientClicked = 19,
    ContactUnsubscribed = 20,
    DomainVerified = 21,

    /// <summary>The provider has taken a verification back: nothing goes out from it.</summary>
    DomainUnverified = 22,

    /// <summary>A person asked for it, to see whether the address answers; nobody subscribes it.</summary>
    EndpointTest = 31,
}

/// <summary>The names that programs see: <c>campaign.sent</c>.</summary>
public static class EventTypes
{
    private static readonly FrozenDictionary<string, EventType> ByName = Enum.GetValues<EventType>()
        .Where(type => type != EventType.EndpointTest)
        .ToFrozenDictionary(NameOf, StringComparer.Ordinal);

    /// <summary>Those that can be subscribed, in order.</summary>
    public static IReadOnlyList<EventType> All { get; } = [.. ByName.Values.Order()];

    public static string NameOf(EventType type)
    {
        var name = type.ToString();
        var verb = name.LastIndexOf(name.Last(char.IsUpper));
        return $"{name[..verb]}.{name[verb..]}".ToLowerInvariant();
    }

    public static EventType? Find(string name) => ByName.TryGetValue(name, out var type) ? type : null;

    public static long Mask(IEnumerable<EventType> types) => types.Aggregate(0L, (mask, type) => mask | Bit(type));

    public static IReadOnlyList<EventType> Of(long mask) => [.. All.Where(type => (mask & Bit(type)) != 0)];

    internal static long Bit(EventType type) => 1L << (int)type;
}
