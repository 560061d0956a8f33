using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Shared;

/// <summary>How a part of the bar is filled.</summary>
public enum BarFill
{
    Good,
    Working,
    Waiting,
    Excluded,
    Bad,
    Unknown,
}

/// <summary>One part of the bar and one line of its legend.</summary>
/// <param name="Href">The same page with this part as its filter; null when there is nothing to filter.</param>
/// <param name="Selected">The page is filtered by this part.</param>
public sealed record BarSegment(string Label, long Count, BarFill Fill, string? Href = null, bool Selected = false);

/// <summary>
/// The ledger as one bar: parts that add up to the total, whose legend is the counts and the filter. The legend says all
/// that the bar shows, so the bar itself is for the eye only.
/// </summary>
public sealed partial class SegmentedBar
{
    [Parameter, EditorRequired]
    public required IReadOnlyList<BarSegment> Segments { get; set; }

    [Parameter]
    public string TotalLabel { get; set; } = "Recipients";

    private long Total => Segments.Sum(segment => segment.Count);

    private static string Fill(BarSegment segment) => segment.Fill.ToString().ToLowerInvariant();

    private string Share(BarSegment segment) =>
        ((double)segment.Count / Total).ToString("0.######", CultureInfo.InvariantCulture);
}
