using AdminPortal.Components.Shared;
using Ledgerpost.Sending;

namespace AdminPortal.Features.Campaigns.Compose;

/// <summary>The one dialog before a launch: from whom, to how many, who is left out and why, when done.</summary>
public static class LaunchQuestion
{
    public static Confirmation Of(string name, string audience, LaunchPreviewResult preview, DateTimeOffset now)
    {
        var excluded = preview.Excluded.Sum(row => row.Count);
        var sentences = new List<string>
        {
            $"From {preview.From}.",
            $"To {Words.People(preview.WillSend)}: {audience}.",
        };
        if (excluded > 0)
        {
            var verb = excluded == 1 ? "is" : "are";
            sentences.Add($"{Words.People(excluded)} {verb} left out: {CampaignWords.List(preview.Excluded)}.");
        }

        if (preview.EstimatedFinish is { } finish && finish > now)
        {
            sentences.Add(
                $"At the provider's present rate the last mail leaves in about {Words.Duration(finish - now)}."
            );
        }

        sentences.Add("What is written now is what everybody gets; later changes do not reach this campaign.");
        return new Confirmation(
            $"Launch \u201c{name}\u201d to {Words.People(preview.WillSend)}?",
            sentences,
            $"Launch to {Words.People(preview.WillSend)}"
        );
    }
}
