using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Shared;

public sealed partial class Icon
{
    private static readonly Dictionary<string, string> Paths = new(StringComparer.Ordinal)
    {
        ["audit"] = "M6 3h6l4 4v10H6zM12 3v4h4M8.5 11h5M8.5 14h5",
        ["campaigns"] = "M17.5 3 2.5 8.5l6 2.5 2.5 6zM8.5 11l3.5-3.5",
        ["check"] = "m4 10.5 4 4 8-9",
        ["chevron"] = "m6 8 4 4 4-4",
        ["chevron-left"] = "m12 5-5 5 5 5",
        ["chevron-right"] = "m8 5 5 5-5 5",
        ["close"] = "m5 5 10 10M15 5 5 15",
        ["contacts"] =
            "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M2 16.5c0-3 2.5-4.5 5.5-4.5s5.5 1.5 5.5 4.5M13 4a2.7 2.7 0 0 1 0 5.2M15 12.4c1.9.6 3 2 3 4.1",
        ["copy"] = "M7 7h9.5v9.5H7zM13 7V3.5H3.5V13H7",
        ["dashboard"] = "M3 3h6v8H3zM11.5 3H17v4.500h-5.500zM11.5 10H17v7h-5.500zM3 13.500h6V17H3z",
        ["danger"] = "M10 3 1.800 17h16.400zM10 8v4M10 14.500v.1",
        ["dark"] = "M16.500 12A7 7 0 0 1 8 3.500a7 7 0 1 0 8.500 8.500",
        ["download"] = "M10 3v10M6 9.500l4 4 4-4M3.500 17h13",
        ["emails"] = "M4 3h12v14H4zM7 7h6M7 10h6M7 13h3",
        ["filter"] = "M3 5h14M6 10h8M8.500 15h3",
        ["info"] = "M10 17.500a7.500 7.500 0 1 0 0-15 7.500 7.500 0 0 0 0 15M10 9.500v4M10 6.500v.1",
        ["light"] =
            "M10 13.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7M10 2v1.500M10 16.500V18M2 10h1.500M16.500 10H18M4.300 4.300l1.100 1.100M14.600 14.600l1.100 1.100M4.300 15.700l1.100-1.100M14.600 5.400l1.100-1.100",
        ["menu"] = "M3 5.500h14M3 10h14M3 14.500h14",
        ["more"] = "M4.500 10h.01M10 10h.01M15.500 10h.01",
        ["operator"] = "M10 2.500 3.500 5v5c0 4 2.800 6.300 6.500 7.500 3.700-1.200 6.500-3.500 6.500-7.500V5z",
        ["pause"] = "M7 4.500v11M13 4.500v11",
        ["person"] =
            "M10 10a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7M3.500 17c0-3.200 2.900-5 6.500-5s6.500 1.800 6.500 5",
        ["play"] = "M6 4v12l10-6z",
        ["plus"] = "M10 4v12M4 10h12",
        ["search"] = "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12M13.500 13.500 17 17",
        ["segments"] = "M10 2.500v7.500l6.500 3.800M10 17.500a7.500 7.500 0 1 0 0-15 7.500 7.500 0 0 0 0 15",
        ["senders"] = "M2.500 4.500h15v11h-15zM2.500 5.500 10 11l7.500-5.500",
        ["settings"] = "M3 6h8M15 6h2M3 14h2M9 14h8M13 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4M7 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4",
        ["suppression"] = "M10 17.500a7.500 7.500 0 1 0 0-15 7.500 7.500 0 0 0 0 15M4.800 4.800l10.400 10.400",
        ["system"] = "M2.500 3.500h15v10h-15zM7 17h6M10 13.500V17",
        ["tenant"] = "M3.500 17.500v-14h8v14M11.500 8h5v9.500M2 17.500h16M6.500 7h2M6.500 10.500h2",
        ["templates"] = "M3 3h14v4H3zM3 10h6v7H3zM12 10h5v7h-5z",
        ["upload"] = "M10 13.500V3.500M6 7l4-4 4 4M3.500 17h13",
    };

    /// <summary>One of the names in the table above; an unknown one draws a dot, so that a slip shows and breaks nothing.</summary>
    [Parameter, EditorRequired]
    public required string Name { get; set; }

    /// <summary>In CSS pixels.</summary>
    [Parameter]
    public int Size { get; set; } = 18;

    private string Path => Paths.GetValueOrDefault(Name, "M10 10h.01");
}
