using System.Runtime.CompilerServices;
using Ledgerpost.Data;

namespace Ledgerpost.Webhooks;

/// <summary>An event that waits, and what it says; null when it says nothing about a mail.</summary>
/// <param name="HasWaited">It was tried before, and named a mail that nobody has.</param>
internal sealed record WaitingEvent(
    Guid AccountId,
    string MessageId,
    DateTimeOffset ReceivedAt,
    bool HasWaited,
    ProviderEvent? Happened
);

/// <summary>Many stored events in one statement each; all of them conditional, so that nothing is undone or done twice.</summary>
internal static class WebhookRows
{
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
                SELECT {1}, e.key, {2}, e.value, {3}, 'Waiting', {3}
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
        var waiting = new HashSet<(Guid, string)>();
        foreach (var account in events.GroupBy(e => e.AccountId))
        {
            var ids = await db.ListAsync(
                FormattableStringFactory.Create(
                    $$"""
                    SELECT m."MessageId" FROM {{JsonRows.EachText(db, "{0}")}} AS e
                    JOIN "WebhookMessages" AS m ON m."AccountId" = {1} AND m."MessageId" = e.key
                    WHERE m."State" = 'Waiting'
                    """,
                    JsonRows.Texts(account.Select(e => (e.MessageId, ""))),
                    account.Key
                ),
                reader => reader.GetString(0),
                cancellation
            );
            waiting.UnionWith(ids.Select(id => (account.Key, id)));
        }

        return waiting.Count == events.Count
            ? events
            : [.. events.Where(e => waiting.Contains((e.AccountId, e.MessageId)))];
    }

    /// <summary>They were about these recipients of this campaign.</summary>
    public static Task AppliedAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        IEnumerable<(WaitingEvent Event, int Recipient)> events,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        EachAccountAsync(
            events,
            row => row.Event.AccountId,
            (accountId, rows) =>
                db.ExecuteAsync(
                    FormattableStringFactory.Create(
                        $$"""
                        UPDATE "WebhookMessages" AS m
                        SET "State" = 'Applied', "AppliedAt" = {2}, "TenantId" = {3}, "CampaignId" = {4},
                            "RecipientNumber" = CAST(e.value ->> 0 AS INTEGER), "Type" = e.value ->> 1,
                            "WaitsForEmailId" = NULL, "Note" = NULL
                        FROM {{JsonRows.Each(db, "{0}")}} AS e
                        WHERE m."AccountId" = {1} AND m."MessageId" = e.key AND m."State" = 'Waiting'
                        """,
                        JsonRows.Arrays(
                            rows,
                            row => row.Event.MessageId,
                            (json, row) =>
                            {
                                json.WriteNumberValue(row.Recipient);
                                json.WriteStringValue(row.Event.Happened?.Type);
                            }
                        ),
                        accountId,
                        InstantConverter.ToMicroseconds(now),
                        tenantId,
                        campaignId
                    ),
                    cancellation
                )
        );

    /// <summary>They changed nothing, and the note says why.</summary>
    /// <param name="tenantId">Whose mail they are about, where that is proven.</param>
    public static Task EndedAsync(
        PortalDbContext db,
        WebhookState state,
        IEnumerable<(WaitingEvent Event, string Note)> events,
        DateTimeOffset now,
        CancellationToken cancellation,
        Guid tenantId = default
    ) =>
        EachAccountAsync(
            events,
            row => row.Event.AccountId,
            (accountId, rows) =>
                db.ExecuteAsync(
                    FormattableStringFactory.Create(
                        $$"""
                        UPDATE "WebhookMessages" AS m
                        SET "State" = {3}, "AppliedAt" = {2}, "TenantId" = {4}, "Type" = e.value ->> 1,
                            "Note" = e.value ->> 0
                        FROM {{JsonRows.Each(db, "{0}")}} AS e
                        WHERE m."AccountId" = {1} AND m."MessageId" = e.key AND m."State" = 'Waiting'
                        """,
                        JsonRows.Arrays(
                            rows,
                            row => row.Event.MessageId,
                            (json, row) =>
                            {
                                json.WriteStringValue(row.Note);
                                json.WriteStringValue(row.Event.Happened?.Type);
                            }
                        ),
                        accountId,
                        InstantConverter.ToMicroseconds(now),
                        state.ToString(),
                        tenantId
                    ),
                    cancellation
                )
        );

    /// <summary>They name a mail that nobody has yet; looked for again at their instants.</summary>
    public static Task PutOffAsync(
        PortalDbContext db,
        IEnumerable<(WaitingEvent Event, DateTimeOffset Until)> events,
        CancellationToken cancellation
    ) =>
        EachAccountAsync(
            events,
            row => row.Event.AccountId,
            (accountId, rows) =>
                db.ExecuteAsync(
                    FormattableStringFactory.Create(
                        $$"""
                        UPDATE "WebhookMessages" AS m
                        SET "NotBefore" = CAST(e.value ->> 0 AS BIGINT), "WaitsForEmailId" = e.value ->> 1,
                            "Type" = e.value ->> 2
                        FROM {{JsonRows.Each(db, "{0}")}} AS e
                        WHERE m."AccountId" = {1} AND m."MessageId" = e.key AND m."State" = 'Waiting'
                        """,
                        JsonRows.Arrays(
                            rows,
                            row => row.Event.MessageId,
                            (json, row) =>
                            {
                                json.WriteNumberValue(InstantConverter.ToMicroseconds(row.Until));
                                json.WriteStringValue(row.Event.Happened?.EmailId);
                                json.WriteStringValue(row.Event.Happened?.Type);
                            }
                        ),
                        accountId
                    ),
                    cancellation
                )
        );

    private static async Task EachAccountAsync<T>(
        IEnumerable<T> rows,
        Func<T, Guid> accountOf,
        Func<Guid, IEnumerable<T>, Task> run
    )
    {
        foreach (var account in rows.GroupBy(accountOf))
        {
            await run(account.Key, account);
        }
    }
}
