using Ledgerpost.Data;

namespace Ledgerpost.Webhooks;

/// <summary>
/// Stores events together that come in at the same time: while one batch is being committed the next one gathers, so that
/// a flood costs a commit for each batch and not one for each event. Whoever brought an event waits until it is durable.
/// </summary>
public sealed class WebhookInbox(PortalDb db, WebhookSignal signal)
{
    private const int MostEvents = 500;
    private const int MostCharacters = 8 * 1024 * 1024;

    /// <summary>
    /// Between two writes while events keep coming: each commit is one that the sending waits for. Not longer, for whoever
    /// brings them over few connections waits for each answer: 64 of them make 2,000 a second at 32 ms.
    /// </summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(5);

    private readonly Lock _lock = new();
    private readonly Queue<Arrived> _queue = [];
    private bool _writing;

    /// <returns>False when it was here before.</returns>
    /// <exception cref="CommitInDoubtException">It may be stored or not; the provider sends it again.</exception>
    public Task<bool> StoreAsync(Guid accountId, string messageId, string body)
    {
        var arrived = new Arrived(accountId, messageId, body);
        lock (_lock)
        {
            _queue.Enqueue(arrived);
            if (_writing)
            {
                return arrived.Stored.Task;
            }

            _writing = true;
        }

        _ = WriteAsync();
        return arrived.Stored.Task;
    }

    private async Task WriteAsync()
    {
        while (Next() is { Count: > 0 } batch)
        {
            try
            {
                await WriteAsync(batch);
            }
            catch (Exception exception)
            {
                batch.ForEach(arrived => arrived.Stored.TrySetException(exception));
            }

            if (MoreWait())
            {
                await Task.Delay(Moment, db.Time);
            }
        }
    }

    private bool MoreWait()
    {
        lock (_lock)
        {
            return _queue.Count > 0;
        }
    }

    private List<Arrived> Next()
    {
        var batch = new List<Arrived>();
        lock (_lock)
        {
            var characters = 0;
            while (batch.Count < MostEvents && characters < MostCharacters && _queue.TryDequeue(out var arrived))
            {
                batch.Add(arrived);
                characters += arrived.Body.Length;
            }

            _writing = batch.Count > 0;
        }

        return batch;
    }

    private async Task WriteAsync(List<Arrived> batch)
    {
        var now = db.Time.GetUtcNow();
        // The same event twice at one time: the first of them is stored.
        var single = batch.DistinctBy(arrived => (arrived.AccountId, arrived.MessageId)).ToList();
        var added = await db.WriteBesideOthersAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                var stored = new HashSet<(Guid, string)>();
                foreach (var account in single.GroupBy(arrived => arrived.AccountId))
                {
                    var events = account.Select(arrived => (arrived.MessageId, arrived.Body));
                    var ids = await WebhookRows.StoreAsync(context, account.Key, events, now, token);
                    stored.UnionWith(ids.Select(id => (account.Key, id)));
                }

                return stored;
            },
            CancellationToken.None
        );
        if (added.Count > 0)
        {
            signal.Raise();
        }

        batch.ForEach(arrived => arrived.Stored.TrySetResult(added.Remove((arrived.AccountId, arrived.MessageId))));
    }

    private sealed record Arrived(Guid AccountId, string MessageId, string Body)
    {
        public TaskCompletionSource<bool> Stored { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>Raised when an event was stored.</summary>
public sealed class WebhookSignal : WakeUp;
