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
)
{
    /// <summary>Its call's place in the account's rate.</summary>
    public RateSlot Slot { get; init; } = new(RateGrid.Unknown, null);
}

/// <summary>
/// Gives a worker the next chunk that is due: those in doubt first, then the tenants in turn, one chunk each. While the
/// account is failing it gives out one probe at a time instead of putting chunk after chunk in doubt.
/// </summary>
public sealed class ClaimChunk(PortalDb db, SendingOptions options, Random random, Pacer pacer)
{
    private readonly Turns _turns = new(TimeSpan.FromMilliseconds(200));

    /// <returns>Null when nothing is due now, or no call may start now (<see cref="Pacer.Room"/>).</returns>
    public async Task<ClaimedChunk?> ExecuteAsync(Guid accountId, string owner, CancellationToken cancellation)
    {
        var fresh = _turns.IsFresh(db.Time.GetUtcNow());
        // Most calls of an idle installation end here, without taking the gate.
        if (!fresh && !await LookAsync(accountId, cancellation))
        {
            return null;
        }

        var (chunk, nothingDue) = await TryAsync(accountId, owner, cancellation);
        return chunk is null && nothingDue && fresh && await LookAsync(accountId, cancellation)
            ? (await TryAsync(accountId, owner, cancellation)).Chunk
            : chunk;
    }

    private async Task<bool> LookAsync(Guid accountId, CancellationToken cancellation)
    {
        await using var read = db.Read(TenantScope.Installation);
        var now = db.Time.GetUtcNow();
        if (await MayNotSendAsync(read, cancellation))
        {
            return false;
        }

        await _turns.RefreshAsync(read, now, cancellation);
        return _turns.IsFresh(now) || await DoubtfulAsync(read, accountId, now, cancellation) is not null;
    }

    // The chunk first and the number second: who finds no chunk takes no number. Each is one conditional statement, so that
    // it does not matter how many instances do the same at this moment.
    private Task<(ClaimedChunk? Chunk, bool NothingDue)> TryAsync(
        Guid accountId,
        string owner,
        CancellationToken cancellation
    ) =>
        db.WriteBesideOthersAsync<(ClaimedChunk?, bool)>(
            TenantScope.Installation,
            async (context, token) =>
            {
                var now = db.Time.GetUtcNow();
                if (await MayNotSendAsync(context, token))
                {
                    return (null, true);
                }

                if (
                    (await DoubtfulAsync(context, accountId, now, token) ?? await CleanAsync(context, now, token))
                    is not { } due
                )
                {
                    return (null, true);
                }

                var slot = await pacer.TakeAsync(
                    context,
                    accountId,
                    failures => Backoff.ForAccount(failures, random),
                    token
                );
                if (slot is not { } mine || !await LeaseAsync(context, due, owner, now, token))
                {
                    return (null, false);
                }

                _turns.Had(due.TenantId, due.CampaignId);
                return (due with { Epoch = due.Epoch + 1, Slot = mine }, false);
            },
            cancellation
        );

    private async Task<bool> LeaseAsync(
        PortalDbContext context,
        ClaimedChunk due,
        string owner,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        await context
            .Chunks.Where(chunk =>
                chunk.TenantId == due.TenantId
                && chunk.CampaignId == due.CampaignId
                && chunk.Number == due.Number
                && chunk.Epoch == due.Epoch
                && (chunk.State == ChunkState.Planned || (chunk.State == ChunkState.Leased && chunk.LeaseEnds <= now))
            )
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(chunk => chunk.State, ChunkState.Leased)
                        .SetProperty(chunk => chunk.Epoch, due.Epoch + 1)
                        .SetProperty(chunk => chunk.LeaseOwner, owner)
                        .SetProperty(chunk => chunk.LeaseEnds, now + TimeSpan.FromSeconds(options.LeaseSeconds)),
                cancellation
            ) == 1;

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

