using Ledgerpost.Data;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// The bucket in the account's row: the statements that every instance takes its numbers with, each decided by what the row
/// holds at that moment. What is kept here is a copy of it, which may be old and is never believed.
/// </summary>
internal sealed class RateBucket(TimeProvider time)
{
    /// <summary>Two clocks drift apart by a tenth of a window in less than an hour; a phase that nobody has checked is void before.</summary>
    private static readonly TimeSpan PhaseHolds = TimeSpan.FromMinutes(5);

    /// <summary>No number is given out so far ahead: what is was written by a clock that was wrong, and holds nobody up.</summary>
    private static readonly TimeSpan Farthest = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private RateKnown _known = new(Guid.Empty, RateGrid.Unknown, 0, null);

    public RateKnown Last
    {
        get
        {
            lock (_lock)
            {
                return _known;
            }
        }
    }

    public RateKnown LastOf(Guid accountId) =>
        Last is { } known && known.AccountId == accountId ? known : new RateKnown(accountId, RateGrid.Unknown, 0, null);

    /// <summary>The fast path: one statement, and the only one unless something has changed.</summary>
    public async Task<RateSlot?> AdvanceAsync(
        PortalDbContext context,
        Guid accountId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var known = LastOf(accountId);
        var grid = known.Grid;
        if (Stale(known, now))
        {
            return null;
        }

        var forgotten = InstantConverter.ToMicroseconds(now - ProviderAccount.Forgotten);
        if (!grid.IsPaced)
        {
            var free = await context.AnyAsync(
                $"""
                SELECT 1 FROM "ProviderAccounts"
                WHERE "Id" = {accountId} AND "RateVersion" = {grid.Version} AND "FailuresInARow" = 0
                    AND ("NotBefore" IS NULL OR ("NotBefore" <= {InstantConverter.ToMicroseconds(now)}
                        AND ("FailingSince" IS NULL OR "NotBefore" >= {forgotten})))
                """,
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
        var given = await context.ListAsync(
            $"""
            UPDATE "ProviderAccounts"
            SET "RateSlot" = CASE WHEN "RateSlot" >= {first} THEN "RateSlot" + 1 ELSE {first} END
            WHERE "Id" = {accountId} AND "RateVersion" = {grid.Version} AND "FailuresInARow" = 0
                AND ("NotBefore" IS NULL OR ("NotBefore" <= {instant}
                    AND ("FailingSince" IS NULL OR "NotBefore" >= {forgotten}))) AND "RateSlot" < {last}
            RETURNING "RateSlot", "RatePhase"
            """,
            row => new Given(row.GetInt64(0), row.IsDBNull(1) ? null : row.GetInt64(1)),
            cancellation
        );
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
    public async Task<RateSlot?> TakeAsReadAsync(
        PortalDbContext context,
        ProviderAccount account,
        DateTimeOffset? notBefore,
        CancellationToken cancellation
    )
    {
        var known = LastOf(account.Id);
        var first = known.Grid.FirstFrom(InstantConverter.ToMicroseconds(time.GetUtcNow()));
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

    public static Task<int> ForgetAsync(
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
    public async Task ChangeAsync(
        PortalDbContext context,
        ProviderAccount account,
        RateGrid next,
        CancellationToken cancellation
    )
    {
        var now = time.GetUtcNow();
        var last = LastOf(account.Id).Grid.At(account.RateSlot);
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
            Keep(new RateKnown(account.Id, next, given, phaseAt));
        }
    }

    /// <summary>The windows begin later than believed; the numbers mean what they meant.</summary>
    public async Task ShiftAsync(
        PortalDbContext context,
        ProviderAccount account,
        long by,
        CancellationToken cancellation
    )
    {
        var now = time.GetUtcNow();
        await context
            .ProviderAccounts.Where(row => row.Id == account.Id && row.RateVersion == account.RateVersion)
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(row => row.RatePhase, row => row.RatePhase + by)
                        .SetProperty(row => row.RatePhaseAt, now),
                cancellation
            );
        var known = LastOf(account.Id);
        Keep(known with { Grid = known.Grid with { Phase = known.Grid.Phase + by }, PhaseAt = now });
    }

    public async Task<ProviderAccount> ReadAsync(
        PortalDbContext context,
        Guid accountId,
        CancellationToken cancellation
    )
    {
        var account = await context
            .ProviderAccounts.AsNoTracking()
            .SingleAsync(row => row.Id == accountId, cancellation);
        Keep(new RateKnown(account.Id, RateGrid.Of(account), account.RateSlot, account.RatePhaseAt));
        return account;
    }

    public bool IsFar(long instant) => instant > InstantConverter.ToMicroseconds(time.GetUtcNow() + Farthest);

    public static bool Stale(RateKnown known, DateTimeOffset now) =>
        known.Grid.Phase is not null && !(known.PhaseAt + PhaseHolds > now);

    private void Keep(RateKnown known)
    {
        lock (_lock)
        {
            _known = known;
        }
    }

    /// <summary>A row of the statement that gives a number out.</summary>
    private sealed record Given(long RateSlot, long? RatePhase);
}

/// <summary>What an instance read last of an account's bucket.</summary>
/// <param name="Given">The last number given out.</param>
internal sealed record RateKnown(Guid AccountId, RateGrid Grid, long Given, DateTimeOffset? PhaseAt);
