using System.Runtime.CompilerServices;
using System.Text.Json;
using Ledgerpost.Data;

namespace Ledgerpost.Webhooks;

/// <summary>An event that waits, and what it says; null when it says nothing about a mail.</summary>
/// <param name="HasWaited">It was tried before, and named a mail that nobody has.</param>
/// <param name="DomainId">The provider's id of the domain that it is about; null unless it is about one.</param>
internal sealed record WaitingEvent(
    Guid AccountId,
    string MessageId,
    DateTimeOffset ReceivedAt,
    bool HasWaited,
    ProviderEvent? Happened,
    string? DomainId = null
);

/// <summary>Many stored events in one statement each; all of them conditional, so that nothing is undone or done twice.</summary>
internal static class WebhookRows
{
    /// <summary>
    /// So that each event of the list is looked for by its key, whatever SQLite knows of the table: with the account as a
    /// constant it went through all events of the account for each batch, and with a plain comparison it goes through the
    /// index of all that waits, as long as there were few when it last counted.
    /// </summary>
    private static string IsListed(PortalDbContext db) =>
        $"""
            m."AccountId" = {JsonRows.Id(db, "e.value ->> 0")} AND m."MessageId" = e.key AND m."State" || '' = 'Waiting'
            {JsonRows.AndAmong(db, "{0}", "m.\"AccountId\"", "DISTINCT CAST(value ->> 0 AS uuid)")}
            {JsonRows.AndAmong(db, "{0}", "m.\"MessageId\"")}
            """;

    /// <summary>
    /// Whose an event is before anybody knows whose mail it is about: the tenant's whose own account brought it, for nobody else
    /// can have signed it.
    /// </summary>
    /// <param name="account">SQL: the account.</param>
    /// <param name="otherwise">SQL: whose it is where the account is the installation's.</param>
    private static string Owner(string account, string otherwise) =>
        $"""COALESCE((SELECT a."OwnerId" FROM "ProviderAccounts" AS a WHERE a."Id" = {account}), {otherwise})""";