    private async Task<bool> MayNotSendAsync(PortalDbContext context, CancellationToken cancellation) =>
        db.Time.MayNotSend()
        || await context.Installation.AnyAsync(installation => installation.Hold != null, cancellation);

    private async Task<ClaimedChunk?> DoubtfulAsync(
        PortalDbContext context,
        Guid accountId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        if (db.Time.MayNotRepeat())
        {
            return null;
        }

        var lastRepeat = now - (options.KeyWindow - options.KeyWindowMargin);
        return await FirstAsync(
            context
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
                .ThenBy(chunk => chunk.FirstAttemptAt),
            cancellation
        );
    }

    private async Task<ClaimedChunk?> CleanAsync(
        PortalDbContext context,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        while (_turns.Next() is { } turn)
        {
            // A campaign stopped a moment ago may still be in the list; the intent would stop it, and waste a number.
            var mine = context.Chunks.Where(chunk =>
                chunk.TenantId == turn.TenantId
                && chunk.CampaignId == turn.CampaignId
                && chunk.RunNumber == turn.Run
                && chunk.DoubtfulSince == null
                && context.Campaigns.Any(campaign =>
                    campaign.TenantId == chunk.TenantId
                    && campaign.Id == chunk.CampaignId
                    && campaign.Status == CampaignStatus.Sending
                )
            );
            var next = await NextOfAsync(context, mine, turn, now, cancellation);
            if (next is not null)
            {
                return next;
            }

            _turns.Drop(turn);
        }

        return null;
    }

    /// <summary>
    /// Depth first: the halves of a refused chunk have the highest numbers, and go before whatever was planned. While they
    /// are tried for a fault that may be everybody's, one call at a time.
    /// </summary>
    private static async Task<ClaimedChunk?> NextOfAsync(
        PortalDbContext context,
        IQueryable<Chunk> mine,
        Turns.Waiting turn,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var planned = mine.Where(chunk =>
            chunk.State == ChunkState.Planned && (chunk.NotBefore == null || chunk.NotBefore <= now)
        );
        var newest = await planned
            .OrderByDescending(chunk => chunk.Number)
            .Select(chunk => new { chunk.Number, chunk.ParentNumber })
            .FirstOrDefaultAsync(cancellation);
        if (newest?.ParentNumber is not null)
        {
            await context.LockCampaignAsync(turn.CampaignId, cancellation);
            var searching = await Bisection.IsSearchingAsync(
                context,
                turn.TenantId,
                turn.CampaignId,
                turn.Run,
                cancellation
            );
            var busy =
                searching
                && await context.Chunks.AnyAsync(
                    chunk =>
                        chunk.TenantId == turn.TenantId
                        && chunk.CampaignId == turn.CampaignId
                        && chunk.State == ChunkState.Leased
                        && chunk.LeaseEnds > now,
                    cancellation
                );
            return busy ? null : await FirstAsync(planned.Where(chunk => chunk.Number == newest.Number), cancellation);
        }

        return (newest is null ? null : await FirstAsync(planned.OrderBy(chunk => chunk.Number), cancellation))
            ?? await FirstAsync(
                mine.Where(chunk => chunk.State == ChunkState.Leased && chunk.LeaseEnds <= now)
                    .OrderBy(chunk => chunk.Number),
                cancellation
            );
    }

    // The frozen bytes stay where they are: a claim reads the few columns that it needs. What another instance is claiming
    // at this moment is passed over.
    private static Task<ClaimedChunk?> FirstAsync(IQueryable<Chunk> chunks, CancellationToken cancellation) =>
        chunks
            .ForUpdateSkipLocked()
            .Select(chunk => new ClaimedChunk(
                chunk.TenantId,
                chunk.CampaignId,
                chunk.Number,
                chunk.RunNumber,
                chunk.Generation,
                chunk.Epoch,
                chunk.DoubtfulSince != null
            ))
            .FirstOrDefaultAsync(cancellation);
}
