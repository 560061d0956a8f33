namespace Ledgerpost.Data;

/// <summary>Tells a loop that there may be something to do. It carries no data: whoever wakes looks in the database.</summary>
public abstract class WakeUp
{
    private readonly Lock _lock = new();
    private readonly List<TaskCompletionSource> _waiting = [];
    private long _raised;

    /// <summary>Called when it is raised in this process; passes it on to other instances.</summary>
    public Action? Raised { get; set; }

    /// <summary>Read before looking for work, so that a call in between is not lost.</summary>
    public long Seen
    {
        get
        {
            lock (_lock)
            {
                return _raised;
            }
        }
    }

    public void Raise()
    {
        RaiseHere();
        Raised?.Invoke();
    }

    /// <summary>Only for this process: another one has raised it.</summary>
    public virtual void RaiseHere()
    {
        List<TaskCompletionSource> waiting;
        lock (_lock)
        {
            _raised++;
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        waiting.ForEach(one => one.TrySetResult());
    }

    /// <summary>
    /// Until it is raised after <paramref name="seen"/>, the time is over, or the host stops; never throws for the last.
    /// One source that its waiter awaits itself, and no WhenAny: what follows stays with the waiter's own scheduler.
    /// </summary>
    public async Task WaitAsync(long seen, TimeSpan atMost, TimeProvider time, CancellationToken stopping)
    {
        var woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_raised != seen)
            {
                return;
            }

            _waiting.Add(woken);
        }

        try
        {
            await using var timer = time.CreateTimer(_ => woken.TrySetResult(), null, atMost, Timeout.InfiniteTimeSpan);
            await using var stop = stopping.Register(() => woken.TrySetResult());
            await woken.Task;
        }
        finally
        {
            lock (_lock)
            {
                _waiting.Remove(woken);
            }
        }
    }
}

/// <summary>For a loop that only looks from time to time.</summary>
public sealed class NeverRaised : WakeUp;
