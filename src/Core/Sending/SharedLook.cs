namespace Ledgerpost.Sending;

/// <summary>
/// One look for all who ask at the same time. Who asks while somebody looks is told of the next look, which begins after they
/// asked and so sees all that was there: however many a wake-up wakes, there are two looks and no old answer.
/// </summary>
public sealed class SharedLook<T>
{
    private readonly Lock _lock = new();
    private Round? _now;
    private Round? _next;

    public async Task<T> ExecuteAsync(Func<Task<T>> look)
    {
        while (true)
        {
            Round? before;
            Round round;
            bool isMine;
            lock (_lock)
            {
                before = _now;
                isMine = before is null || _next is null;
                round = before is null ? (_now = new Round()) : (_next ??= new Round());
            }

            if (isMine)
            {
                return await LookAsync(round, before, look);
            }

            // Who looked may have been stopped, or have failed: then everybody asks again for themselves.
            if (await round.Ended.Task is { } seen)
            {
                return seen.Value;
            }
        }
    }

    private async Task<T> LookAsync(Round round, Round? before, Func<Task<T>> look)
    {
        if (before is not null)
        {
            await before.Ended.Task;
        }

        Seen? seen = null;
        try
        {
            seen = new Seen(await look());
            return seen.Value;
        }
        finally
        {
            lock (_lock)
            {
                (_now, _next) = (_next, null);
            }

            round.Ended.SetResult(seen);
        }
    }

    private sealed class Round
    {
        /// <summary>Null where nothing was seen.</summary>
        public TaskCompletionSource<Seen?> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed record Seen(T Value);
}
