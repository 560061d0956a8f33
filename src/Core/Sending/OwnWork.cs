using System.Runtime.CompilerServices;
using Ledgerpost.Data;
using Ledgerpost.Senders;

namespace Ledgerpost.Sending;

/// <summary>An own account with something to send, now or later.</summary>
/// <param name="Due">Not before its account may be called again.</param>
/// <param name="Failing">Its last call proved nothing.</param>
internal sealed record OwnWork(CurrentAccount Account, DateTimeOffset Due, bool Failing)
{
    /// <summary>
    /// All own accounts in one question, by what <see cref="ClaimChunk"/> would give out for them: the first attempts of
    /// campaigns whose run goes through the account while it is the tenant's current one with a key, and what is in doubt
    /// there while there is a key. Where nothing waits nothing comes back.
    /// </summary>
    /// <param name="only">One account alone; null for all.</param>
    /// <param name="lastRepeat">What was attempted first before this instant is not repeated any more.</param>
    /// <param name="mayRepeat">False: nothing that is in doubt is given out now.</param>
    public static Task<List<OwnWork>> ReadAsync(
        PortalDbContext context,
        Guid? only,
        DateTimeOffset lastRepeat,
        bool mayRepeat,
        CancellationToken cancellation
    )
    {
        // A campaign's chunks only where its tenant has an account: by tenant and kind, along the index of what is being sent,
        // which is why SQLite is told the order.
        const string Sending = """
            FROM "Campaigns" AS m CROSS JOIN "Runs" AS r CROSS JOIN "Chunks" AS c
            WHERE m."Status" = 'Sending' AND m."Kind" IN (0, 1) AND m."TenantId" = o."TenantId"
                AND r."TenantId" = m."TenantId" AND r."CampaignId" = m."Id" AND r."Number" = m."CurrentRun"
                AND c."TenantId" = m."TenantId" AND c."CampaignId" = m."Id" AND c."RunNumber" = m."CurrentRun"
                AND r."AccountId" = o."AccountId" AND c."DoubtfulSince" IS NULL
            """;
        // The first of many mails that wait for nothing is enough: then nobody goes through them for the end of a lease.
        const string AtOnce = $"""
            EXISTS (SELECT 1 {Sending} AND c."State" = 'Planned' AND c."NotBefore" IS NULL)
            """;
        var (doubtOf, accountsOf) = only is null
            ? ("", "")
            : (""" AND c."AccountId" = {2}""", """ AND o."AccountId" = {2}""");
        return context.ListAsync(
            FormattableStringFactory.Create(
                $$"""
                WITH doubt("AccountId", "At") AS MATERIALIZED (
                    SELECT c."AccountId", MIN(CASE c."State" WHEN 'Planned' THEN COALESCE(c."NotBefore", 0) ELSE c."LeaseEnds" END)
                    FROM "Chunks" AS c CROSS JOIN "Campaigns" AS m
                    WHERE m."TenantId" = c."TenantId" AND m."Id" = c."CampaignId"
                        AND c."DoubtfulSince" IS NOT NULL AND c."State" IN ('Planned', 'Leased') AND c."FirstAttemptAt" > {0}
                        AND m."Status" IN ('Sending', 'Partial') AND {1}{{doubtOf}}
                    GROUP BY c."AccountId"),
                waiting("Id", "BaseUrl", "OwnerId", "NotBefore", "FailuresInARow", "First", "Leased", "Doubt") AS MATERIALIZED (
                    SELECT a."Id", a."BaseUrl", a."OwnerId", a."NotBefore", a."FailuresInARow",
                        CASE
                            WHEN NOT o."IsCurrent" THEN NULL
                            WHEN {{AtOnce}} THEN 0
                            ELSE (SELECT MIN(c."NotBefore") {{Sending}} AND c."State" = 'Planned')
                        END,
                        CASE
                            WHEN NOT o."IsCurrent" OR {{AtOnce}} THEN NULL
                            ELSE (SELECT MIN(c."LeaseEnds") {{Sending}} AND c."State" = 'Leased')
                        END,
                        d."At"
                    FROM "OwnAccounts" AS o
                    JOIN "ProviderAccounts" AS a ON a."Id" = o."AccountId"
                    JOIN "Tenants" AS t ON t."Id" = o."TenantId"
                    LEFT JOIN doubt AS d ON d."AccountId" = o."AccountId"
                    WHERE {{RunThrough.WithKey}} AND t."DeletionBegunAt" IS NULL{{accountsOf}}
                        AND EXISTS (SELECT 1 FROM "Installation" WHERE "Hold" IS NULL))
                SELECT w."Id", w."BaseUrl", w."OwnerId", w."NotBefore", w."FailuresInARow", w."First", w."Leased", w."Doubt"
                FROM waiting AS w
                WHERE w."First" IS NOT NULL OR w."Leased" IS NOT NULL OR w."Doubt" IS NOT NULL
                """,
                InstantConverter.ToMicroseconds(lastRepeat),
                mayRepeat,
                only ?? Guid.Empty
            ),
            row =>
            {
                var due = new[] { row.InstantOrNull(5), row.InstantOrNull(6), row.InstantOrNull(7) }.Min()!.Value;
                var held = row.InstantOrNull(3);
                return new OwnWork(
                    new CurrentAccount(row.GetGuid(0), row.GetString(1)) { OwnerId = row.GetGuid(2) },
                    held > due ? held.Value : due,
                    row.GetInt32(4) > 0
                );
            },
            cancellation
        );
    }
}
