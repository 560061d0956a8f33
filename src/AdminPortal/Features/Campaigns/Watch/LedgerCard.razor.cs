using AdminPortal.Components.Shared;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Campaigns.Watch;

/// <summary>The ledger in one bar, how fast it moves, and the receipt of the runs.</summary>
public sealed partial class LedgerCard
{
    [Inject]
    public required TimeProvider Time { get; init; }

    [Parameter, EditorRequired]
    public required ProgressSnapshot Snapshot { get; set; }

    /// <summary>The list's filter, as in the address.</summary>
    [Parameter]
    public string? Filter { get; set; }

    /// <summary>The page's address with another filter.</summary>
    [Parameter, EditorRequired]
    public required Func<string?, string> Href { get; set; }

    private CampaignCounts Counts => Snapshot.Counts;

    /// <summary>One sentence while it moves; null when it stands.</summary>
    private string? Pace
    {
        get
        {
            if (Snapshot.Campaign.Status == CampaignStatus.Preparing)
            {
                return "The audience is being taken into the ledger.";
            }

            if (Snapshot.Campaign.Status != CampaignStatus.Sending)
            {
                return null;
            }

            var now = Time.GetUtcNow();
            var parts = new List<string>();
            if (Snapshot.MailsPerSecond is { } rate)
            {
                parts.Add($"{(rate >= 10 ? Words.Count((long)rate) : rate.ToString("0.#"))} mails a second");
            }

            if (Snapshot.EstimatedFinish is { } finish)
            {
                parts.Add($"done in about {Words.Duration(finish - now)}");
            }

            if (Snapshot.NextAttemptAt is { } next && next > now)
            {
                parts.Add($"a call that was not answered is repeated in {Words.Duration(next - now)}");
            }

            return parts.Count == 0 ? "The first calls are on their way." : Sentence(string.Join(", ", parts));
        }
    }

    private static string Sentence(string text) => char.ToUpperInvariant(text[0]) + text[1..] + ".";
}
