using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.OutgoingEvents;

/// <summary>
/// What stands in a delivery: <c>{type, timestamp, data}</c>, with campaigns and recipients as the HTTP API shapes them. Type,
/// instant, state and reason are those of the change; a campaign's counts are those of the moment of the delivery.
/// </summary>
internal static class EventBodies
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    private sealed record Envelope(string Type, DateTimeOffset Timestamp, object Data);

    private sealed record CampaignData(
        Guid Id,
        string? Name,
        string? Subject,
        CampaignStatus Status,
        string? Reason,
        LedgerCounts Counts,
        int Runs,
        DateTimeOffset? CreatedAt,
        DateTimeOffset? FinishedAt
    );

    private sealed record RecipientData(
        Guid? CampaignId,
        Guid? EmailId,
        int Number,
        string? Email,
        Guid? ContactId,
        RecipientState State,
        string? Reason,
        Delivery? Delivery,
        string? ProviderEmailId
    );

    private sealed record DomainData(Guid Id, string? Name, string? Status);

    private sealed record AddressData(string? Email);

    private sealed record TestData(Guid EndpointId, string Message);

    /// <returns>In the order of the deliveries, which are one tenant's.</returns>
    public static async Task<IReadOnlyList<string>> ReadAsync(
        PortalDbContext db,
        IReadOnlyList<EventDelivery> deliveries,
        CancellationToken cancellation
    )
    {
        var campaigns = new Dictionary<Guid, CountedCampaign?>();
        foreach (var id in deliveries.Where(IsCampaigns).Select(row => row.CampaignId!.Value).Distinct())
        {
            campaigns[id] = await CampaignPages.FindAsync(db, id, cancellation);
        }

        var recipients = new Dictionary<(Guid, int), Recipient>();
        foreach (
            var campaign in deliveries
                .Where(row => row.RecipientNumber is not null)
                .GroupBy(row => row.CampaignId!.Value)
        )
        {
            var numbers = campaign.Select(row => row.RecipientNumber!.Value).Distinct().ToList();
            var rows = await db
                .Recipients.AsNoTracking()
                .Where(row => row.CampaignId == campaign.Key && numbers.Contains(row.Number))
                .ToListAsync(cancellation);
            rows.ForEach(row => recipients[(row.CampaignId, row.Number)] = row);
        }

        var ids = recipients.Keys.Select(key => key.Item1).Distinct().ToList();
        var mails = await db
            .Campaigns.Emails()
            .Where(mail => ids.Contains(mail.Id))
            .Select(mail => mail.Id)
            .ToListAsync(cancellation);
        var named = deliveries.Select(row => row.DomainId).OfType<Guid>().ToList();
        var domains =
            named.Count == 0
                ? []
                : await db
                    .SendingDomains.Where(row => named.Contains(row.Id))
                    .ToDictionaryAsync(row => row.Id, row => row.Name, cancellation);
        return
        [
            .. deliveries.Select(row =>
                JsonSerializer.Serialize(
                    new Envelope(
                        EventTypes.NameOf(row.Type),
                        row.OccurredAt,
                        Data(
                            row,
                            row.CampaignId is { } id ? campaigns.GetValueOrDefault(id) : null,
                            recipients.GetValueOrDefault((row.CampaignId ?? Guid.Empty, row.RecipientNumber ?? 0)),
                            row.CampaignId is { } owner && mails.Contains(owner),
                            domains.GetValueOrDefault(row.DomainId ?? Guid.Empty)
                        )
                    ),
                    Json
                )
            ),
        ];
    }

    private static bool IsCampaigns(EventDelivery row) => row is { CampaignId: not null, RecipientNumber: null };

    /// <param name="mail">Whether its campaign is a transactional mail.</param>
    /// <param name="domain">Its name; null when it was removed since.</param>
    private static object Data(
        EventDelivery row,
        CountedCampaign? campaign,
        Recipient? recipient,
        bool mail,
        string? domain
    ) =>
        row switch
        {
            { Type: EventType.EndpointTest } => new TestData(
                row.EndpointId,
                "A test: this address takes events, and nothing has happened."
            ),
            { DomainId: { } id } => new DomainData(id, domain, Snake(row.Reason)),
            { RecipientNumber: { } number } => new RecipientData(
                mail ? null : row.CampaignId,
                mail ? row.CampaignId : null,
                number,
                recipient?.Email,
                recipient?.ContactId,
                StateOf(row.Type),
                Snake(row.Reason),
                DeliveryOf(row.Type),
                recipient?.ProviderEmailId
            ),
            { CampaignId: { } id } => new CampaignData(
                id,
                campaign?.Campaign.Name,
                campaign?.Campaign.Subject,
                StatusOf(row.Type),
                Snake(row.Reason),
                campaign?.Counts ?? new LedgerCounts(),
                campaign?.Campaign.CurrentRun ?? 0,
                campaign?.Campaign.CreatedAt,
                row.Type is EventType.CampaignSent or EventType.CampaignCancelled ? campaign?.Campaign.FinishedAt : null
            ),
            _ => new AddressData(row.Email),
        };

    private static string? Snake(string? name) =>
        name is null ? null : JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    private static CampaignStatus StatusOf(EventType type) =>
        type switch
        {
            EventType.CampaignContinued or EventType.CampaignResumed => CampaignStatus.Sending,
            _ => Enum.Parse<CampaignStatus>(type.ToString()["Campaign".Length..]),
        };

    // Whatever is reported is reported of a mail that the provider has taken.
    private static RecipientState StateOf(EventType type) =>
        type switch
        {
            EventType.RecipientRefused => RecipientState.Refused,
            EventType.RecipientExcluded => RecipientState.Excluded,
            EventType.RecipientUnknown => RecipientState.Unknown,
            _ => RecipientState.Accepted,
        };

    private static Delivery? DeliveryOf(EventType type) =>
        type switch
        {
            EventType.RecipientDelivered => Delivery.Delivered,
            EventType.RecipientDelayed => Delivery.Delayed,
            EventType.RecipientBounced => Delivery.Bounced,
            EventType.RecipientComplained => Delivery.Complained,
            EventType.RecipientFailed => Delivery.Failed,
            _ => null,
        };
}
