using System.Runtime.CompilerServices;
using Ledgerpost.Data;

namespace Ledgerpost.Sending;

/// <summary>
/// When a worker of the installation's account that found nothing looks again: asked for each of them after each look. Of own
/// accounts <see cref="OwnWork"/> asks.
/// </summary>
internal static class NextDue
{
    /// <returns>Null when nothing waits at all.</returns>
    public static async Task<DateTimeOffset?> ReadAsync(
        PortalDbContext context,
        Guid accountId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        // Each by itself, along its own index: of what was stopped only the few in doubt are looked at. The first of many
        // that wait for nothing is enough; only without one is it worth asking all of them when.
        var (held, waits) = await context.FirstAsync(
            FormattableStringFactory.Create(
                $$"""
                SELECT
                    (SELECT a."NotBefore" FROM "ProviderAccounts" AS a WHERE a."Id" = {0}),
                    CASE
                        WHEN EXISTS (
                            SELECT 1 FROM "Campaigns" AS m JOIN "Chunks" AS c
                                ON c."TenantId" = m."TenantId" AND c."CampaignId" = m."Id"
                            WHERE m."Status" = 'Sending' AND c."State" = 'Planned' AND c."NotBefore" IS NULL
                                AND c."DoubtfulSince" IS NULL
                                AND {{RunThrough.Shared}}
                                AND EXISTS (SELECT 1 FROM "Tenants" AS t WHERE t."Id" = m."TenantId" AND t."DeletionBegunAt" IS NULL))
                        THEN 1
                        WHEN EXISTS (
                            SELECT 1 FROM "Chunks" AS c
                            WHERE c."DoubtfulSince" IS NOT NULL AND c."State" = 'Planned' AND c."NotBefore" IS NULL
                                AND {{RunThrough.SharedDoubt}}
                                AND EXISTS (
                                    SELECT 1 FROM "Campaigns" AS m WHERE m."TenantId" = c."TenantId"
                                        AND m."Id" = c."CampaignId" AND m."Status" IN ('Sending', 'Partial'))
                                AND EXISTS (SELECT 1 FROM "Tenants" AS t WHERE t."Id" = c."TenantId" AND t."DeletionBegunAt" IS NULL))
                        THEN 1 ELSE 0 END
                """,
                accountId
            ),
            row => (row.InstantOrNull(0), row.GetInt32(1) == 1),
            cancellation
        );
        var next = waits
            ? now
            : await context.FirstAsync(
                FormattableStringFactory.Create(
                    $$"""
                    SELECT MIN(d."At") FROM (
                        SELECT MIN(c."NotBefore") AS "At" FROM "Campaigns" AS m JOIN "Chunks" AS c
                            ON c."TenantId" = m."TenantId" AND c."CampaignId" = m."Id"
                        WHERE m."Status" = 'Sending' AND c."State" = 'Planned' AND c."DoubtfulSince" IS NULL
                            AND {{RunThrough.Shared}}
                            AND EXISTS (SELECT 1 FROM "Tenants" AS t WHERE t."Id" = m."TenantId" AND t."DeletionBegunAt" IS NULL)
                        UNION ALL
                        SELECT MIN(c."LeaseEnds") FROM "Campaigns" AS m JOIN "Chunks" AS c
                            ON c."TenantId" = m."TenantId" AND c."CampaignId" = m."Id"
                        WHERE m."Status" = 'Sending' AND c."State" = 'Leased' AND c."DoubtfulSince" IS NULL
                            AND {{RunThrough.Shared}}
                            AND EXISTS (SELECT 1 FROM "Tenants" AS t WHERE t."Id" = m."TenantId" AND t."DeletionBegunAt" IS NULL)
                        UNION ALL
                        SELECT MIN(CASE c."State" WHEN 'Planned' THEN c."NotBefore" ELSE c."LeaseEnds" END) FROM "Chunks" AS c
                        WHERE c."DoubtfulSince" IS NOT NULL AND c."State" IN ('Planned', 'Leased')
                            AND {{RunThrough.SharedDoubt}}
                            AND EXISTS (
                                SELECT 1 FROM "Campaigns" AS m WHERE m."TenantId" = c."TenantId"
                                    AND m."Id" = c."CampaignId" AND m."Status" IN ('Sending', 'Partial'))
                            AND EXISTS (SELECT 1 FROM "Tenants" AS t WHERE t."Id" = c."TenantId" AND t."DeletionBegunAt" IS NULL)) AS d
                    """
                ),
                row => row.InstantOrNull(0),
                cancellation
            );
        return held > next ? held : next;
    }
}
