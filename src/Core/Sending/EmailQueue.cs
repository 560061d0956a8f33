using System.Runtime.CompilerServices;
using Ledgerpost.Data;
using Ledgerpost.Senders;

namespace Ledgerpost.Sending;

/// <summary>
/// Transactional mails that wait to be sent for the first time. However many there are: each question goes along the index
/// of what is being sent, by kind and tenant, and never over all of them.
/// </summary>
internal static class EmailQueue
{
    private const string AllTenants = """
        WITH RECURSIVE w("Tenant") AS (
            SELECT f."TenantId" FROM (
                SELECT m."TenantId" FROM "Campaigns" AS m WHERE m."Status" = 'Sending' AND m."Kind" = 1
                ORDER BY m."TenantId" LIMIT 1) AS f
            UNION ALL
            SELECT (
                SELECT m."TenantId" FROM "Campaigns" AS m
                WHERE m."Status" = 'Sending' AND m."Kind" = 1 AND m."TenantId" > w."Tenant"
                ORDER BY m."TenantId" LIMIT 1)
            FROM w WHERE w."Tenant" IS NOT NULL)
        """;

    /// <summary>Through an own account goes the mail of its owner alone.</summary>
    private const string OneTenant = """WITH w("Tenant") AS (SELECT t."Id" FROM "Tenants" AS t WHERE t."Id" = {2})""";

    /// <summary>The tenants that have one that is due. From one tenant to the next, not from mail to mail.</summary>
    public static Task<List<Guid>> TenantsAsync(
        PortalDbContext context,
        CurrentAccount? own,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var instant = InstantConverter.ToMicroseconds(now);
        return context.ListAsync(
            FormattableStringFactory.Create(
                $$"""
                {{(own is null ? AllTenants : OneTenant)}}
                SELECT w."Tenant" FROM w WHERE w."Tenant" IS NOT NULL AND EXISTS (
                    SELECT 1 FROM "Campaigns" AS m CROSS JOIN "Chunks" AS c
                    WHERE m."Status" = 'Sending' AND m."Kind" = 1 AND m."TenantId" = w."Tenant"
                        AND c."TenantId" = m."TenantId" AND c."CampaignId" = m."Id" AND c."RunNumber" = m."CurrentRun"
                        AND c."DoubtfulSince" IS NULL AND {{RunThrough.Account(own, "{1}")}}
                        AND ((c."State" = 'Planned' AND (c."NotBefore" IS NULL OR c."NotBefore" <= {0}))
                            OR (c."State" = 'Leased' AND c."LeaseEnds" <= {0})))
                    AND EXISTS (SELECT 1 FROM "Tenants" AS t WHERE t."Id" = w."Tenant" AND t."DeletionBegunAt" IS NULL)
                """,
                instant,
                own?.Id ?? Guid.Empty,
                own?.OwnerId ?? Guid.Empty
            ),
            row => row.GetGuid(0),
            cancellation
        );
    }

    /// <summary>The oldest that is due. What another instance is claiming at this moment is passed over.</summary>
    public static Task<ClaimedChunk?> NextAsync(
        PortalDbContext context,
        Guid tenantId,
        CurrentAccount? own,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var instant = InstantConverter.ToMicroseconds(now);
        return ClaimChunk.FirstAsync(
            context,
            FormattableStringFactory.Create(
                $$"""
                FROM "Campaigns" AS m CROSS JOIN "Chunks" AS c
                WHERE m."Status" = 'Sending' AND m."Kind" = 1 AND m."TenantId" = {1}
                    AND c."TenantId" = m."TenantId" AND c."CampaignId" = m."Id" AND c."RunNumber" = m."CurrentRun"
                    AND c."DoubtfulSince" IS NULL AND {{RunThrough.Account(own, "{2}")}}
                    AND ((c."State" = 'Planned' AND (c."NotBefore" IS NULL OR c."NotBefore" <= {0}))
                        OR (c."State" = 'Leased' AND c."LeaseEnds" <= {0}))
                ORDER BY m."CreatedAt", m."Id"
                """,
                instant,
                tenantId,
                own?.Id ?? Guid.Empty
            ),
            cancellation
        );
    }
}
