using AdminPortal.Components.Layout;
using AdminPortal.Components.Shared;

namespace AdminPortal.Components.Dev;

/// <summary>Made-up data of the gallery.</summary>
internal static class GallerySample
{
    private static readonly ShellTenant Demo = new("demo", "Northwind Post", "Owner");

    public static ShellView View { get; } =
        new(
            new ShellPerson("Ada Lovelace", "ada@northwind.example", Operator: true),
            [
                Demo,
                new ShellTenant("second", "Second Harvest Cooperative of the Upper Valley and Surroundings", "Editor"),
                new ShellTenant("third", "Third", "Viewer"),
            ],
            Demo,
            [new ShellBanner(Tone.Warn, "All sending is stopped by the operator. Campaigns wait and lose nothing.")],
            Emulator: true,
            EmulatorInboxHref: "/emulator"
        );

    public static IReadOnlyList<BarSegment> Ledger(string? selected) =>
        [
            .. new (string Label, long Count, BarFill Fill)[]
            {
                ("Accepted", 2300, BarFill.Good),
                ("In doubt", 100, BarFill.Working),
                ("Pending", 2512, BarFill.Waiting),
                ("Excluded", 71, BarFill.Excluded),
                ("Refused", 12, BarFill.Bad),
                ("Unknown", 5, BarFill.Unknown),
            }.Select(part => new BarSegment(
                part.Label,
                part.Count,
                part.Fill,
                $"{PortalUrls.Gallery}?state={Uri.EscapeDataString(part.Label)}",
                part.Label == selected
            )),
        ];

    public static IReadOnlyList<GalleryPerson> People { get; } =
    [
        .. Enumerable
            .Range(1, 1000)
            .Select(number => new GalleryPerson(
                number,
                number % 7 == 0
                    ? $"a.very.long.address.that.does.not.want.to.end.{number}@subdomain.of.a.long.example.org"
                    : $"person{number}@example.org",
                number % 3 == 0 ? "" : $"Person {Words.Count(number)}",
                (number % 5) switch
                {
                    0 => ("Bounced", Tone.Bad),
                    1 => ("Pending", Tone.Neutral),
                    2 => ("In doubt", Tone.Warn),
                    _ => ("Accepted", Tone.Good),
                }
            )),
    ];
}

/// <summary>A row of the gallery's tables.</summary>
public sealed record GalleryPerson(int Number, string Email, string Name, (string Word, Tone Tone) State);
