using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>A chunk in a worker's hand. Everything that it does is fenced by the epoch.</summary>
/// <param name="Repeat">True when its bytes are frozen: it is in doubt, and the same request goes out again.</param>
public sealed record ClaimedChunk(
    Guid TenantId,
    Guid CampaignId,
    int Number,
    int RunNumber,
    int Generation,
    int Epoch,
    bool Repeat
);

/// <summary>
/// Gives a worker the next chunk that is due: those in doubt first, then the tenants in turn, one chunk each. While the
/// account is failing it gives out one probe at a time instead of putting chunk after chunk in doubt.
/// </summary>
public sealed class ClaimChunk(PortalDb db, SendingOptions options, Random random)
{
    // Whose turn it is. Lost with the process, which costs nobody more than one place in the queue.
    private readonly Dictionary<Guid, long> _lastTurn = [];
    private long _turn;

    /// <returns>Null when nothing is due now.</returns>
    public async Task<ClaimedChunk?> ExecuteAsync(Guid accountId, string owner, CancellationToken cancellation)
    {
        // Most calls of an idle installation end here, without taking the gate.
        await using (var read = db.Read(TenantScope.Installation))
        {
            if (await NextAsync(read, accountId, db.Time.GetUtcNow(), claiming: false, cancellation) is null)
            {
                return null;
            }
        }

        return await db.WriteBesideOthersAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                var now = db.Time.GetUtcNow();
                var account = await AccountRow.LookAsync(context, accountId, token);
                if (account.FailingSince is not null)
                {
                    // One probe at a time: whoever waits here finds the pause that the first one has set.
                    account = await AccountRow.LockAsync(context, accountId, token);
                }

                if (await NextAsync(context, accountId, now, claiming: true, token) is not { } chunk)
                {
                    return null;
                }

                chunk.State = ChunkState.Leased;
                chunk.Epoch++;
                chunk.LeaseOwner = owner;
                chunk.LeaseEnds = now + TimeSpan.FromSeconds(options.LeaseSeconds);
                if (account.BeginCall(now))
                {
                    account.HoldBack(now + Backoff.ForAccount(account.FailuresInARow, random));
                }

                lock (_lastTurn)
                {
                    _lastTurn[chunk.TenantId] = ++_turn;
                }

                return new ClaimedChunk(
                    chunk.TenantId,
                    chunk.CampaignId,
                    chunk.Number,
                    chunk.RunNumber,
                    chunk.Generation,
                    chunk.Epoch,
                    Repeat: chunk.DoubtfulSince is not null
                );
            },
            cancellation
        );
    }

    /// <summary>When something may be due next, for a worker that found nothing; null when nothing waits at all.</summary>
    public async Task<DateTimeOffset?> NextDueAsync(Guid accountId, CancellationToken cancellation)
    {
        await using var context = db.Read(TenantScope.Installation);
        var held = await context
            .ProviderAccounts.Where(account => account.Id == accountId)
            .Select(account => account.NotBefore)
            .SingleOrDefaultAsync(cancellation);
        var planned = Sendable(context).Where(chunk => chunk.State == ChunkState.Planned);
        var waiting = await planned.AnyAsync(chunk => chunk.NotBefore == null, cancellation)
            ? db.Time.GetUtcNow()
            : await planned.MinAsync(chunk => chunk.NotBefore, cancellation);
        var leases = await Sendable(context)
            .Where(chunk => chunk.State == ChunkState.Leased)
            .MinAsync(chunk => chunk.LeaseEnds, cancellation);
        var next = waiting is null || leases < waiting ? leases : waiting;
        return held > next ? held : next;
    }

    private static IQueryable<Chunk> Sendable(PortalDbContext context) =>
        from campaign in context.Campaigns
        where campaign.Status == CampaignStatus.Sending || campaign.Status == CampaignStatus.Partial
        join chunk in context.Chunks
            on new { campaign.TenantId, CampaignId = campaign.Id } equals new { chunk.TenantId, chunk.CampaignId }
        where
            (chunk.State == ChunkState.Planned || chunk.State == ChunkState.Leased)
            && (campaign.Status == CampaignStatus.Sending || chunk.DoubtfulSince != null)
        select chunk;

    private async Task<Chunk?> NextAsync(
        PortalDbContext context,
        Guid accountId,
        DateTimeOffset now,
        bool claiming,
        CancellationToken cancellation
    )
    {
        var notBefore = await context
            .ProviderAccounts.Where(account => account.Id == accountId)
            .Select(account => account.NotBefore)
            .SingleAsync(cancellation);
        if (
            notBefore > now
            || db.Time.MayNotSend()
            || await context.Installation.AnyAsync(installation => installation.Hold != null, cancellation)
        )
        {
            return null;
        }

        var lastRepeat = now - (options.KeyWindow - options.KeyWindowMargin);
        var doubtful = db.Time.MayNotRepeat()
            ? null
            : await DoubtfulAsync(context, accountId, now, lastRepeat, cancellation);
        return doubtful ?? await CleanAsync(context, now, claiming, cancellation);
    }

    private static async Task<Chunk?> DoubtfulAsync(
        PortalDbContext context,
        Guid accountId,
        DateTimeOffset now,
        DateTimeOffset lastRepeat,
        CancellationToken cancellation
    ) =>
        await context
            .Chunks.Where(chunk =>
                chunk.DoubtfulSince != null
                && chunk.AccountId == accountId
                && chunk.FirstAttemptAt > lastRepeat
                && (
                    (chunk.State == ChunkState.Planned && (chunk.NotBefore == null || chunk.NotBefore <= now))
                    || (chunk.State == ChunkState.Leased && chunk.LeaseEnds <= now)
                )
                && context.Campaigns.Any(campaign =>
                    campaign.TenantId == chunk.TenantId
                    && campaign.Id == chunk.CampaignId
                    && (campaign.Status == CampaignStatus.Sending || campaign.Status == CampaignStatus.Partial)
                )
            )
            .OrderBy(chunk => chunk.NotBefore)
            .ThenBy(chunk => chunk.FirstAttemptAt)
            .ForUpdateSkipLocked()
            .FirstOrDefaultAsync(cancellation);

    private async Task<Chunk?> CleanAsync(
        PortalDbContext context,
        DateTimeOffset now,
        bool claiming,
        CancellationToken cancellation
    )
    {
        var sending = await context
            .Campaigns.Where(campaign => campaign.Status == CampaignStatus.Sending)
            .Select(campaign => new
            {
                campaign.TenantId,
                campaign.Id,
                campaign.CurrentRun,
                campaign.LaunchedAt,
            })
            .ToListAsync(cancellation);
        List<Guid> turns;
        lock (_lastTurn)
        {
            turns =
            [
                .. sending.Select(c => c.TenantId).Distinct().OrderBy(tenant => _lastTurn.GetValueOrDefault(tenant)),
            ];
        }

        foreach (var campaign in sending.OrderBy(c => turns.IndexOf(c.TenantId)).ThenBy(c => c.LaunchedAt))
        {
            var mine = context.Chunks.Where(chunk =>
                chunk.TenantId == campaign.TenantId
                && chunk.CampaignId == campaign.Id
                && chunk.RunNumber == campaign.CurrentRun
                && chunk.DoubtfulSince == null
            );
            if (
                await NextOfAsync(context, mine, campaign.Id, campaign.CurrentRun, now, claiming, cancellation) is
                { } next
            )
            {
                return next;
            }
        }

        return null;
    }

    /// <summary>
    /// Depth first: the halves of a refused chunk have the highest numbers, and go before whatever was planned. While they
    /// are tried for a fault that may be everybody's, one call at a time.
    /// </summary>
    private static async Task<Chunk?> NextOfAsync(
        PortalDbContext context,
        IQueryable<Chunk> mine,
        Guid campaignId,
        int run,
        DateTimeOffset now,
        bool claiming,
        CancellationToken cancellation
    )
    {
        var planned = mine.Where(chunk =>
            chunk.State == ChunkState.Planned && (chunk.NotBefore == null || chunk.NotBefore <= now)
        );
        var newest = await planned
            .OrderByDescending(chunk => chunk.Number)
            .Select(chunk => new
            {
                chunk.TenantId,
                chunk.Number,
                chunk.ParentNumber,
            })
            .FirstOrDefaultAsync(cancellation);
        if (newest?.ParentNumber is not null)
        {
            if (claiming)
            {
                await context.LockCampaignAsync(campaignId, cancellation);
            }

            var searching = await Bisection.IsSearchingAsync(context, newest.TenantId, campaignId, run, cancellation);
            var busy =
                searching
                && await context.Chunks.AnyAsync(
                    chunk =>
                        chunk.TenantId == newest.TenantId
                        && chunk.CampaignId == campaignId
                        && chunk.State == ChunkState.Leased
                        && chunk.LeaseEnds > now,
                    cancellation
                );
            return busy
                ? null
                : await planned
                    .Where(chunk => chunk.Number == newest.Number)
                    .ForUpdateSkipLocked()
                    .SingleOrDefaultAsync(cancellation);
        }

        return (
                newest is null
                    ? null
                    : await planned
                        .OrderBy(chunk => chunk.Number)
                        .ForUpdateSkipLocked()
                        .FirstOrDefaultAsync(cancellation)
            )
            ?? await mine.Where(chunk => chunk.State == ChunkState.Leased && chunk.LeaseEnds <= now)
                .OrderBy(chunk => chunk.Number)
                .ForUpdateSkipLocked()
                .FirstOrDefaultAsync(cancellation);
    }
}
