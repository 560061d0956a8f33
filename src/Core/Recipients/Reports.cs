using System.Globalization;
using System.Runtime.CompilerServices;
using Ledgerpost.Data;

namespace Ledgerpost.Recipients;

/// <summary>What was reported of one recipient's mail, merged into its row. A report that says nothing new changes nothing.</summary>
public sealed record RecipientReport
{
    public required int Number { get; init; }

    /// <summary>The provider's id of the mail, where the row does not have it.</summary>
    public string? EmailId { get; set; }

    public Delivery? Delivery { get; private set; }
    public DateTimeOffset DeliveryAt { get; private set; }
    public BounceType? Bounce { get; private set; }
    public Looks Opened { get; private set; } = new(0, 0, null, null);
    public Looks Clicked { get; private set; } = new(0, 0, null, null);

    /// <summary>The highest rank wins, and of one rank the earliest: whatever the order.</summary>
    public void Reached(Delivery rank, DateTimeOffset at)
    {
        if (Delivery is null || rank > Delivery || (rank == Delivery && at < DeliveryAt))
        {
            (Delivery, DeliveryAt) = (rank, at);
        }
    }

    public void Bounced(BounceType type) => Bounce = Bounce > type ? Bounce : type;

    public void Open(DateTimeOffset at, bool machine) => Opened = Opened.And(at, machine);

    public void Click(DateTimeOffset at, bool machine) => Clicked = Clicked.And(at, machine);
}

/// <summary>Openings or clicks.</summary>
/// <param name="All">Machines' included.</param>
/// <param name="First">By whomever.</param>
/// <param name="FirstByPerson">The first that no known machine made.</param>
public sealed record Looks(int All, int Machines, DateTimeOffset? First, DateTimeOffset? FirstByPerson)
{
    public Looks And(DateTimeOffset at, bool machine) =>
        new(
            All + 1,
            Machines + (machine ? 1 : 0),
            First < at ? First : at,
            machine ? FirstByPerson
                : FirstByPerson < at ? FirstByPerson
                : at
        );
}

/// <summary>One line of a recipient's story.</summary>
public sealed record StoryLine(
    Guid Id,
    int Number,
    string Type,
    DateTimeOffset OccurredAt,
    string? Detail,
    string? Machine
);

/// <summary>
/// Reports of many recipients of one campaign, a statement for each kind. Each decides in its own WHERE and SET, so that a
/// report can come twice, late or beside others; an opening is counted only when its line is new in the story.
/// </summary>
public static class Reports
{
    /// <summary>The order of what is kept by name; -1 for NULL.</summary>
    private static readonly string Rank =
        $"(CASE r.\"Delivery\" {string.Join(' ', Enum.GetValues<Delivery>().Select((value, rank) => $"WHEN '{value}' THEN {rank}"))} ELSE -1 END)";

