using System.Globalization;
using System.Runtime.CompilerServices;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Outbox;

/// <summary>What was reported of one recipient's mail.</summary>
/// <param name="Source">The same for the same report.</param>
internal sealed record ReportedEvent(
    string Source,
    int Number,
    EventType Type,
    DateTimeOffset OccurredAt,
    string? Detail
);

/// <summary>
/// Writes events for whoever has subscribed them, in the transaction of the change: one statement for all the rows that it
/// changed, and none of it is held in memory. Without an endpoint the statement finds none and ends
/// (docs/decisions/0014).
/// </summary>
internal static class EventOutbox
{
    private const string Columns = """
        "TenantId", "Id", "EndpointId", "Type", "OccurredAt", "CampaignId", "RecipientNumber", "Reason", "Email", "State",
        "NotBefore", "Tries", "Replays"
        """;

    private const int MaxReason = 200;

    private static readonly (string State, EventType Type)[] States =
    [
        ("Accepted", EventType.RecipientAccepted),
        ("Refused", EventType.RecipientRefused),
        ("Excluded", EventType.RecipientExcluded),
        ("Unknown", EventType.RecipientUnknown),
    ];

    /// <summary>Of a recipient's state.</summary>
    public static readonly long StateMask = EventTypes.Mask(States.Select(pair => pair.Type));

    private static readonly string BitOfState = string.Create(
        CultureInfo.InvariantCulture,
        $"CASE r.\"State\" {string.Join(' ', States.Select(pair => string.Create(CultureInfo.InvariantCulture, $"WHEN '{pair.State}' THEN {EventTypes.Bit(pair.Type)}")))} END"
    );

    /// <summary>A condition of its own statement, or a column of another's, which then costs nothing more.</summary>
    /// <param name="tenant">The place of the tenant's parameter.</param>
    /// <param name="mask">The place of the bits' parameter.</param>
    public static string IsWanted(string tenant, string mask) =>
        $$"""
            EXISTS (SELECT 1 FROM "EventEndpoints" AS e
                WHERE e."TenantId" = {{tenant}} AND e."State" = 'Enabled' AND (e."Events" & {{mask}}) <> 0)
            """;

