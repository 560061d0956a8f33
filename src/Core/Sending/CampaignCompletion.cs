using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>Looks, after each change of the ledger, whether a campaign is done, and stops one that cannot go on.</summary>
public static class CampaignCompletion
{
    private const string Sent = "campaign.sent";

    /// <summary>Sent when nobody is pending, in doubt or unknown; Partial when only the unknown are left.</summary>
    /// <param name="most">
    /// <c>Sending:BatchSize</c>, from whoever may have made somebody pending: who came too late for a follow-up is cut into its
    /// chunks here.
    /// </param>
    public static async Task CheckAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        DateTimeOffset now,
        CancellationToken cancellation,
        int most = Chunk.MaxRecipients
    )
    {
        // Of two transactions that settle the last two chunks at one time, the second sees what the first has done.
        await db.LockCampaignAsync(campaignId, cancellation);
        if (await IsGoingOnAsync(db, tenantId, campaignId, cancellation))
        {
            return;
        }

        // Its row too, before anybody is counted: people also come into a campaign from another one of its lineage, by
        // transactions that hold this row alone (TakeOver.LateAsync, Downstream.GiveBackAsync). The questions below see them.
        var status = await db
            .Campaigns.Where(c => c.TenantId == tenantId && c.Id == campaignId)
            .ForUpdate()
            .Select(c => c.Status)
            .SingleAsync(cancellation);
        if (
            status is not (CampaignStatus.Sending or CampaignStatus.Partial or CampaignStatus.Paused)
            || (await AnyAsync(RecipientState.Pending) && !await HandOverAsync())
            || await AnyAsync(RecipientState.InDoubt)
        )
        {
            return;
        }

        if (!await AnyAsync(RecipientState.Unknown))
        {
            if (
                await CampaignTransitions.TryMoveAsync(
                    db,
                    tenantId,
                    campaignId,
                    status,
                    CampaignStatus.Sent,
                    now,
                    cancellation
                )
            )
            {
                await db
                    .Campaigns.Where(c => c.TenantId == tenantId && c.Id == campaignId)
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(c => c.FinishedAt, now)
                                .SetProperty(c => c.StopReason, (StopReason?)null)
                                .SetProperty(c => c.StopDetail, (string?)null)
                                .SetProperty(c => c.ResumeAfter, (DateTimeOffset?)null),
                        cancellation
                    );
                // Planned for people of whom proof came before it was claimed.
                await CleanChunks.CloseAsync(db, tenantId, campaignId, cancellation);
                await AuditAsync(db, tenantId, campaignId, Sent, null, now, cancellation);
            }
        }
        else if (status == CampaignStatus.Sending)
        {
            await StopAsync(db, tenantId, campaignId, StopReason.UnknownLeft, null, null, now, cancellation);
        }

        // A campaign that is continued keeps nobody waiting who can still go along.
        async Task<bool> HandOverAsync() =>
            status == CampaignStatus.Partial
            && await db
                .Campaigns.AsNoTracking()
                .SingleOrDefaultAsync(
                    c => c.TenantId == tenantId && c.Id == campaignId && c.ContinuedById != null,
                    cancellation
                )
                is { } continued
            && await TakeOver.LateAsync(db, continued, now, most, cancellation);

        Task<bool> AnyAsync(RecipientState state) =>
            db.Recipients.AnyAsync(
                r => r.TenantId == tenantId && r.CampaignId == campaignId && r.State == state,
                cancellation
            );
    }

    /// <summary>
    /// The same after an answer, of which many are written at one time: they need not stand in line, each until the commit
    /// of the one before it. While a chunk waits that nobody has claimed, its own end looks again, and waits for this
    /// transaction then.
    /// </summary>
    public static async Task CheckAfterAnswerAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        DateTimeOffset now,
        int most,
        CancellationToken cancellation
    )
    {
        if (await IsChunkWaitingAsync(db, tenantId, campaignId, cancellation))
        {
            // Held, and only then believed: what waited a moment ago may have been claimed, sent and settled since. Then this
            // one waits for the others too; of two who do so at one time the database runs one again.
            if (
                !await db.HoldCampaignAsync(campaignId, cancellation)
                || await IsChunkWaitingAsync(db, tenantId, campaignId, cancellation)
            )
            {
                return;
            }
        }

        await CheckAsync(db, tenantId, campaignId, now, cancellation, most);
    }

    // One that somebody will claim: a chunk of an older run is only taken up again in doubt, and no other's end can be
    // counted on.
    private static Task<bool> IsChunkWaitingAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        CancellationToken cancellation
    ) =>
        db.AnyAsync(
            $"""
            SELECT 1 FROM "Chunks" AS c
            WHERE c."TenantId" = {tenantId} AND c."CampaignId" = {campaignId} AND c."State" = 'Planned' AND EXISTS (
                SELECT 1 FROM "Campaigns" AS m
                WHERE m."TenantId" = c."TenantId" AND m."Id" = c."CampaignId" AND m."Status" = 'Sending'
                    AND (c."RunNumber" = m."CurrentRun" OR c."DoubtfulSince" IS NOT NULL))
            ORDER BY c."Number" DESC LIMIT 1
            """,
            cancellation
        );

    // Nearly always so.
    private static Task<bool> IsGoingOnAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        CancellationToken cancellation
    ) =>
        db.AnyAsync(
            $"""
            SELECT 1 FROM "Campaigns" AS c
            WHERE c."TenantId" = {tenantId} AND c."Id" = {campaignId} AND c."Status" = 'Sending' AND EXISTS (
                SELECT 1 FROM "Recipients" AS r
                WHERE r."TenantId" = c."TenantId" AND r."CampaignId" = c."Id" AND r."State" IN ('Pending', 'InDoubt'))
            """,
            cancellation
        );

    /// <summary>
    /// The same for what an account said, or for want of its key: only while the current run goes through that account. What
    /// is still in doubt at an account that was left waits there by itself, and stops nobody who sends through the new one.
    /// </summary>
    public static async Task<bool> StopThroughAsync(
        PortalDbContext db,
        Guid accountId,
        Guid tenantId,
        Guid campaignId,
        StopReason reason,
        string? detail,
        DateTimeOffset? resumeAfter,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        // No resume puts it on another account meanwhile.
        await db.LockCampaignAsync(campaignId, cancellation);
        return await db.Runs.AnyAsync(
                run =>
                    run.TenantId == tenantId
                    && run.CampaignId == campaignId
                    && run.AccountId == accountId
                    && db.Campaigns.Any(campaign =>
                        campaign.TenantId == tenantId && campaign.Id == campaignId && campaign.CurrentRun == run.Number
                    ),
                cancellation
            ) && await StopAsync(db, tenantId, campaignId, reason, detail, resumeAfter, now, cancellation);
    }

    /// <summary>Sending → Partial, with the reason; nothing when it is not sending any more.</summary>
    public static async Task<bool> StopAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        StopReason reason,
        string? detail,
        DateTimeOffset? resumeAfter,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        if (
            !await CampaignTransitions.TryMoveAsync(
                db,
                tenantId,
                campaignId,
                CampaignStatus.Sending,
                CampaignStatus.Partial,
                now,
                cancellation,
                reason
            )
        )
        {
            return false;
        }

        await db
            .Campaigns.Where(c => c.TenantId == tenantId && c.Id == campaignId)
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(c => c.StopReason, reason)
                        .SetProperty(c => c.StopDetail, detail)
                        .SetProperty(c => c.ResumeAfter, resumeAfter),
                cancellation
            );
        await AuditAsync(
            db,
            tenantId,
            campaignId,
            "campaign.stopped",
            new { reason = reason.ToString(), detail },
            now,
            cancellation
        );
        return true;
    }

    private static async Task AuditAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        string action,
        object? details,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var campaign = await db
            .Campaigns.Where(c => c.TenantId == tenantId && c.Id == campaignId)
            .Select(c => new { c.Name, c.Kind })
            .SingleAsync(cancellation);
        if (campaign.Kind == CampaignKind.Email && action == Sent)
        {
            // It stands in the log since it was given; of millions the good end of each would bury what people do.
            return;
        }

        await AuditLog.AppendAsync(
            db,
            tenantId,
            Actor.System,
            now,
            campaign.Kind.Audited(action),
            campaign.Kind.AuditedAs(),
            campaignId.ToString(),
            campaign.Name,
            details,
            cancellation
        );
    }
}
