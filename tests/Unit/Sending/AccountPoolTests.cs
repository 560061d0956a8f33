using Ledgerpost.Sending;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>The loop over many accounts, on a clock that stands still: what it does next it was woken for.</summary>
public sealed class AccountPoolTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly ManualTime _time = new();

    [Fact]
    public async Task PlaceThatIsGivenBack_IsTakenByTheNext_WithoutWaiting()
    {
        var pool = new AccountPool<string>(1, 1, _time, NullLogger.Instance);
        var (first, second, done) = (New(pool, "first"), New(pool, "second"), new TaskCompletionSource());
        using var stop = new CancellationTokenSource();
        var began = new List<Guid>();
        var running = pool.RunAsync(
            (turn, _) =>
            {
                began.Add(turn.Id);
                pool.Turns.Rest(turn, null, failing: false);
                if (began.Count == 2)
                {
                    done.SetResult();
                }

                return Task.CompletedTask;
            },
            stop.Token
        );

        await done.Task.WaitAsync(Long);
        await stop.CancelAsync();
        await running.WaitAsync(Long);

        Assert.Equal(new HashSet<Guid> { first, second }, began.ToHashSet());
    }

    [Fact]
    public async Task AccountThatKnowsWhatItDoes_BeginsItsSecondPlace_WithoutWaiting()
    {
        var pool = new AccountPool<string>(4, 2, _time, NullLogger.Instance);
        var account = New(pool, "busy");
        var both = new TaskCompletionSource();
        var under = 0;
        using var stop = new CancellationTokenSource();
        var running = pool.RunAsync(
            async (turn, _) =>
            {
                var last = Interlocked.Increment(ref under) == 2;
                pool.Begun(turn, _time.GetUtcNow());
                if (last)
                {
                    both.SetResult();
                }

                // Neither ends before both are under way: no other place's end wakes the loop.
                await both.Task;
                pool.Turns.Rest(turn, null, failing: false);
            },
            stop.Token
        );

        await both.Task.WaitAsync(Long);
        await stop.CancelAsync();
        await running.WaitAsync(Long);

        Assert.Equal(2, under);
        Assert.True(pool.Turns.Knows(account));
    }

    [Fact]
    public async Task WhatFallsDue_BetweenTheLookAndTheNap_IsBegunAtOnce()
    {
        var pool = new AccountPool<string>(1, 1, new Ticking(_time), NullLogger.Instance);
        var (account, begun) = (Guid.NewGuid(), new TaskCompletionSource<Guid>());
        using var stop = new CancellationTokenSource();
        pool.Turns.Wake(account, _time.GetUtcNow() + TimeSpan.FromMilliseconds(1), failing: false, () => "later");
        var running = pool.RunAsync(
            (turn, _) =>
            {
                pool.Turns.Rest(turn, null, failing: false);
                begun.SetResult(turn.Id);
                return Task.CompletedTask;
            },
            stop.Token
        );

        // Far less than its longest nap.
        using var limit = new CancellationTokenSource(Long);
        var end = _time.GetUtcNow() + TimeSpan.FromSeconds(20);
        while (!begun.Task.IsCompleted && !limit.IsCancellationRequested)
        {
            await Task.WhenAny(begun.Task, Task.Delay(1));
            if (_time.NextDue() is { } due && due <= end)
            {
                var wait = due - _time.GetUtcNow();
                _time.Advance(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
            }
        }

        Assert.True(begun.Task.IsCompletedSuccessfully, "It sleeps.");
        await stop.CancelAsync();
        await running.WaitAsync(Long);
        Assert.Equal(account, await begun.Task);
    }

    private Guid New(AccountPool<string> pool, string name)
    {
        var id = Guid.NewGuid();
        pool.Turns.Wake(id, _time.GetUtcNow(), failing: false, () => name);
        return id;
    }

    /// <summary>Two milliseconds pass with each look at it.</summary>
    private sealed class Ticking(ManualTime time) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow()
        {
            var now = time.GetUtcNow();
            time.Advance(TimeSpan.FromMilliseconds(2));
            return now;
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            time.CreateTimer(callback, state, dueTime, period);
    }
}