    /// <summary>A campaign has moved. Of a transactional mail nothing is told but what becomes of its recipient.</summary>
    /// <param name="reason">Of one that stopped by itself.</param>
    public static Task CampaignAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        EventType type,
        string? reason,
        DateTimeOffset now,
        CancellationToken cancellation
    ) => OneAsync(db, tenantId, type, campaignId, email: null, domainId: null, reason, now, cancellation);

    /// <summary>Somebody has asked not to be written to.</summary>
    public static Task UnsubscribedAsync(
        PortalDbContext db,
        Guid tenantId,
        string email,
        DateTimeOffset now,
        CancellationToken cancellation
    ) => OneAsync(db, tenantId, EventType.ContactUnsubscribed, null, email, null, null, now, cancellation);

    /// <summary>The provider has verified a domain, or taken that back.</summary>
    /// <param name="status">Its word, as it is kept.</param>
    public static Task DomainAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid domainId,
        EventType type,
        string status,
        DateTimeOffset now,
        CancellationToken cancellation
    ) => OneAsync(db, tenantId, type, null, null, domainId, status, now, cancellation);

    /// <summary>
    /// Every recipient of these numbers that the transaction has accepted, refused, excluded or made unknown: whose row bears
    /// its instant.
    /// </summary>
    /// <param name="now">The transaction's.</param>
    public static Task RecipientsAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        DateTimeOffset now,
        CancellationToken cancellation,
        int first = 1,
        int last = int.MaxValue
    ) =>
        db.ExecuteAsync(
            FormattableStringFactory.Create(
                $$"""
                INSERT INTO "EventDeliveries" ({{Columns}})
                SELECT r."TenantId", {{Id(db, "{4}", "r.\"Number\"")}}, e."Id", 'Recipient' || r."State", {2},
                    r."CampaignId", r."Number", r."Reason", NULL, 'Waiting', {2}, 0, 0
                FROM "EventEndpoints" AS e CROSS JOIN "Recipients" AS r
                WHERE e."TenantId" = {0} AND e."State" = 'Enabled' AND (e."Events" & {3}) <> 0
                    AND r."TenantId" = {0} AND r."CampaignId" = {1} AND r."Number" BETWEEN {5} AND {6}
                    AND ((r."State" = 'Accepted' AND r."AcceptedAt" = {2})
                        OR (r."State" IN ('Refused', 'Excluded', 'Unknown') AND r."UpdatedAt" = {2}))
                    AND (e."Events" & {{BitOfState}}) <> 0
                ON CONFLICT DO NOTHING
                """,
                tenantId,
                campaignId,
                InstantConverter.ToMicroseconds(now),
                StateMask,
                Prefix(now, $"{campaignId:N}/recipients/{InstantConverter.ToMicroseconds(now)}"),
                first,
                last
            ),
            cancellation
        );

    /// <summary>What the provider has reported, each once.</summary>
    public static async Task ReportedAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        IReadOnlyCollection<ReportedEvent> reports,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var mask = EventTypes.Mask(reports.Select(report => report.Type));
        if (mask == 0 || !await IsWantedAsync(db, tenantId, mask, cancellation))
        {
            return;
        }

        await db.ExecuteAsync(
            FormattableStringFactory.Create(
                $$"""
                INSERT INTO "EventDeliveries" ({{Columns}})
                SELECT e."TenantId", {{Id(db, "report.key", "0")}}, e."Id", report.value ->> 1,
                    CAST(report.value ->> 3 AS BIGINT), {1}, CAST(report.value ->> 0 AS INTEGER), report.value ->> 4, NULL,
                    'Waiting', {2}, 0, 0
                FROM "EventEndpoints" AS e CROSS JOIN {{JsonRows.Each(db, "{3}")}} AS report
                WHERE e."TenantId" = {0} AND e."State" = 'Enabled'
                    AND (e."Events" & CAST(report.value ->> 2 AS BIGINT)) <> 0
                ON CONFLICT DO NOTHING
                """,
                tenantId,
                campaignId,
                InstantConverter.ToMicroseconds(now),
                JsonRows.Arrays(
                    reports,
                    report => Prefix(now, report.Source),
                    (json, report) =>
                    {
                        json.WriteNumberValue(report.Number);
                        json.WriteStringValue(report.Type.ToString());
                        json.WriteNumberValue(EventTypes.Bit(report.Type));
                        json.WriteNumberValue(InstantConverter.ToMicroseconds(report.OccurredAt));
                        json.WriteStringValue(Bounded(report.Detail));
                    }
                )
            ),
            cancellation
        );
    }

    /// <summary>The id of an event that is not about a ledger's row.</summary>
    public static Guid IdOf(DateTimeOffset now, string name, int slot) =>
        Guid.Parse(string.Create(CultureInfo.InvariantCulture, $"{Prefix(now, name)}{slot:X8}"));

    private static Task<bool> IsWantedAsync(
        PortalDbContext db,
        Guid tenantId,
        long mask,
        CancellationToken cancellation
    ) =>
        db.AnyAsync(
            FormattableStringFactory.Create($"SELECT 1 WHERE {IsWanted("{0}", "{1}")}", tenantId, mask),
            cancellation
        );

    private static Task<int> OneAsync(
        PortalDbContext db,
        Guid tenantId,
        EventType type,
        Guid? campaignId,
        string? email,
        Guid? domainId,
        string? reason,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        db.ExecuteAsync(
            FormattableStringFactory.Create(
                $$"""
                INSERT INTO "EventDeliveries" ({{Columns}}, "DomainId")
                SELECT e."TenantId", {{Id(db, "{7}", "0")}}, e."Id", {1}, {2}, {{Nullable(db, "{3}", "uuid")}}, NULL,
                    {{Nullable(db, "{4}", "text")}}, {{Nullable(db, "{5}", "text")}}, 'Waiting', {2}, 0, 0,
                    {{Nullable(db, "{8}", "uuid")}}
                FROM "EventEndpoints" AS e
                WHERE e."TenantId" = {0} AND e."State" = 'Enabled' AND (e."Events" & {6}) <> 0{{(
                    campaignId is null ? "" : IsComposed
                )}}
                ON CONFLICT DO NOTHING
                """,
                tenantId,
                type.ToString(),
                InstantConverter.ToMicroseconds(now),
                campaignId,
                Bounded(reason),
                email,
                EventTypes.Bit(type),
                Prefix(now, $"{campaignId:N}{domainId:N}{email}/{type}/{InstantConverter.ToMicroseconds(now)}"),
                domainId
            ),
            cancellation
        );

    // A transactional mail has a campaign's row, and is none: its recipient is told of.
    private const string IsComposed = """
         AND EXISTS (
            SELECT 1 FROM "Campaigns" AS m WHERE m."TenantId" = {0} AND m."Id" = {3} AND m."Kind" = 0)
        """;

    // A parameter without a value has no type by itself.
    private static string Nullable(PortalDbContext db, string parameter, string type) =>
        db.Database.IsNpgsql() ? $"CAST({parameter} AS {type})" : parameter;

    /// <summary>All but the last eight digits of an id, which are the recipient's number and the endpoint's slot.</summary>
    private static string Prefix(DateTimeOffset now, string name) => JsonRows.Text(TimedId.Of(now, name))[..28];

    private static string Id(PortalDbContext db, string prefix, string number) =>
        db.Database.IsNpgsql()
            ? $"CAST({prefix} || lpad(to_hex(CAST({number} AS BIGINT) * 256 + e.\"Slot\"), 8, '0') AS uuid)"
            : $"{prefix} || printf('%08X', {number} * 256 + e.\"Slot\")";

    private static string? Bounded(string? text) => text is null ? null : KeptText.Cut(text, MaxReason);
}
