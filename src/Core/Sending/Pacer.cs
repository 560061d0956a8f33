using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// One bucket for each provider account, in the account's row: every instance takes the number of its next call there, in
/// the transaction of its claim, and waits for that number's instant (docs/decisions/0011). What it keeps in memory is a
/// copy, checked by the statement itself.
/// </summary>
public sealed class Pacer(PortalDb db, ProviderAccounts accounts)
{
    /// <summary>Two clocks drift apart by a tenth of a window in less than an hour; a phase that nobody has checked is void before.</summary>
    private static readonly TimeSpan PhaseHolds = TimeSpan.FromMinutes(5);

    /// <summary>No number is given out so far ahead: what is was written by a clock that was wrong, and holds nobody up.</summary>
    private static readonly TimeSpan Farthest = TimeSpan.FromMinutes(1);

    private const int MostTries = 5;

    private readonly RateLearner _learner = new();
    private readonly Lock _lock = new();
    private Known _known = new(RateGrid.Unknown, 0, null);

    private sealed record Known(RateGrid Grid, long Given, DateTimeOffset? PhaseAt);

    /// <summary>How far apart two calls start now, on the whole.</summary>
    public TimeSpan Spacing => Last.Grid.Spacing;

    /// <summary>Before this instant no number is given out: so many are already.</summary>
    public DateTimeOffset Room
    {
        get
        {
            var (grid, given, _) = Last;
            return grid.IsPaced && !IsFar(grid.At(given))
                ? InstantConverter.FromMicroseconds(grid.At(given + 1) - grid.Horizon)
                : DateTimeOffset.MinValue;
        }
    }

    private Known Last
    {
        get
        {
            lock (_lock)
            {
                return _known;
            }
        }
    }

    /// <summary>Takes the account's next number, in the caller's transaction.</summary>
    /// <param name="probePause">For how long this call holds the others back if the account is failing, after so many failures.</param>
    /// <returns>Null when no call may start now: the account is held back, or enough numbers are given out.</returns>
    public async Task<RateSlot?> TakeAsync(
        PortalDbContext context,
        Guid accountId,
        Func<int, TimeSpan> probePause,
        CancellationToken cancellation
    )
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            var now = db.Time.GetUtcNow();
            if (await AdvanceAsync(context, accountId, now, cancellation) is { } slot)
            {
                if (slot.Number is { } number && slot.Grid.IsLeftOut(number))
                {
                    continue;
                }

                return slot;
            }

            var account = await ReadAsync(context, accountId, cancellation);
            if (account.NotBefore > now)
            {
                return null;
            }

