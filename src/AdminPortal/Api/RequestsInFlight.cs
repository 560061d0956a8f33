using System.Collections.Concurrent;
using Ledgerpost.Programs;

namespace AdminPortal.Api;

/// <summary>
/// Of equal requests at the same moment one goes first and the others wait for it, for a while. Between processes the
/// transaction itself makes them wait, as long: this only keeps a crowd of them off the database.
/// </summary>
internal sealed class RequestsInFlight(TimeProvider time)
{
    private readonly ConcurrentDictionary<(Guid Tenant, string Path, string Key), TaskCompletionSource> _first = new();

    /// <returns>The turn, ended by disposing of it; null when patience is over. Without a key there is nothing to wait for.</returns>
    public async Task<IDisposable?> EnterAsync(Guid tenantId, RequestKey? key, CancellationToken cancellation)
    {
        if (key is null)
        {
            return new Turn(this, null, null);
        }

        var name = (tenantId, key.Path, key.Key);
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var began = time.GetTimestamp();
        while (true)
        {
            var first = _first.GetOrAdd(name, mine);
            if (first == mine)
            {
                return new Turn(this, name, mine);
            }

            var left = RequestKey.Patience - time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
            {
                return null;
            }

            try
            {
                await first.Task.WaitAsync(left, time, cancellation);
            }
            catch (TimeoutException)
            {
                return null;
            }
        }
    }

    private sealed class Turn(RequestsInFlight all, (Guid, string, string)? name, TaskCompletionSource? completion)
        : IDisposable
    {
        public void Dispose()
        {
            if (name is { } taken)
            {
                all._first.TryRemove(taken, out _);
                completion!.TrySetResult();
            }
        }
    }
}
