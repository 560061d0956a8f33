using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// Takes contacts' own fields into the ledger, set-based, in the caller's transaction. Only for campaigns whose content has
/// any. Raw SQL because EF Core has no INSERT..SELECT.
/// </summary>
public static class FreezeFields
{
    /// <summary>Whoever waits, stands behind that number and has none here yet gets those of the contact as they are now.</summary>
    public static async Task TakeAsync(
        PortalDbContext db,
        Campaign campaign,
        int behind,
        CancellationToken cancellation
    ) =>
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO "RecipientFields" ("TenantId", "CampaignId", "RecipientNumber", "Fields")
            SELECT r."TenantId", r."CampaignId", r."Number", c."Fields"
            FROM "Recipients" r
            INNER JOIN "Contacts" c ON c."TenantId" = r."TenantId" AND c."Id" = r."ContactId"
            WHERE r."TenantId" = {campaign.TenantId} AND r."CampaignId" = {campaign.Id} AND r."Number" > {behind}
                AND r."State" = 'Pending' AND c."Fields" IS NOT NULL
                AND NOT EXISTS (
                    SELECT 1 FROM "RecipientFields" f
                    WHERE f."TenantId" = r."TenantId" AND f."CampaignId" = r."CampaignId"
                        AND f."RecipientNumber" = r."Number")
            """,
            cancellation
        );

    /// <summary>
    /// People taken over keep what was frozen with them. Where the source's content has no own fields, and so its ledger
    /// neither, they come from the contacts.
    /// </summary>
    public static async Task MoveAsync(
        PortalDbContext db,
        Campaign source,
        Campaign target,
        int behind,
        CancellationToken cancellation
    )
    {
        if (
            await db.RecipientFields.AnyAsync(
                row => row.TenantId == source.TenantId && row.CampaignId == source.Id,
                cancellation
            )
        )
        {
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO "RecipientFields" ("TenantId", "CampaignId", "RecipientNumber", "Fields")
                SELECT t."TenantId", t."CampaignId", t."Number", f."Fields"
                FROM "RecipientFields" f
                INNER JOIN "Recipients" r ON r."TenantId" = f."TenantId" AND r."CampaignId" = f."CampaignId"
                    AND r."Number" = f."RecipientNumber" AND r."MovedToId" = {target.Id}
                INNER JOIN "Recipients" t ON t."TenantId" = r."TenantId" AND t."CampaignId" = {target.Id}
                    AND t."NormalizedEmail" = r."NormalizedEmail" AND t."Number" > {behind}
                WHERE f."TenantId" = {source.TenantId} AND f."CampaignId" = {source.Id}
                """,
                cancellation
            );
        }

        if (target.NeedsFieldsBeside(source))
        {
            await TakeAsync(db, target, behind, cancellation);
        }
    }

    /// <summary>The members of a chunk with theirs. They never change, so it need not be the same look as that for the members.</summary>
    /// <param name="members">Somebody, in the order of their numbers.</param>
    public static async Task<List<Addressee>> WithThemAsync(
        PortalDbContext db,
        ClaimedChunk claim,
        List<Addressee> members,
        CancellationToken cancellation
    )
    {
        var (first, last) = (members[0].Number, members[^1].Number);
        var fields = await db
            .RecipientFields.Where(row =>
                row.TenantId == claim.TenantId
                && row.CampaignId == claim.CampaignId
                && row.RecipientNumber >= first
                && row.RecipientNumber <= last
            )
            .ToDictionaryAsync(row => row.RecipientNumber, row => row.Fields, cancellation);
        return members.ConvertAll(member => member with { Fields = fields.GetValueOrDefault(member.Number) });
    }
}