            if (Stale(Last, now))
            {
                await ChangeAsync(context, account, Last.Grid.Next(phase: null), cancellation);
            }
            else if (account.IsForgotten(now))
            {
                await ForgetAsync(context, account, cancellation);
            }
            else if (Room > now)
            {
                return null;
            }
            else if (IsFar(Last.Grid.At(account.RateSlot)))
            {
                return await TakeAsReadAsync(context, account, account.NotBefore, cancellation);
            }
            else if (account.FailuresInARow > 0)
            {
                // While it is failing one call at a time is a probe and holds the others back (docs/decisions/0008).
                return await TakeAsReadAsync(context, account, now + probePause(account.FailuresInARow), cancellation);
            }
        }

        return null;
    }

    /// <summary>For a call outside of any campaign: takes a number and completes when it is its turn.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        var account = await accounts.CurrentAsync(cancellation);
        while (true)
        {
            var slot = await NextAsync(account.Id, cancellation);
            if (slot is { } mine)
            {
                await ComeUpAsync(mine, TimeSpan.Zero, cancellation);
                return;
            }

            await UntilAsync(db.Time.GetUtcNow() + Spacing, cancellation);
        }
    }

    /// <summary>A number for a call that is decided already, whatever holds the account's claims back.</summary>
    /// <returns>Null when another call was quicker.</returns>
    public Task<RateSlot?> NextAsync(Guid accountId, CancellationToken cancellation) =>
        db.WriteBesideOthersAsync(
            TenantScope.None,
            async (context, token) =>
            {
                var account = await ReadAsync(context, accountId, token);
                return await TakeAsReadAsync(context, account, account.NotBefore, token);
            },
            cancellation
        );

    /// <summary>Completes so long before the slot's instant.</summary>
    public Task ComeUpAsync(RateSlot slot, TimeSpan before, CancellationToken cancellation) =>
        slot is { Number: { } number, AtOnce: false }
            ? UntilAsync(InstantConverter.FromMicroseconds(slot.Grid.At(number)) - before, cancellation)
            : Task.CompletedTask;

    /// <summary>True when a call under this number would count in a window that has its own already.</summary>
    public bool IsOver(RateSlot slot) =>
        slot.Number is { } number
        && (
            InstantConverter.ToMicroseconds(db.Time.GetUtcNow()) > slot.Grid.Latest(number)
            || IsFar(slot.Grid.At(number))
        );

    public async Task UntilAsync(DateTimeOffset instant, CancellationToken cancellation)
    {
        while (instant > db.Time.GetUtcNow() && !IsFar(InstantConverter.ToMicroseconds(instant)))
        {
            // Delays count in whole milliseconds, and cut off the rest.
            var wait = Math.Ceiling((instant - db.Time.GetUtcNow()).TotalMilliseconds);
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Max(1, wait)), db.Time, cancellation);
        }
    }

    /// <summary>Writes down what an answer teaches; most teach nothing new and cost nothing.</summary>
    /// <param name="sentAt">Just before the request was written.</param>
    public async Task LearnAsync(
        Guid accountId,
        RateSlot slot,
        DateTimeOffset sentAt,
        ProviderHeaders headers,
        bool refused,
        CancellationToken cancellation
    )
    {
        RateLesson? lesson;
        lock (_lock)
        {
            lesson = _learner.Learn(_known.Grid, slot, InstantConverter.ToMicroseconds(sentAt), headers, refused);
        }

        if (lesson is not null)
        {
            await db.WriteBesideOthersAsync(
                TenantScope.None,
                (context, token) => ApplyAsync(context, accountId, lesson, token),
                cancellation
            );
        }
    }

    private async Task<bool> ApplyAsync(
        PortalDbContext context,
        Guid accountId,
        RateLesson lesson,
        CancellationToken cancellation
    )
    {
        var account = await ReadAsync(context, accountId, cancellation);
        var known = Last;
        switch (lesson)
        {
            // Another instance was quicker: what it learned holds, and this one learns again from its next answers.
            case RateLesson.Change change when change.Grid.Version == known.Grid.Version + 1:
                await ChangeAsync(context, account, change.Grid, cancellation);
                break;
            case RateLesson.Shift shift when known.Grid.Phase is not null:
                var now = db.Time.GetUtcNow();
                await context
                    .ProviderAccounts.Where(row => row.Id == accountId && row.RateVersion == account.RateVersion)
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(row => row.RatePhase, row => row.RatePhase + shift.By)
                                .SetProperty(row => row.RatePhaseAt, now),
                        cancellation
                    );
                Keep(known with { Grid = known.Grid with { Phase = known.Grid.Phase + shift.By }, PhaseAt = now });
                break;
        }

        return true;
    }

    /// <summary>The fast path: one statement, and the only one unless something has changed.</summary>
    private async Task<RateSlot?> AdvanceAsync(
        PortalDbContext context,
        Guid accountId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var known = Last;
        var grid = known.Grid;
        if (Stale(known, now))
        {
            return null;
        }

        var forgotten = now - ProviderAccount.Forgotten;
        if (!grid.IsPaced)
        {
            var free = await context.ProviderAccounts.AnyAsync(
                row =>
                    row.Id == accountId
                    && row.RateVersion == grid.Version
                    && row.FailuresInARow == 0
                    && (row.NotBefore == null || row.NotBefore <= now)
                    && (row.FailingSince == null || row.NotBefore == null || row.NotBefore >= forgotten),
                cancellation
            );
            return free ? new RateSlot(grid, null) : null;
        }

        var instant = InstantConverter.ToMicroseconds(now);
        var first = grid.FirstFrom(instant);
        // After a pause the first call needs not wait: the place before its own is free. With a known phase it waits, for
        // a call on the window's edge would say nothing.
        var atOnce = grid.Phase is null && known.Given < first - 1;
        var last = atOnce ? first - 1 : grid.FirstFrom(instant + grid.Horizon);
        var given = await context
            .Database.SqlQuery<Given>(
                $"""
                UPDATE "ProviderAccounts"
                SET "RateSlot" = CASE WHEN "RateSlot" >= {first} THEN "RateSlot" + 1 ELSE {first} END
                WHERE "Id" = {accountId} AND "RateVersion" = {grid.Version} AND "FailuresInARow" = 0
                    AND ("NotBefore" IS NULL OR ("NotBefore" <= {instant}
                        AND ("FailingSince" IS NULL OR "NotBefore" >= {InstantConverter.ToMicroseconds(
                    forgotten
                )}))) AND "RateSlot" < {last}
                RETURNING "RateSlot", "RatePhase"
                """
            )
            .ToListAsync(cancellation);
        if (given is not [var row])
        {
            return null;
        }

        // Another instance may have shifted the phase since.
        grid = grid with
        {
            Phase = row.RatePhase,
        };
        Keep(known with { Grid = grid, Given = row.RateSlot });
        return new RateSlot(grid, row.RateSlot, atOnce);
    }

    /// <summary>The slow path: the number after the one that was read, unless anything has changed since.</summary>
    private async Task<RateSlot?> TakeAsReadAsync(
        PortalDbContext context,
        ProviderAccount account,
        DateTimeOffset? notBefore,
        CancellationToken cancellation
    )
    {
        var known = Last;
        var first = known.Grid.FirstFrom(InstantConverter.ToMicroseconds(db.Time.GetUtcNow()));
        var given = IsFar(known.Grid.At(account.RateSlot)) ? first - 1 : account.RateSlot;
        var number = Math.Max(given + 1, first);
        number += known.Grid.IsLeftOut(number) ? 1 : 0;
        var atOnce = known.Grid.Phase is null && given < first - 1;
        var won = await context
            .ProviderAccounts.Where(row =>
                row.Id == account.Id
                && row.RateVersion == account.RateVersion
                && row.RateSlot == account.RateSlot
                && row.FailuresInARow == account.FailuresInARow
                && row.NotBefore == account.NotBefore
            )
            .ExecuteUpdateAsync(
                set => set.SetProperty(row => row.RateSlot, number).SetProperty(row => row.NotBefore, notBefore),
                cancellation
            );
        if (won == 0)
        {
            return null;
        }

        Keep(known with { Given = number });
        return new RateSlot(known.Grid, known.Grid.IsPaced ? number : null, atOnce);
    }

    private static Task<int> ForgetAsync(
        PortalDbContext context,
        ProviderAccount account,
        CancellationToken cancellation
    ) =>
        context
            .ProviderAccounts.Where(row => row.Id == account.Id && row.FailingSince == account.FailingSince)
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(row => row.FailingSince, (DateTimeOffset?)null)
                        .SetProperty(row => row.FailuresInARow, 0),
                cancellation
            );

    /// <summary>Another grid; no instant that is given out already is given out again under its new number.</summary>
    private async Task ChangeAsync(
        PortalDbContext context,
        ProviderAccount account,
        RateGrid next,
        CancellationToken cancellation
    )
    {
        var now = db.Time.GetUtcNow();
        var last = Last.Grid.At(account.RateSlot);
        var taken = Math.Max(IsFar(last) ? 0 : last, InstantConverter.ToMicroseconds(now));
        var given = next.FirstFrom(taken);
        DateTimeOffset? phaseAt = next.Phase is null ? null : now;
        var won = await context
            .ProviderAccounts.Where(row =>
                row.Id == account.Id && row.RateVersion == account.RateVersion && row.RateSlot == account.RateSlot
            )
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(row => row.RateLimit, next.Limit)
                        .SetProperty(row => row.RateShare, next.Share)
                        .SetProperty(row => row.RateWindow, next.Window)
                        .SetProperty(row => row.RatePhase, next.Phase)
                        .SetProperty(row => row.RatePhaseAt, phaseAt)
                        .SetProperty(row => row.RateSlot, given)
                        .SetProperty(row => row.RateVersion, next.Version),
                cancellation
            );
        if (won == 1)
        {
            Keep(new Known(next, given, phaseAt));
        }
    }

    private async Task<ProviderAccount> ReadAsync(
        PortalDbContext context,
        Guid accountId,
        CancellationToken cancellation
    )
    {
        var account = await context
            .ProviderAccounts.AsNoTracking()
            .SingleAsync(row => row.Id == accountId, cancellation);
        Keep(new Known(RateGrid.Of(account), account.RateSlot, account.RatePhaseAt));
        return account;
    }

    private bool IsFar(long instant) => instant > InstantConverter.ToMicroseconds(db.Time.GetUtcNow() + Farthest);

    private static bool Stale(Known known, DateTimeOffset now) =>
        known.Grid.Phase is not null && !(known.PhaseAt + PhaseHolds > now);

    private void Keep(Known known)
    {
        lock (_lock)
        {
            _known = known;
        }
    }

    /// <summary>A row of the statement that gives a number out.</summary>
    internal sealed class Given
    {
        public long RateSlot { get; init; }
        public long? RatePhase { get; init; }
    }
}
