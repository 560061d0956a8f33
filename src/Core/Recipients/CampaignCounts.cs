using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Recipients;

/// <summary>Every opening and every click, where the counts of a campaign know each person once.</summary>
/// <param name="MachineOpens">Of the opens, those by a scanner or a privacy proxy.</param>
/// <param name="MachineClicks">The same of the clicks.</param>
public sealed record LookTotals(int Opens, int MachineOpens, int Clicks, int MachineClicks)
{
    /// <summary>Reads the row of each who opened or clicked, which the counts need not: for whoever asks for it alone.</summary>
    /// <param name="db">A context inside one snapshot, so that the numbers agree with each other.</param>
    public static async Task<LookTotals> ReadAsync(PortalDbContext db, Guid campaignId, CancellationToken cancellation)
    {
        var ledger = db.Recipients.Where(row => row.CampaignId == campaignId);
        var opens = await ledger
            .Where(row => row.OpenedAt != null)
            .GroupBy(row => row.CampaignId)
            .Select(group => new { All = group.Sum(row => row.Opens), Machines = group.Sum(row => row.MachineOpens) })
            .SingleOrDefaultAsync(cancellation);
        var clicks = await ledger
            .Where(row => row.ClickedAt != null)
            .GroupBy(row => row.CampaignId)
            .Select(group => new { All = group.Sum(row => row.Clicks), Machines = group.Sum(row => row.MachineClicks) })
            .SingleOrDefaultAsync(cancellation);
        return new LookTotals(opens?.All ?? 0, opens?.Machines ?? 0, clicks?.All ?? 0, clicks?.Machines ?? 0);
    }
}

/// <summary>The ledger in numbers. The six states add up to <see cref="Recipients"/>; the rest is about the accepted.</summary>
/// <param name="OpenedByMachines">Of the opened, those whom no person has opened as far as is known: a scanner or a privacy proxy.</param>
/// <param name="ClickedByMachines">The same of the clicked.</param>
/// <param name="Assumed">Of the accepted, those whom a person decided to count as sent.</param>
public sealed record CampaignCounts(
    int Recipients,
    int Pending,
    int InDoubt,
    int Accepted,
    int Refused,
    int Excluded,
    int Unknown,
    int Delivered,
    int Bounced,
    int Complained,
    int Opened,
    int Clicked,
    int Assumed = 0,
    int OpenedByMachines = 0,
    int ClickedByMachines = 0
)
{
    /// <param name="db">A context inside one snapshot, so that the numbers agree with each other.</param>
    public static async Task<CampaignCounts> ReadAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        CancellationToken cancellation
    )
    {
        var ledger = db.Recipients.Where(r => r.TenantId == tenantId && r.CampaignId == campaignId);
        var states = await ledger
            .GroupBy(r => r.State)
            .Select(group => new { group.Key, Count = group.Count() })
            .ToDictionaryAsync(group => group.Key, group => group.Count, cancellation);
        var deliveries = await ledger
            .Where(r => r.Delivery != null)
            .GroupBy(r => r.Delivery!.Value)
            .Select(group => new { group.Key, Count = group.Count() })
            .ToDictionaryAsync(group => group.Key, group => group.Count, cancellation);
        var opened = await ledger.CountAsync(r => r.OpenedAt != null, cancellation);
        var openedByMachines = await ledger.CountAsync(
            r => r.OpenedAt != null && r.OpenedByPersonAt == null,
            cancellation
        );
        var clickedByMachines = await ledger.CountAsync(
            r => r.ClickedAt != null && r.ClickedByPersonAt == null,
            cancellation
        );
        var assumed = await ledger.CountAsync(r => r.AssumedBy != null, cancellation);
        var clicked = await ledger.CountAsync(r => r.ClickedAt != null, cancellation);
        return new CampaignCounts(
            states.Values.Sum(),
            states.GetValueOrDefault(RecipientState.Pending),
            states.GetValueOrDefault(RecipientState.InDoubt),
            states.GetValueOrDefault(RecipientState.Accepted),
            states.GetValueOrDefault(RecipientState.Refused),
            states.GetValueOrDefault(RecipientState.Excluded),
            states.GetValueOrDefault(RecipientState.Unknown),
            deliveries.GetValueOrDefault(Delivery.Delivered),
            deliveries.GetValueOrDefault(Delivery.Bounced),
            deliveries.GetValueOrDefault(Delivery.Complained),
            opened,
            clicked,
            assumed,
            openedByMachines,
            clickedByMachines
        );
    }
}
