using System.Runtime.CompilerServices;
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
/// <param name="own">The tenant's own account that it gives work out for; null for the installation's.</param>
public sealed class ClaimChunk(
    PortalDb db,
    SendingOptions options,
    Random random,
    Pacer pacer,
    CurrentAccount? own = null
)
{
    private readonly Turns _turns = new(TimeSpan.FromMilliseconds(200), own);

    // A wake-up wakes all workers, and each of these questions may go through all mails that wait for another account.
    private readonly SharedLook<bool> _looks = new();
    private readonly SharedLook<DateTimeOffset?> _nextDue = new();

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

    private Task<bool> LookAsync(Guid accountId, CancellationToken cancellation) =>
        _looks.ExecuteAsync(() =>
            db.ReadRowsAsync(
                TenantScope.Installation,
                async read =>
                {
                    var now = db.Time.GetUtcNow();
                    if (await MayNotSendAsync(read, cancellation))
                    {
                        return false;
                    }

                    await _turns.RefreshAsync(read, now, cancellation);
                    return _turns.IsFresh(now) || await DoubtfulAsync(read, accountId, now, cancellation) is not null;
                }
            )
        );

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

                var (due, turn) = (await DoubtfulAsync(context, accountId, now, token), (Turns.Waiting?)null);
                if (due is null)
                {
                    (due, turn) = await CleanAsync(context, now, token);
                }

                if (due is null)
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

                _turns.Had(due.TenantId, turn?.CampaignId ?? due.CampaignId);
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
    )
    {
        var instant = InstantConverter.ToMicroseconds(now);
        var ends = InstantConverter.ToMicroseconds(now + TimeSpan.FromSeconds(options.LeaseSeconds));
        return await context.ExecuteAsync(
                $"""
                UPDATE "Chunks"
                SET "State" = 'Leased', "Epoch" = "Epoch" + 1, "LeaseOwner" = {owner}, "LeaseEnds" = {ends}
                WHERE "TenantId" = {due.TenantId} AND "CampaignId" = {due.CampaignId} AND "Number" = {due.Number}
                    AND "Epoch" = {due.Epoch}
                    AND ("State" = 'Planned' OR ("State" = 'Leased' AND "LeaseEnds" <= {instant}))
                """,
                cancellation
            ) == 1;
    }

    /// <summary>When something of the installation's may be due next, for a worker that found nothing; null when nothing waits at all.</summary>
    public Task<DateTimeOffset?> NextDueAsync(Guid accountId, CancellationToken cancellation) =>
        _nextDue.ExecuteAsync(() =>
            db.ReadRowsAsync(
                TenantScope.Installation,
                context => NextDue.ReadAsync(context, accountId, db.Time.GetUtcNow(), cancellation)
            )
        );

    private async Task<bool> MayNotSendAsync(PortalDbContext context, CancellationToken cancellation) =>
        db.Time.MayNotSend()
        || await context.AnyAsync($"""SELECT 1 FROM "Installation" WHERE "Hold" IS NOT NULL""", cancellation);

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

        var instant = InstantConverter.ToMicroseconds(now);
        var lastRepeat = InstantConverter.ToMicroseconds(now - (options.KeyWindow - options.KeyWindowMargin));
        return await ClaimableAsync(
            context,
            $"""
            c."DoubtfulSince" IS NOT NULL AND c."AccountId" = {accountId} AND c."FirstAttemptAt" > {lastRepeat}
                AND (c."State" = 'Planned' OR (c."State" = 'Leased' AND c."LeaseEnds" <= {instant}))
                AND (c."State" = 'Leased' OR c."NotBefore" IS NULL OR c."NotBefore" <= {instant})
                AND EXISTS (
                    SELECT 1 FROM "Campaigns" AS m WHERE m."TenantId" = c."TenantId" AND m."Id" = c."CampaignId"
                        AND m."Status" IN ('Sending', 'Partial'))
                AND EXISTS (SELECT 1 FROM "Tenants" AS t WHERE t."Id" = c."TenantId" AND t."DeletionBegunAt" IS NULL)
                AND ({own is null} OR EXISTS (
                    SELECT 1 FROM "OwnAccounts" AS o WHERE o."TenantId" = c."TenantId" AND o."AccountId" = c."AccountId"
                        AND o."ApiKey" IS NOT NULL))
            ORDER BY c."NotBefore", c."FirstAttemptAt"
            """,
            cancellation
        );
    }

    private async Task<(ClaimedChunk? Chunk, Turns.Waiting? Turn)> CleanAsync(
        PortalDbContext context,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        while (_turns.Next() is { } turn)
        {
            var next = turn.IsEmails
                ? await EmailQueue.NextAsync(context, turn.TenantId, own, now, cancellation)
                : await NextOfAsync(context, turn, now, cancellation);
            if (next is not null)
            {
                return (next, turn);
            }

            _turns.Drop(turn);
        }

        return (null, null);
    }

    /// <summary>
    /// Depth first: the halves of a refused chunk have the highest numbers, and go before whatever was planned. While they
    /// are tried for a fault that may be everybody's, one call at a time.
    /// </summary>
    private static async Task<ClaimedChunk?> NextOfAsync(
        PortalDbContext context,
        Turns.Waiting turn,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var instant = InstantConverter.ToMicroseconds(now);
        var newest = await context.FirstAsync(
            $"""
            SELECT c."Number", c."ParentNumber" FROM "Chunks" AS c
            WHERE c."TenantId" = {turn.TenantId} AND c."CampaignId" = {turn.CampaignId} AND c."RunNumber" = {turn.Run}
                AND c."State" = 'Planned' AND c."DoubtfulSince" IS NULL
                AND (c."NotBefore" IS NULL OR c."NotBefore" <= {instant})
            ORDER BY c."Number" DESC LIMIT 1
            """,
            row => new Newest(row.GetInt32(0), IsHalf: !row.IsDBNull(1)),
            cancellation
        );
        if (newest is { IsHalf: true })
        {
            await context.LockCampaignAsync(turn.CampaignId, cancellation);
            return
                await Bisection.IsSearchingAsync(context, turn.TenantId, turn.CampaignId, turn.Run, cancellation)
                && await IsBusyAsync(context, turn, now, cancellation)
                ? null
                : await PlannedAsync(newest.Number);
        }

        return (newest is null ? null : await PlannedAsync(from: 1))
            ?? await ClaimableAsync(
                context,
                $"""
                c."TenantId" = {turn.TenantId} AND c."CampaignId" = {turn.CampaignId} AND c."RunNumber" = {turn.Run}
                    AND c."State" = 'Leased' AND c."DoubtfulSince" IS NULL AND c."LeaseEnds" <= {instant} AND EXISTS (
                        SELECT 1 FROM "Campaigns" AS m WHERE m."TenantId" = c."TenantId" AND m."Id" = c."CampaignId"
                            AND m."Status" = 'Sending')
                ORDER BY c."Number"
                """,
                cancellation
            );

        Task<ClaimedChunk?> PlannedAsync(int from) =>
            ClaimableAsync(
                context,
                $"""
                c."TenantId" = {turn.TenantId} AND c."CampaignId" = {turn.CampaignId} AND c."RunNumber" = {turn.Run}
                    AND c."State" = 'Planned' AND c."DoubtfulSince" IS NULL AND c."Number" >= {from}
                    AND (c."NotBefore" IS NULL OR c."NotBefore" <= {instant}) AND EXISTS (
                        SELECT 1 FROM "Campaigns" AS m WHERE m."TenantId" = c."TenantId" AND m."Id" = c."CampaignId"
                            AND m."Status" = 'Sending')
                ORDER BY c."Number"
                """,
                cancellation
            );
    }

    private static Task<bool> IsBusyAsync(
        PortalDbContext context,
        Turns.Waiting turn,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        context.Chunks.AnyAsync(
            chunk =>
                chunk.TenantId == turn.TenantId
                && chunk.CampaignId == turn.CampaignId
                && chunk.State == ChunkState.Leased
                && chunk.LeaseEnds > now,
            cancellation
        );

    private static Task<ClaimedChunk?> ClaimableAsync(
        PortalDbContext context,
        FormattableString which,
        CancellationToken cancellation
    ) =>
        FirstAsync(
            context,
            FormattableStringFactory.Create($"""FROM "Chunks" AS c WHERE {which.Format}""", which.GetArguments()),
            cancellation
        );

    /// <summary>
    /// The frozen bytes stay where they are: a claim reads the few columns that it needs. What another instance is claiming
    /// at this moment is passed over.
    /// </summary>
    /// <param name="from">From the word FROM to the order; the chunks are <c>c</c>.</param>
    internal static Task<ClaimedChunk?> FirstAsync(
        PortalDbContext context,
        FormattableString from,
        CancellationToken cancellation
    ) =>
        context.FirstAsync(
            FormattableStringFactory.Create(
                $"""
                SELECT c."TenantId", c."CampaignId", c."Number", c."RunNumber", c."Generation", c."Epoch",
                    c."DoubtfulSince"
                {from.Format} LIMIT 1{context.SkipLocked("c")}
                """,
                from.GetArguments()
            ),
            row => new ClaimedChunk(
                row.GetGuid(0),
                row.GetGuid(1),
                row.GetInt32(2),
                row.GetInt32(3),
                row.GetInt32(4),
                row.GetInt32(5),
                Repeat: !row.IsDBNull(6)
            ),
            cancellation
        );

    private sealed record Newest(int Number, bool IsHalf);
}
