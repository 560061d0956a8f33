using AdminPortal.Components.Shared;
using Ledgerpost.Sending;

namespace AdminPortal.Features.Campaigns.Watch;

/// <summary>What it means to continue a Partial campaign in a new one.</summary>
public static class FollowUpQuestion
{
    public static Confirmation Of(string name, ResumePreviewResult preview)
    {
        var people = Words.People(preview.WillSend);
        var stay = preview.InDoubt + preview.Unknown;
        var sentences = new List<string>
        {
            $"A draft is made with the same content, to the {people} who wait here. You can change its text before you launch it.",
            "This campaign is then not resumed any more: nobody can get both.",
            "If you delete the draft, they wait here again.",
        };
        if (stay > 0)
        {
            sentences.Add(
                $"{Words.People(stay)} in doubt or unknown stay here, and the new campaign does not mail them."
            );
        }

        return new Confirmation($"Continue \u201c{name}\u201d in a new campaign?", sentences, "Make the draft");
    }
}
