using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Recipients;

/// <summary>Who was mailed with a campaign, in numbers, as programs read them beside it.</summary>
/// <param name="OpenedByMachines">Of the opened, those whom no person has opened as far as is known: a scanner or a privacy proxy.</param>
/// <param name="ClickedByMachines">The same of the clicked.</param>
public sealed record LedgerCounts(
    int Recipients = 0,
    int Pending = 0,
    int InDoubt = 0,
    int Accepted = 0,
    int Delivered = 0,
    int Bounced = 0,
    int Complained = 0,
    int Refused = 0,
    int Excluded = 0,
    int Unknown = 0,
    int Opened = 0,
    int OpenedByMachines = 0,
    int Clicked = 0,
    int ClickedByMachines = 0
);

/// <param name="Continuable">No follow-up that can still send stands behind it.</param>
public sealed record CountedCampaign(Campaign Campaign, LedgerCounts Counts, bool Continuable);

/// <summary>Campaigns with their numbers, page by page for programs; a page costs five statements, however many are on it.</summary>
public sealed class CampaignPages(PortalDb portal)
{
    private sealed record Looked(Guid CampaignId, int All, int ByMachines);

    /// <param name="after">The last id of the page before.</param>
    public Task<IReadOnlyList<CountedCampaign>> ExecuteAsync(
        TenantScope scope,
        CampaignStatus? status,
        Guid? after,
        int limit,
        CancellationToken cancellation
    ) =>
        portal.ReadSnapshotAsync(
            scope,
            async (db, token) =>
            {
                var found = db.Campaigns.Composed();
                if (status is { } wanted)
                {
                    found = found.Where(campaign => campaign.Status == wanted);
                }

                var page = await found.NewestFirst(campaign => campaign.Id, after).Take(limit).ToListAsync(token);
                return await CountAsync(db, page, token);
            },
            cancellation
        );

    /// <returns>Null when the tenant has no such campaign.</returns>
    public Task<CountedCampaign?> FindAsync(TenantScope scope, Guid id, CancellationToken cancellation) =>
        portal.ReadSnapshotAsync(scope, (db, token) => FindAsync(db, id, token), cancellation);

    /// <summary>The same within a command's transaction.</summary>
    public static async Task<CountedCampaign?> FindAsync(PortalDbContext db, Guid id, CancellationToken cancellation)
    {
        var found = await db
            .Campaigns.Composed()
            .AsNoTracking()
            .Where(campaign => campaign.Id == id)
            .ToListAsync(cancellation);
        return (await CountAsync(db, found, cancellation)).SingleOrDefault();
    }

    private static async Task<IReadOnlyList<CountedCampaign>> CountAsync(
        PortalDbContext db,
        List<Campaign> campaigns,
        CancellationToken cancellation
    )
    {
        var ids = campaigns.Select(campaign => campaign.Id).ToList();
        var ledgers = db.Recipients.Where(row => ids.Contains(row.CampaignId));
        var states = await ledgers
            .GroupBy(row => new { row.CampaignId, row.State })
            .Select(group => new
            {
                group.Key.CampaignId,
                group.Key.State,
                Count = group.Count(),
            })
            .ToListAsync(cancellation);
        var deliveries = await ledgers
            .Where(row => row.Delivery != null)
            .GroupBy(row => new { row.CampaignId, row.Delivery })
            .Select(group => new
            {
                group.Key.CampaignId,
                group.Key.Delivery,
                Count = group.Count(),
            })
            .ToListAsync(cancellation);
        var opened = await ledgers
            .Where(row => row.OpenedAt != null)
            .GroupBy(row => row.CampaignId)
            .Select(group => new Looked(group.Key, group.Count(), group.Count(row => row.OpenedByPersonAt == null)))
            .ToDictionaryAsync(looked => looked.CampaignId, cancellation);
        var clicked = await ledgers
            .Where(row => row.ClickedAt != null)
            .GroupBy(row => row.CampaignId)
            .Select(group => new Looked(group.Key, group.Count(), group.Count(row => row.ClickedByPersonAt == null)))
            .ToDictionaryAsync(looked => looked.CampaignId, cancellation);
        var continuable = await Lineage
            .NotContinued(db, db.Campaigns.Where(campaign => ids.Contains(campaign.Id)))
            .Select(campaign => campaign.Id)
            .ToListAsync(cancellation);
        return
        [
            .. campaigns.Select(campaign =>
            {
                var state = states
                    .Where(row => row.CampaignId == campaign.Id)
                    .ToDictionary(row => row.State, row => row.Count);
                var delivery = deliveries
                    .Where(row => row.CampaignId == campaign.Id)
                    .ToDictionary(row => row.Delivery!.Value, row => row.Count);
                return new CountedCampaign(
                    campaign,
                    new LedgerCounts(
                        state.Values.Sum(),
                        state.GetValueOrDefault(RecipientState.Pending),
                        state.GetValueOrDefault(RecipientState.InDoubt),
                        state.GetValueOrDefault(RecipientState.Accepted),
                        delivery.GetValueOrDefault(Delivery.Delivered),
                        delivery.GetValueOrDefault(Delivery.Bounced),
                        delivery.GetValueOrDefault(Delivery.Complained),
                        state.GetValueOrDefault(RecipientState.Refused),
                        state.GetValueOrDefault(RecipientState.Excluded),
                        state.GetValueOrDefault(RecipientState.Unknown),
                        opened.GetValueOrDefault(campaign.Id)?.All ?? 0,
                        opened.GetValueOrDefault(campaign.Id)?.ByMachines ?? 0,
                        clicked.GetValueOrDefault(campaign.Id)?.All ?? 0,
                        clicked.GetValueOrDefault(campaign.Id)?.ByMachines ?? 0
                    ),
                    continuable.Contains(campaign.Id)
                );
            }),
        ];
    }
}
