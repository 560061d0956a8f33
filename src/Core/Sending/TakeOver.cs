using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// Moves whoever is pending in a campaign to its follow-up: Excluded(moved) there and Pending here, set-based, in the
/// caller's transaction, so that nobody is ever pending in two. Raw SQL because EF Core has no INSERT..SELECT.
/// </summary>
internal static class TakeOver
{
    /// <returns>How many were moved.</returns>
    /// <remarks>
    /// First out, then in: what is copied is what this statement has moved, whatever else returns to Pending meanwhile.
    /// A row that the target has already is not copied a second time.
    /// </remarks>
    public static async Task<int> MoveAsync(
        PortalDbContext db,
        Campaign source,
        Campaign target,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var (tenantId, from, to) = (source.TenantId, source.Id, target.Id);
        var moved = await db
            .Recipients.Where(row =>
                row.TenantId == tenantId && row.CampaignId == from && row.State == RecipientState.Pending
            )
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(row => row.State, RecipientState.Excluded)
                        .SetProperty(row => row.Reason, Reasons.MovedToFollowUp)
                        .SetProperty(row => row.Detail, (string?)null)
                        .SetProperty(row => row.MovedToId, to)
                        .SetProperty(row => row.ChunkNumber, (int?)null)
                        .SetProperty(row => row.UpdatedAt, now),
                cancellation
            );
        if (moved == 0)
        {
            return 0;
        }

        await EventOutbox.RecipientsAsync(db, tenantId, from, now, cancellation);

        var last =
            await db
                .Recipients.Where(row => row.TenantId == tenantId && row.CampaignId == to)
                .MaxAsync(row => (int?)row.Number, cancellation)
            ?? 0;
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO "Recipients" (
                "TenantId", "CampaignId", "Number", "ContactId", "Email", "NormalizedEmail", "FirstName", "LastName",
                "State", "UpdatedAt", "Opens", "Clicks")
            SELECT r."TenantId", {to}, {last} + ROW_NUMBER() OVER (ORDER BY r."Number"), r."ContactId", r."Email",
                r."NormalizedEmail", r."FirstName", r."LastName", 'Pending', {InstantConverter.ToMicroseconds(
                now
            )}, 0, 0
            FROM "Recipients" r
            WHERE r."TenantId" = {tenantId} AND r."CampaignId" = {from} AND r."MovedToId" = {to}
                AND NOT EXISTS (
                    SELECT 1 FROM "Recipients" o
                    WHERE o."TenantId" = r."TenantId" AND o."CampaignId" = {to}
                        AND o."NormalizedEmail" = r."NormalizedEmail")
            """,
            cancellation
        );
        await FreezeFields.MoveAsync(db, source, target, last, cancellation);
        return moved;
    }

    /// <summary>
    /// Somebody came back to Pending in a campaign that is continued already: a call was in flight when the follow-up was
    /// made, or a person says "send again". They go to where the others went, and the way that those went: through each
    /// campaign between, so that a draft that is deleted gives them back to the one it continues. When the last has come to
    /// its end they stay, and this campaign can be resumed for them.
    /// </summary>
    /// <param name="most">Recipients of one chunk: <c>Sending:BatchSize</c>.</param>
    /// <returns>True when they have gone.</returns>
    public static async Task<bool> LateAsync(
        PortalDbContext db,
        Campaign source,
        DateTimeOffset now,
        int most,
        CancellationToken cancellation
    )
    {
        var open = db.Campaigns.Where(last =>
            last.TenantId == source.TenantId
            && last.LineageId == source.LineageId
            && last.LineagePlace > source.LineagePlace
            && last.ContinuedById == null
            && last.Status != CampaignStatus.Sent
            && last.Status != CampaignStatus.Cancelled
        );
        // Its row is held until this transaction's end: it is not cancelled or continued meanwhile, and whoever looks whether
        // it is done waits for the row before counting (CampaignCompletion.CheckAsync). A second time, because who waited for
        // the row while it was continued, or while the draft behind it was deleted, has not seen the one that is last now.
        if (await HoldAsync() == 0 && await HoldAsync() == 0)
        {
            return false;
        }

        db.Fired(SafetyMechanism.LateTakenOver, source.Id);
        await CleanChunks.AbandonAsync(db, source, cancellation);
        var line = await db
            .Campaigns.AsNoTracking()
            .Where(next =>
                next.TenantId == source.TenantId
                && next.LineageId == source.LineageId
                && next.LineagePlace > source.LineagePlace
            )
            .OrderBy(next => next.LineagePlace)
            .ToListAsync(cancellation);
        var target = source;
        foreach (var next in line)
        {
            await MoveAsync(db, target, next, now, cancellation);
            target = next;
        }

        if (target.Status is CampaignStatus.Sending or CampaignStatus.Paused)
        {
            await PlanAsync(db, target, most, cancellation);
        }

        return true;

        Task<int> HoldAsync() =>
            open.ExecuteUpdateAsync(set => set.SetProperty(last => last.UpdatedAt, now), cancellation);
    }

    private static async Task PlanAsync(PortalDbContext db, Campaign target, int most, CancellationToken cancellation)
    {
        var planned = await ChunkPlanner.PlanAsync(db, target, cancellation, most);
        await db
            .Campaigns.Where(c => c.TenantId == target.TenantId && c.Id == target.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(c => c.LastChunk, target.LastChunk), cancellation);
        await db
            .Runs.Where(run =>
                run.TenantId == target.TenantId && run.CampaignId == target.Id && run.Number == target.CurrentRun
            )
            .ExecuteUpdateAsync(set => set.SetProperty(run => run.Planned, run => run.Planned + planned), cancellation);
    }
}