    /// <returns>The ids of the lines that were not there before.</returns>
    public static async Task<IReadOnlySet<Guid>> TellAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        IReadOnlyCollection<StoryLine> lines,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var json = JsonRows.Arrays(
            lines,
            line => JsonRows.Text(line.Id),
            (writer, line) =>
            {
                writer.WriteNumberValue(line.Number);
                writer.WriteStringValue(line.Type);
                writer.WriteNumberValue(InstantConverter.ToMicroseconds(line.OccurredAt));
                writer.WriteStringValue(line.Detail);
                writer.WriteStringValue(line.Machine);
            }
        );
        var added = await db.ListAsync(
            FormattableStringFactory.Create(
                $$"""
                INSERT INTO "RecipientEvents" ("TenantId", "CampaignId", "RecipientNumber", "Id", "Type", "OccurredAt",
                    "ReceivedAt", "Detail", "Machine")
                SELECT {1}, {2}, CAST(e.value ->> 0 AS INTEGER), {{JsonRows.Id(db, "e.key")}}, e.value ->> 1,
                    CAST(e.value ->> 2 AS BIGINT), {3}, e.value ->> 3, e.value ->> 4
                FROM {{JsonRows.Each(db, "{0}")}} AS e WHERE TRUE
                ON CONFLICT DO NOTHING
                RETURNING "Id"
                """,
                json,
                tenantId,
                campaignId,
                InstantConverter.ToMicroseconds(now)
            ),
            reader => reader.GetGuid(0),
            cancellation
        );
        return added.ToHashSet();
    }

    /// <summary>Only into accepted rows: who waits for another mail has nothing to do with what is said of the old one.</summary>
    public static async Task MergeAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        IReadOnlyCollection<RecipientReport> reports,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var micros = InstantConverter.ToMicroseconds(now);
        if (reports.Where(report => report.EmailId is not null).ToList() is { Count: > 0 } named)
        {
            await db.ExecuteAsync(
                Update(
                    db,
                    """SET "ProviderEmailId" = e.value ->> 0, "UpdatedAt" = {1}""",
                    "TRUE",
                    JsonRows.Arrays(named, Key, (json, report) => json.WriteStringValue(report.EmailId))
                ),
                cancellation
            );
        }

        if (reports.Where(report => report.Delivery is not null).ToList() is { Count: > 0 } delivered)
        {
            await db.ExecuteAsync(
                Update(
                    db,
                    $$"""
                    SET "Delivery" = CASE WHEN {{Higher}} THEN e.value ->> 0 ELSE r."Delivery" END,
                        "DeliveryAt" = CASE WHEN {{Higher}} OR {{Earlier}} THEN {{At}} ELSE r."DeliveryAt" END,
                        "Bounce" = CASE WHEN {{Weightier}} THEN {{Bounce}} ELSE r."Bounce" END,
                        "UpdatedAt" = {1}
                    """,
                    $"({Higher} OR {Earlier} OR {Weightier})",
                    JsonRows.Arrays(
                        delivered,
                        Key,
                        (json, report) =>
                        {
                            json.WriteStringValue(report.Delivery.ToString());
                            json.WriteNumberValue((int)report.Delivery!.Value);
                            json.WriteNumberValue(InstantConverter.ToMicroseconds(report.DeliveryAt));
                            json.WriteNumberValue(report.Bounce is { } bounce ? (int)bounce : -1);
                        }
                    )
                ),
                cancellation
            );
        }

        await LookedAsync("Opens", "Opened", report => report.Opened);
        await LookedAsync("Clicks", "Clicked", report => report.Clicked);

        async Task LookedAsync(string count, string first, Func<RecipientReport, Looks> which)
        {
            if (reports.Where(report => which(report).All > 0).ToList() is not { Count: > 0 } looked)
            {
                return;
            }

            await db.ExecuteAsync(
                Update(
                    db,
                    $$"""
                    SET "{{count}}" = r."{{count}}" + CAST(e.value ->> 0 AS INTEGER),
                        "Machine{{count}}" = r."Machine{{count}}" + CAST(e.value ->> 1 AS INTEGER),
                        "{{first}}At" = {{Earliest($"r.\"{first}At\"", 2)}},
                        "{{first}}ByPersonAt" = {{Earliest($"r.\"{first}ByPersonAt\"", 3)}},
                        "UpdatedAt" = {1}
                    """,
                    "TRUE",
                    JsonRows.Arrays(
                        looked,
                        Key,
                        (json, report) =>
                        {
                            var looks = which(report);
                            json.WriteNumberValue(looks.All);
                            json.WriteNumberValue(looks.Machines);
                            json.WriteInstantOrNull(looks.First);
                            json.WriteInstantOrNull(looks.FirstByPerson);
                        }
                    )
                ),
                cancellation
            );
        }

        FormattableString Update(PortalDbContext context, string set, string condition, string json) =>
            FormattableStringFactory.Create(
                $$"""
                UPDATE "Recipients" AS r {{set}}
                FROM {{JsonRows.Each(context, "{0}")}} AS e
                WHERE r."TenantId" = {2} AND r."CampaignId" = {3} AND r."Number" = CAST(e.key AS INTEGER)
                    {{JsonRows.AndAmong(context, "{0}", "r.\"Number\"", "CAST(key AS INTEGER)")}}
                    AND r."State" = 'Accepted' AND {{condition}}
                """,
                json,
                micros,
                tenantId,
                campaignId
            );
    }

    private const string At = "CAST(e.value ->> 2 AS BIGINT)";
    private static readonly string Higher = $"CAST(e.value ->> 1 AS INTEGER) > {Rank}";

    private static readonly string Earlier = $"""(CAST(e.value ->> 1 AS INTEGER) = {Rank} AND {At} < r."DeliveryAt")""";

    private const string Bounce = "CAST(e.value ->> 3 AS INTEGER)";
    private const string Weightier = $"""{Bounce} > COALESCE(r."Bounce", -1)""";

    private static string Earliest(string known, int place)
    {
        var given = string.Create(CultureInfo.InvariantCulture, $"CAST(e.value ->> {place} AS BIGINT)");
        return $"CASE WHEN {known} IS NULL OR {given} < {known} THEN {given} ELSE {known} END";
    }

    private static string Key(RecipientReport report) => report.Number.ToString(CultureInfo.InvariantCulture);
}
