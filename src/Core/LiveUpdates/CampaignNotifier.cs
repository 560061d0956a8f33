using System.Collections.Concurrent;

namespace Ledgerpost.LiveUpdates;

/// <summary>
/// Tells open pages that a campaign's numbers changed: at most four times a second for each subscription, with the last
/// change always told. It carries no data; whoever hears it reads one snapshot.
/// </summary>
public sealed class CampaignNotifier(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<Guid, ConcurrentDictionary<Subscription, byte>> _subscriptions = new();

    /// <param name="changed">Called on any thread, never twice at the same time for one subscription.</param>
    public IDisposable Subscribe(Guid campaignId, Func<Task> changed)
    {
        var subscription = new Subscription(this, campaignId, changed);
        _subscriptions.GetOrAdd(campaignId, _ => new()).TryAdd(subscription, 0);
        return subscription;
    }

    /// <summary>Called when a change is published in this process; passes it on to other instances.</summary>
    public Action<Guid>? Published { get; set; }

    /// <summary>Campaigns that a page of this process looks at.</summary>
    public IReadOnlyList<Guid> Watched => [.. _subscriptions.Where(one => !one.Value.IsEmpty).Select(one => one.Key)];

    public void Publish(Guid campaignId)
    {
        PublishHere(campaignId);
        Published?.Invoke(campaignId);
    }

    /// <summary>Only to pages of this process: another one has published it, or nobody knows.</summary>
    public void PublishHere(Guid campaignId)
    {
        if (_subscriptions.TryGetValue(campaignId, out var subscriptions))
        {
            foreach (var subscription in subscriptions.Keys)
            {
                subscription.Signal();
            }
        }
    }

    private void Remove(Subscription subscription)
    {
        if (_subscriptions.TryGetValue(subscription.CampaignId, out var subscriptions))
        {
            subscriptions.TryRemove(subscription, out _);
        }
    }

    private sealed class Subscription(CampaignNotifier owner, Guid campaignId, Func<Task> changed) : IDisposable
    {
        private readonly Lock _lock = new();
        private bool _running;
        private bool _again;
        private bool _disposed;

        public Guid CampaignId => campaignId;

        public void Signal()
        {
            lock (_lock)
            {
                if (_disposed)
                {
                    return;
                }

                if (_running)
                {
                    _again = true;
                    return;
                }

                _running = true;
            }

            _ = Task.Run(TellAsync);
        }

        public void Dispose()
        {
            lock (_lock)
            {
                _disposed = true;
            }

            owner.Remove(this);
        }

        private async Task TellAsync()
        {
            while (true)
            {
                try
                {
                    await changed();
                }
                catch (ObjectDisposedException)
                {
                    // The page went away between the change and the call; it is told nothing more.
                    Dispose();
                    return;
                }

                await Task.Delay(Interval, owner.TimeSource);
                lock (_lock)
                {
                    if (!_again || _disposed)
                    {
                        _running = false;
                        return;
                    }

                    _again = false;
                }
            }
        }
    }

    private TimeProvider TimeSource => time;
}
