using System.Text;
using AdminPortal.Components.Shared;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;

namespace AdminPortal.Features.Campaigns.Watch;

/// <param name="Facts">Smaller print below the sentence.</param>
public sealed record TimelineLine(string Sentence, Tone Tone, IReadOnlyList<string> Facts);

/// <summary>A recipient's state and story in plain sentences.</summary>
public static class RecipientSentence
{
    public static string Of(RecipientListItem recipient) =>
        recipient.State switch
        {
            RecipientState.Pending => "Waits for its turn; nothing was sent.",
            RecipientState.InDoubt =>
                "In doubt: a call was made, and whether the provider took the mail is not proven yet.",
            RecipientState.Accepted when recipient.AssumedBy is { } by =>
                $"Counts as sent because {by} decided so; nothing proves it.",
            RecipientState.Accepted => $"The provider has the mail{Run(recipient)}{Reported(recipient)}.",
            RecipientState.Refused => $"Refused: {CampaignWords.Reason(recipient.Reason)}. It was not sent.",
            RecipientState.Excluded => $"Excluded: {CampaignWords.Reason(recipient.Reason)}. It was not sent.",
            RecipientState.Unknown =>
                "Unknown: the call's answer never came and its key has run out. It is not mailed again.",
            _ => recipient.State.ToString(),
        };

    public static TimelineLine Of(TimelineEntry entry) =>
        entry switch
        {
            TimelineEntry.Frozen => new("Taken into the ledger at the launch.", Tone.Neutral, []),
            TimelineEntry.Attempted attempt => Attempt(attempt),
            TimelineEntry.Reported reported => Event(reported),
            TimelineEntry.Decided decided => new(
                decided.Decision == UnknownDecision.SendAgain
                    ? $"{decided.By} decided to send again, although the mail may have gone out."
                    : $"{decided.By} decided that it counts as sent.",
                Tone.Warn,
                [$"About chunk {decided.Chunk}"]
            ),
            TimelineEntry.Settled settled => Settled(settled),
            _ => new(entry.GetType().Name, Tone.Neutral, []),
        };

    /// <summary>As plain text, for a ticket or a mail.</summary>
    public static string Story(RecipientTimelineView view, TimeZoneInfo? zone)
    {
        var text = new StringBuilder();
        text.AppendLine($"{view.Recipient.Email} (recipient {view.Recipient.Number})");
        text.AppendLine(Of(view.Recipient));
        foreach (var entry in view.Entries)
        {
            var line = Of(entry);
            text.AppendLine($"{Words.Exact(entry.At, zone)}  {line.Sentence}");
            foreach (var fact in line.Facts)
            {
                text.AppendLine($"    {fact}");
            }

            if (entry is TimelineEntry.Attempted attempt)
            {
                text.AppendLine($"    key {attempt.Key}");
            }
        }

        return text.ToString();
    }

    private static TimelineLine Attempt(TimelineEntry.Attempted attempt)
    {
        var (sentence, tone) = CampaignWords.Of(attempt.Outcome);
        var others = attempt.Others == 0 ? "alone" : $"with {Words.Count(attempt.Others, "other", "others")}";
        var facts = new List<string>
        {
            $"Run {attempt.Run}, chunk {attempt.Chunk}{CampaignWords.HalfOf(attempt.HalfOf)}, attempt {attempt.Number}, {others}",
        };
        if (attempt.HttpStatus is { } status)
        {
            var took = attempt.Took is { } span ? $" after {span.TotalMilliseconds:N0} ms" : "";
            facts.Add($"HTTP {status}{(attempt.ErrorName is { } name ? $" {name}" : "")}{took}");
        }

        if (attempt.Message is { Length: > 0 } message)
        {
            facts.Add(message);
        }

        if (attempt.ProviderId is { } id)
        {
            facts.Add($"Provider's id {id}");
        }

        return new TimelineLine($"Call to the provider. {sentence}", tone, facts);
    }

    private static TimelineLine Event(TimelineEntry.Reported reported)
    {
        var (sentence, tone) = CampaignWords.Event(reported.Type);
        var facts = new List<string>();
        if (reported.Machine is { } machine)
        {
            facts.Add($"By a machine: {machine}");
        }

        if (reported.Detail is { Length: > 0 } detail)
        {
            facts.Add(detail);
        }

        return new TimelineLine(sentence, tone, facts);
    }

    private static TimelineLine Settled(TimelineEntry.Settled settled)
    {
        var (word, tone) = CampaignWords.Of(settled.State);
        var reason = settled.Reason is null ? "" : $": {CampaignWords.Reason(settled.Reason)}";
        return new TimelineLine($"{word}{reason}.", tone, settled.Detail is { Length: > 0 } detail ? [detail] : []);
    }

    private static string Run(RecipientListItem recipient) =>
        recipient.AcceptedRun is { } run ? $", sent in run {run}" : "";

    private static string Reported(RecipientListItem recipient) =>
        (CampaignWords.Of(recipient.Delivery) is { } said ? $"; {said.Word.ToLowerInvariant()}" : "")
        + recipient.Bounce switch
        {
            BounceType.Permanent => ", for good: the address is on the suppression list",
            BounceType.Transient => ", for now: the address can be mailed again",
            BounceType.Undetermined => ", and the provider does not know why",
            _ => "",
        };
}
