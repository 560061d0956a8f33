using AdminPortal.Components.Shared;
using Ledgerpost.Recipients;

namespace AdminPortal.Features.Campaigns.Watch;

/// <summary>The six states as the bar's parts; they add up to the recipients because the counts do.</summary>
public static class LedgerBar
{
    /// <param name="href">The page's address with a filter, and without one for null.</param>
    public static IReadOnlyList<BarSegment> Segments(CampaignCounts counts, string? filter, Func<string?, string> href)
    {
        return
        [
            Part("Accepted", counts.Accepted, BarFill.Good, "accepted"),
            Part("In doubt", counts.InDoubt, BarFill.Working, "in_doubt"),
            Part("Pending", counts.Pending, BarFill.Waiting, "pending"),
            Part("Excluded", counts.Excluded, BarFill.Excluded, "excluded"),
            Part("Refused", counts.Refused, BarFill.Bad, "refused"),
            Part("Unknown", counts.Unknown, BarFill.Unknown, "unknown"),
        ];

        // The chosen part leads back to everybody.
        BarSegment Part(string label, int count, BarFill fill, string value) =>
            new(label, count, fill, href(filter == value ? null : value), filter == value);
    }

    /// <summary>"Opened by 40 people, 12 of these only by a machine"; null where no machine is known to have looked.</summary>
    public static string? Machines(CampaignCounts counts)
    {
        var sentences = new[]
        {
            (Verb: "Opened", All: counts.Opened, Machines: counts.OpenedByMachines),
            (Verb: "Clicked", All: counts.Clicked, Machines: counts.ClickedByMachines),
        }
            .Where(look => look.Machines > 0)
            .Select(look =>
                $"{look.Verb} by {Words.People(look.All)}, {Words.Count(look.Machines)} of these only by a machine: a scanner or a privacy proxy."
            )
            .ToList();
        return sentences.Count == 0 ? null : string.Join(' ', sentences);
    }

    /// <summary>What was reported of the accepted; the same filter, in a line of its own.</summary>
    public static IReadOnlyList<(string Label, int Count, string Value)> Reported(CampaignCounts counts) =>
        [
            ("Delivered", counts.Delivered, "delivered"),
            ("Bounced", counts.Bounced, "bounced"),
            ("Complained", counts.Complained, "complained"),
            ("Opened", counts.Opened, "opened"),
            ("Clicked", counts.Clicked, "clicked"),
        ];
}
