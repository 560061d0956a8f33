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
public sealed class Pacer(PortalDb db, ISendingAccount accounts)
{
    private const int MostTries = 5;

    private readonly RateLearner _learner = new();
    private readonly Lock _lock = new();
    private readonly RateBucket _bucket = new(db.Time);

    /// <summary>How far apart two calls start now, on the whole.</summary>
    public TimeSpan Spacing => _bucket.Last.Grid.Spacing;

    /// <summary>Before this instant no number is given out: so many are already.</summary>
    public DateTimeOffset Room
    {
        get
        {
            var (_, grid, given, _) = _bucket.Last;
            return grid.IsPaced && !_bucket.IsFar(grid.At(given))
                ? InstantConverter.FromMicroseconds(grid.At(given + 1) - grid.Horizon)
                : DateTimeOffset.MinValue;
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
            if (await _bucket.AdvanceAsync(context, accountId, now, cancellation) is { } slot)
            {
                if (slot.Number is { } number && slot.Grid.IsLeftOut(number))
                {
                    continue;
                }

                return slot;
            }

            var account = await _bucket.ReadAsync(context, accountId, cancellation);
            if (account.NotBefore > now)
            {
                return null;
            }

            if (RateBucket.Stale(_bucket.LastOf(accountId), now))
            {
                await _bucket.ChangeAsync(
                    context,
                    account,
                    _bucket.LastOf(accountId).Grid.Next(phase: null),
                    cancellation
                );
            }
            else if (account.IsForgotten(now))
            {
                await RateBucket.ForgetAsync(context, account, cancellation);
            }
            else if (Room > now)
            {
                return null;
            }
            else if (_bucket.IsFar(_bucket.LastOf(accountId).Grid.At(account.RateSlot)))
            {
                return await _bucket.TakeAsReadAsync(context, account, account.NotBefore, cancellation);
            }
            else if (account.FailuresInARow > 0)
            {
                // While it is failing one call at a time is a probe and holds the others back (docs/decisions/0008).
                return await _bucket.TakeAsReadAsync(
                    context,
                    account,
                    now + probePause(account.FailuresInARow),
                    cancellation
                );
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
                var account = await _bucket.ReadAsync(context, accountId, token);
                return await _bucket.TakeAsReadAsync(context, account, account.NotBefore, token);
            },
            cancellation
        );

    /// <summary>Completes so long before the slot's instant.</summary>
    public Task ComeUpAsync(RateSlot slot, TimeSpan before, CancellationToken cancellation) =>
        slot is { Number: { } number, AtOnce: false }
            ? UntilAsync(InstantConverter.FromMicroseconds(slot.Grid.At(number)) - before, cancellation)
            : Task.CompletedTask;

    /// <summary>Completes so long before the slot's instant; a turn that was slept through is changed for a new one.</summary>
    public async Task<RateSlot> TurnAsync(
        RateSlot slot,
        Guid accountId,
        TimeSpan before,
        CancellationToken cancellation
    )
    {
        await ComeUpAsync(slot, before, cancellation);
        while (IsOver(slot))
        {
            if (await NextAsync(accountId, cancellation) is { } next)
            {
                slot = next;
                await ComeUpAsync(slot, before, cancellation);
            }
        }

        return slot;
    }

    /// <summary>True when a call under this number would count in a window that has its own already.</summary>
    public bool IsOver(RateSlot slot) =>
        slot.Number is { } number
        && (
            InstantConverter.ToMicroseconds(db.Time.GetUtcNow()) > slot.Grid.Latest(number)
            || _bucket.IsFar(slot.Grid.At(number))
        );

    public async Task UntilAsync(DateTimeOffset instant, CancellationToken cancellation)
    {
        while (instant > db.Time.GetUtcNow() && !_bucket.IsFar(InstantConverter.ToMicroseconds(instant)))
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
            lesson = _learner.Learn(
                _bucket.LastOf(accountId).Grid,
                slot,
                InstantConverter.ToMicroseconds(sentAt),
                headers,
                refused
            );
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
        var account = await _bucket.ReadAsync(context, accountId, cancellation);
        var known = _bucket.LastOf(accountId);
        switch (lesson)
        {
            // Another instance was quicker: what it learned holds, and this one learns again from its next answers.
            case RateLesson.Change change when change.Grid.Version == known.Grid.Version + 1:
                await _bucket.ChangeAsync(context, account, change.Grid, cancellation);
                break;
            case RateLesson.Shift shift when known.Grid.Phase is not null:
                await _bucket.ShiftAsync(context, account, shift.By, cancellation);
                break;
        }

        return true;
    }
}
