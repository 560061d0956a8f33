using System.Globalization;

namespace Ledgerpost.Sending;

/// <summary>A mail's place in the ledger, carried by the mail itself: an event that names it proves it, even if our settle never came.</summary>
public sealed record MailTags(Guid CampaignId, int Recipient, int Chunk, int Generation)
{
    private const string CampaignTag = "campaign";
    private const string RecipientTag = "recipient";
    private const string ChunkTag = "chunk";
    private const string GenerationTag = "generation";

    public IReadOnlyList<(string Name, string Value)> All =>
        Named(
            CampaignId.ToString("N"),
            Recipient.ToString(CultureInfo.InvariantCulture),
            Chunk.ToString(CultureInfo.InvariantCulture),
            Generation.ToString(CultureInfo.InvariantCulture)
        );

    internal static IReadOnlyList<(string Name, string Value)> Named(
        string campaign,
        string recipient,
        string chunk,
        string generation
    ) => [(CampaignTag, campaign), (RecipientTag, recipient), (ChunkTag, chunk), (GenerationTag, generation)];

    /// <returns>Null when any of them is missing or is not ours.</returns>
    public static MailTags? TryRead(IReadOnlyDictionary<string, string> tags) =>
        tags.TryGetValue(CampaignTag, out var campaign)
        && Guid.TryParseExact(campaign, "N", out var campaignId)
        && Number(tags, RecipientTag) is { } recipient
        && Number(tags, ChunkTag) is { } chunk
        && Number(tags, GenerationTag) is { } generation
            ? new MailTags(campaignId, recipient, chunk, generation)
            : null;

    private static int? Number(IReadOnlyDictionary<string, string> tags, string name) =>
        tags.TryGetValue(name, out var text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
