using System.Globalization;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Webhooks;

/// <summary>What became of a call before any event about it came in.</summary>
public enum CallFate
{
    Settled,

    /// <summary>Its answer was lost: in doubt, or unknown when its window is over.</summary>
    Lost,
}

/// <summary>How an event names its mail.</summary>
public enum TagForm
{
    Object,
    List,

    /// <summary>By the provider's id alone.</summary>
    None,
}

/// <summary>One thing that the provider reports.</summary>
/// <param name="Campaign">0 or 1.</param>
/// <param name="Recipient">1 to <see cref="EventHistory.People"/>.</param>
/// <param name="Minute">Since the mail was sent, by the provider's clock.</param>
/// <param name="Variant">Bounce types, user agents and words differ by it.</param>
public sealed record Told(int Campaign, int Recipient, string Type, int Minute, TagForm Tags, bool OldTime, int Variant)
{
    private static readonly string[] Bounces = ["Permanent", "Transient", "Undetermined"];

    private static readonly string[] Agents =
    [
        "Mozilla/5.0",
        "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0",
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    ];

    public string Body(Mail mail)
    {
        var at = new DateTimeOffset(2026, 3, 2, 9, 0, 0, 123, TimeSpan.Zero).AddMinutes(Minute);
        var (look, bounce) = (Agents[Variant % Agents.Length], Bounces[Variant % Bounces.Length]);
        var data = new Dictionary<string, object?>
        {
            ["email_id"] = mail.Id,
            ["to"] = new[] { mail.To },
            ["tags"] = TagsOf(mail),
            ["something_new"] = new { deep = new[] { 1, 2 } },
            ["bounce"] =
                Type == "email.bounced"
                    ? new
                    {
                        type = bounce,
                        subType = "General",
                        message = $"No {Variant}",
                    }
                    : null,
            ["open"] = Type == "email.opened" ? new { userAgent = look, ipAddress = "192.0.2.1" } : null,
            ["click"] =
                Type == "email.clicked" ? new { userAgent = look, link = $"https://example.org/{Variant}" } : null,
            ["failed"] = Type == "email.failed" ? new { reason = "reached_daily_quota" } : null,
        };
        return JsonSerializer.Serialize(
            new Dictionary<string, object?>
            {
                ["type"] = Type,
                ["created_at"] = at.ToString(
                    OldTime ? "yyyy-MM-dd HH:mm:ss.ffffff+00" : "yyyy-MM-ddTHH:mm:ss.fffZ",
                    CultureInfo.InvariantCulture
                ),
                ["data"] = data.Where(part => part.Value is not null).ToDictionary(),
            }
        );
    }

    private object? TagsOf(Mail mail)
    {
        (string Name, string Value)[] tags =
        [
            ("campaign", mail.CampaignTag),
            ("recipient", mail.Recipient.ToString(CultureInfo.InvariantCulture)),
            ("chunk", mail.Chunk.ToString(CultureInfo.InvariantCulture)),
            ("generation", mail.Generation.ToString(CultureInfo.InvariantCulture)),
        ];
        return Tags switch
        {
            TagForm.Object => tags.ToDictionary(tag => tag.Name, tag => tag.Value),
            TagForm.List => tags.Select(tag => new { name = tag.Name, value = tag.Value }).ToList(),
            _ => null,
        };
    }
}

/// <summary>Two campaigns to the same people, and everything that the provider reports of their mails.</summary>
/// <param name="Expired">What was lost has become unknown before the first event comes.</param>
public sealed record EventHistory(CallFate First, CallFate Second, bool Expired, IReadOnlyList<Told> Events, int Seed)
{
    public const int People = 3;

    private static readonly string[] Types =
    [
        "email.sent",
        "email.delivered",
        "email.delivery_delayed",
        "email.bounced",
        "email.complained",
        "email.opened",
        "email.clicked",
        "email.failed",
        "email.suppressed",
        "email.scheduled",
    ];

    public CallFate Fate(int campaign) => campaign == 0 ? First : Second;

    public static Gen<EventHistory> Any =>
        from first in Gen.Elements(CallFate.Settled, CallFate.Lost)
        from second in Gen.Elements(CallFate.Settled, CallFate.Lost)
        from expired in Gen.Elements(true, false)
        from more in Gen.Choose(3, 24)
        from told in OneOf(Types).ArrayOf(more)
        from seed in Gen.Choose(0, int.MaxValue - 1)
        // Of each mail at least that it was sent, with its tags.
        select new EventHistory(
            first,
            second,
            expired,
            [
                .. from campaign in new[] { 0, 1 }
                from recipient in Enumerable.Range(1, People)
                select new Told(campaign, recipient, "email.sent", 0, TagForm.Object, OldTime: false, 0),
                .. told,
            ],
            seed
        );

    private static Gen<Told> OneOf(string[] types) =>
        from campaign in Gen.Choose(0, 1)
        from recipient in Gen.Choose(1, People)
        from type in Gen.Elements(types)
        from minute in Gen.Choose(0, 5)
        from tags in Gen.Frequency(
            (3, Gen.Constant(TagForm.Object)),
            (1, Gen.Constant(TagForm.List)),
            (1, Gen.Constant(TagForm.None))
        )
        from old in Gen.Elements(true, false)
        from variant in Gen.Choose(0, 5)
        select new Told(campaign, recipient, type, minute, tags, old, variant);
}