    /// <returns>The ids of those that were not there before.</returns>
    public static async Task<IReadOnlySet<string>> StoreAsync(
        PortalDbContext db,
        Guid accountId,
        IEnumerable<(string MessageId, string Body)> events,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var added = await db.ListAsync(
            FormattableStringFactory.Create(
                $$"""
                INSERT INTO "WebhookMessages" ("AccountId", "MessageId", "TenantId", "Body", "ReceivedAt", "State", "NotBefore")
                SELECT {1}, e.key, {{Owner("{1}", "{2}")}}, e.value, {3}, 'Waiting', {3}
                FROM {{JsonRows.EachText(db, "{0}")}} AS e WHERE TRUE
                ON CONFLICT DO NOTHING
                RETURNING "MessageId"
                """,
                JsonRows.Texts(events),
                accountId,
                Guid.Empty,
                InstantConverter.ToMicroseconds(now)
            ),
            reader => reader.GetString(0),
            cancellation
        );
        return added.ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>When the first of those that wait is due; null when none waits.</summary>
    public static Task<DateTimeOffset?> NextDueAsync(PortalDbContext db, CancellationToken cancellation) =>
        db.FirstAsync(
            $"""SELECT MIN("NotBefore") FROM "WebhookMessages" WHERE "State" = 'Waiting'""",
            row => row.InstantOrNull(0),
            cancellation
        );

    /// <returns>Those that nobody has dealt with since they were read.</returns>
    public static async Task<IReadOnlyList<WaitingEvent>> StillWaitingAsync(
        PortalDbContext db,
        IReadOnlyList<WaitingEvent> events,
        CancellationToken cancellation
    )
    {
        var found = await db.ListAsync(
            FormattableStringFactory.Create(
                $$"""
                SELECT m."AccountId", m."MessageId" FROM {{JsonRows.Each(db, "{0}")}} AS e
                JOIN "WebhookMessages" AS m ON {{IsListed(db)}}
                """,
                Listed(events, one => one, (_, _) => { })
            ),
            reader => (reader.GetGuid(0), reader.GetString(1)),
            cancellation
        );
        var waiting = found.ToHashSet();
        return waiting.Count == events.Count
            ? events
            : [.. events.Where(e => waiting.Contains((e.AccountId, e.MessageId)))];
    }

    /// <summary>They were about these recipients of this campaign.</summary>
    public static Task AppliedAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        IReadOnlyCollection<(WaitingEvent Event, int Recipient)> events,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        UpdateAsync(
            db,
            """
            "State" = 'Applied', "AppliedAt" = {1}, "TenantId" = {2}, "CampaignId" = {3},
            "RecipientNumber" = CAST(e.value ->> 2 AS INTEGER), "Type" = e.value ->> 1, "WaitsForEmailId" = NULL,
            "Note" = NULL
            """,
            events,
            row => row.Event,
            (json, row) => json.WriteNumberValue(row.Recipient),
            cancellation,
            InstantConverter.ToMicroseconds(now),
            tenantId,
            campaignId
        );

    /// <summary>What is told of an erased person is counted, and not kept.</summary>
    public static async Task ForgetBodiesAsync(
        PortalDbContext db,
        Guid tenantId,
        IReadOnlyList<WaitingEvent> events,
        CancellationToken cancellation
    )
    {
        foreach (var one in events)
        {
            await db.ExecuteAsync(
                $"""
                UPDATE "WebhookMessages" SET "Body" = {"{}"}
                WHERE "AccountId" = {one.AccountId} AND "MessageId" = {one.MessageId} AND "TenantId" = {tenantId}
                """,
                cancellation
            );
        }
    }

    /// <summary>They changed nothing, and the note says why.</summary>
    /// <param name="tenantId">Whose mail they are about, where that is proven; a tenant's own account's stay that tenant's.</param>
    public static Task EndedAsync(
        PortalDbContext db,
        WebhookState state,
        IReadOnlyCollection<(WaitingEvent Event, string Note)> events,
        DateTimeOffset now,
        CancellationToken cancellation,
        Guid tenantId = default
    ) =>
        UpdateAsync(
            db,
            $$"""
            "State" = {1}, "AppliedAt" = {2}, "TenantId" = {{Owner("m.\"AccountId\"", "{3}")}},
            "Type" = e.value ->> 1, "Note" = e.value ->> 2
            """,
            events,
            row => row.Event,
            (json, row) => json.WriteStringValue(row.Note),
            cancellation,
            state.ToString(),
            InstantConverter.ToMicroseconds(now),
            tenantId
        );

    /// <summary>They name a mail that nobody has yet; looked for again at their instants.</summary>
    public static Task PutOffAsync(
        PortalDbContext db,
        IReadOnlyCollection<(WaitingEvent Event, DateTimeOffset Until)> events,
        CancellationToken cancellation
    ) =>
        UpdateAsync(
            db,
            """
            "NotBefore" = CAST(e.value ->> 2 AS BIGINT), "WaitsForEmailId" = e.value ->> 3, "Type" = e.value ->> 1
            """,
            events,
            row => row.Event,
            (json, row) =>
            {
                json.WriteNumberValue(InstantConverter.ToMicroseconds(row.Until));
                json.WriteStringValue(row.Event.Happened?.EmailId);
            },
            cancellation
        );

    /// <param name="set">What becomes of each; its own values begin with <c>e.value -&gt;&gt; 2</c>, <c>1</c> is its type.</param>
    /// <param name="arguments"><c>{1}</c> and so on.</param>
    private static Task UpdateAsync<T>(
        PortalDbContext db,
        string set,
        IReadOnlyCollection<T> rows,
        Func<T, WaitingEvent> eventOf,
        Action<Utf8JsonWriter, T> values,
        CancellationToken cancellation,
        params object[] arguments
    ) =>
        rows.Count == 0
            ? Task.CompletedTask
            : db.ExecuteAsync(
                FormattableStringFactory.Create(
                    $$"""
                    UPDATE "WebhookMessages" AS m SET {{set}}
                    FROM {{JsonRows.Each(db, "{0}")}} AS e WHERE {{IsListed(db)}}
                    """,
                    [Listed(rows, eventOf, values), .. arguments]
                ),
                cancellation
            );

    private static string Listed<T>(
        IEnumerable<T> rows,
        Func<T, WaitingEvent> eventOf,
        Action<Utf8JsonWriter, T> values
    ) =>
        JsonRows.Arrays(
            rows,
            row => eventOf(row).MessageId,
            (json, row) =>
            {
                json.WriteStringValue(JsonRows.Text(eventOf(row).AccountId));
                json.WriteStringValue(eventOf(row).Happened?.Type);
                values(json, row);
            }
        );
}
