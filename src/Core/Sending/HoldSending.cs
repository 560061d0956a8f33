using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>
/// Rule 17: the whole installation stops until a person lets it go on. The intent asks for it in the same statement, so
/// nothing goes out after it is committed.
/// </summary>
public sealed class HoldSending(
    PortalDb db,
    StampFile file,
    ILogger<HoldSending> logger,
    SendingOptions? options = null
)
{
    /// <summary>
    /// Chunk numbers of before are not given out again: a mail that went out after the backup carries one, and would
    /// prove something else.
    /// </summary>
    private const int ChunksLeftOut = 1_000_000;

    private static readonly CampaignStatus[] Unfinished =
    [
        CampaignStatus.Scheduled,
        CampaignStatus.Preparing,
        CampaignStatus.Sending,
        CampaignStatus.Paused,
        CampaignStatus.Partial,
        CampaignStatus.Cancelled,
    ];

    private readonly int _batchSize = (options ?? new SendingOptions()).BatchSize;

    /// <summary>Nothing changes but that nothing goes out.</summary>
    public Task HoldAsync(HoldReason reason, string detail, CancellationToken cancellation) =>
        db.WriteAsync(
            TenantScope.Installation,
            (context, token) => SetAsync(context, reason, detail, token),
            cancellation
        );

    /// <summary>
    /// This database may be older than what was sent: the epoch is raised, so that no old key is used for other bytes, and
    /// whoever was pending or in doubt becomes unknown, until proof or a person.
    /// </summary>
    public async Task HoldOldDatabaseAsync(HoldReason reason, string detail, CancellationToken cancellation)
    {
        var seen = file.Read();
        var epoch = await db.WriteAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                await SetAsync(context, reason, detail, token);
                var epoch = await RaiseEpochAsync(context, seen, db.Time.GetUtcNow(), token);
                await context.SaveChangesAsync(token);
                var unfinished = context.Campaigns.Where(c => Unfinished.Contains(c.Status));
                await DoubtAsync(context, unfinished, db.Time.GetUtcNow(), _batchSize, token);
                return epoch;
            },
            cancellation
        );
        file.Write(new Stamp(Math.Max(seen?.Number ?? 0, 0), epoch));
        logger.LogCritical("All sending is paused: {Detail} The epoch is {Epoch} now.", detail, epoch);
    }

    internal static async Task<int> RaiseEpochAsync(
        PortalDbContext context,
        Stamp? seen,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var row = await context.Installation.SingleAsync(cancellation);
        // The minute too, so that one backup restored twice, on two machines, never gets one epoch twice.
        row.Epoch = Math.Max(Math.Max(row.Epoch, seen?.Epoch ?? 0) + 1, (int)(now.ToUnixTimeSeconds() / 60));
        row.Stamp = Math.Max(row.Stamp, seen?.Number ?? 0) + 1;
        return row.Epoch;
    }

    /// <summary>Nobody of these campaigns is taken for unsent any more.</summary>
    /// <param name="campaigns">
    /// Others launch, schedule and write on them meanwhile: all are locked first, and each is read then and left alone when it
    /// is none of these any more.
    /// </param>
    /// <param name="most">Recipients of one chunk: <c>Sending:BatchSize</c>. Who is sent to again goes out in these.</param>
    internal static async Task DoubtAsync(
        PortalDbContext context,
        IQueryable<Campaign> campaigns,
        DateTimeOffset now,
        int most,
        CancellationToken cancellation
    )
    {
        await context.LockAllCampaignsAsync(cancellation);
        // A source before its follow-up, as everybody locks their rows.
        var found = await campaigns
            .OrderBy(campaign => campaign.LineagePlace)
            .ThenBy(campaign => campaign.Id)
            .Select(campaign => new { campaign.TenantId, campaign.Id })
            .ToListAsync(cancellation);
        foreach (var one in found)
        {
            var campaign = await campaigns
                .Where(campaign => campaign.TenantId == one.TenantId && campaign.Id == one.Id)
                .ForUpdate()
                .SingleOrDefaultAsync(cancellation);
            if (campaign is not null)
            {
                await DoubtAsync(context, campaign, now, most, cancellation);
                // Nobody needs it any more: it has its HTML, and each save looks at everything that is tracked.
                await context.SaveChangesAsync(cancellation);
                context.ChangeTracker.Clear();
            }
        }
    }

    /// <param name="campaign">Tracked, and locked with its row. What it leaves to be saved is saved by the caller.</param>
    private static async Task DoubtAsync(
        PortalDbContext context,
        Campaign campaign,
        DateTimeOffset now,
        int most,
        CancellationToken cancellation
    )
    {
        if (campaign.Status == CampaignStatus.Preparing)
        {
            // Its audience is not taken yet; launching it by itself could be a second time.
            await CampaignTransitions.TryMoveAsync(
                context,
                campaign.TenantId,
                campaign.Id,
                CampaignStatus.Preparing,
                CampaignStatus.Draft,
                now,
                cancellation
            );
            return;
        }

        if (campaign.Status == CampaignStatus.Scheduled)
        {
            // It may have been launched since the backup: a person knows, or looks.
            (campaign.StopReason, campaign.StopDetail) = (StopReason.Restored, null);
            campaign.Version++;
            return;
        }

        context.Fired(SafetyMechanism.OldDatabaseDoubted, campaign.Id);
        // Whoever stands in no chunk gets one: a person decides by chunk.
        await ChunkPlanner.PlanAsync(context, campaign, cancellation, most);
        campaign.LastChunk += ChunksLeftOut;
        await context.SaveChangesAsync(cancellation);
        await context
            .Chunks.Where(chunk =>
                chunk.TenantId == campaign.TenantId
                && chunk.CampaignId == campaign.Id
                && (chunk.State == ChunkState.Planned || chunk.State == ChunkState.Leased)
            )
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(chunk => chunk.State, ChunkState.Unknown)
                        .SetProperty(chunk => chunk.Epoch, chunk => chunk.Epoch + 1)
                        .SetProperty(chunk => chunk.LeaseOwner, (string?)null)
                        .SetProperty(chunk => chunk.LeaseEnds, (DateTimeOffset?)null)
                        .SetProperty(chunk => chunk.DoubtfulSince, (DateTimeOffset?)null)
                        .SetProperty(chunk => chunk.NotBefore, (DateTimeOffset?)null)
                        .SetProperty(chunk => chunk.Payload, (byte[]?)null),
                cancellation
            );
        var all = context.Recipients.Where(r => r.TenantId == campaign.TenantId && r.CampaignId == campaign.Id);
        foreach (var state in (RecipientState[])[RecipientState.Pending, RecipientState.InDoubt])
        {
            await Ledger.MoveAsync(all, state, RecipientState.Unknown, now, cancellation);
        }

        await EventOutbox.RecipientsAsync(context, campaign.TenantId, campaign.Id, now, cancellation);

        await CampaignCompletion.StopAsync(
            context,
            campaign.TenantId,
            campaign.Id,
            StopReason.Restored,
            null,
            null,
            now,
            cancellation
        );
    }

    private async Task SetAsync(
        PortalDbContext context,
        HoldReason reason,
        string detail,
        CancellationToken cancellation
    )
    {
        var row = await context.Installation.SingleAsync(cancellation);
        row.Hold = reason;
        context.Fired(SafetyMechanism.InstallationHeld, reason);
        row.HeldSince = db.Time.GetUtcNow();
        row.HoldDetail = KeptText.Cut(detail, 1000);
    }
}
