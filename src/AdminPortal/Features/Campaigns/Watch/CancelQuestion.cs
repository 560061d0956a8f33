using AdminPortal.Components.Shared;
using Ledgerpost.Recipients;

namespace AdminPortal.Features.Campaigns.Watch;

/// <summary>What a cancel means, in numbers.</summary>
public static class CancelQuestion
{
    public static Confirmation Of(string name, CampaignCounts counts)
    {
        var sentences = new List<string>
        {
            counts.Pending == 0
                ? "Nobody is waiting any more."
                : $"{Words.People(counts.Pending)} still waiting will never get it.",
            $"{Words.People(counts.Accepted)} got it already; that cannot be taken back.",
        };
        if (counts.InDoubt > 0)
        {
            sentences.Add(
                $"{Words.People(counts.InDoubt)} in doubt: nothing is repeated any more, and proof is still taken."
            );
        }

        sentences.Add("A cancelled campaign cannot be resumed.");
        return new Confirmation($"Cancel \u201c{name}\u201d?", sentences, "Cancel the campaign", Danger: true);
    }
}
