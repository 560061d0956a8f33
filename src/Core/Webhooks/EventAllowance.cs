using System.Collections.Concurrent;
using Ledgerpost.Data;
using Ledgerpost.Sending;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Webhooks;

/// <summary>The section <c>Webhooks</c>: how many events of one account are kept in a day, beside those about its mail.</summary>
/// <param name="EventsPerDay">Of the installation's account, which other programs may share.</param>
/// <param name="OwnEventsPerDay">Of each tenant's own account.</param>
public sealed record WebhookOptions(int EventsPerDay = 5_000_000, int OwnEventsPerDay = 100_000);

/// <summary>
/// Bounds what one account can put into the database: whoever holds its secret can sign as many events as they like, about mail
/// of theirs, of others, or of nobody. An account may bring so many a day at once and over the day, and more the more it has
/// mailed. Of one instance.
/// </summary>
public sealed class EventAllowance(PortalDb db, ILogger<EventAllowance> logger, WebhookOptions? options = null)
{
    /// <summary>When the provider may come again with what was not taken; it repeats for a day.</summary>
    public static readonly TimeSpan ComeAgain = TimeSpan.FromMinutes(1);

    /// <summary>A mail is sent, delivered, opened and clicked, and some are opened again and again.</summary>
    public const int ForEachMail = 20;

    /// <summary>An event counts once for each so many bytes of it that were begun; a usual one has a quarter.</summary>
    private const int Unit = 4 * 1024;

    /// <summary>Mail of so long ago is hardly reported of any more, and its events are let go of.</summary>
    private static readonly TimeSpan Mailed = ForgetEvents.Kept;

    private readonly WebhookOptions _options = options ?? new WebhookOptions();

    // Only of accounts whose secret has signed something: nobody can invent one.
    private readonly ConcurrentDictionary<Guid, Bucket> _buckets = new();

    /// <param name="own">A tenant's own account, and not the installation's.</param>
    /// <param name="length">Of the event, in bytes.</param>
    /// <returns>False: not now.</returns>
    public async ValueTask<bool> TakeAsync(Guid accountId, bool own, int length, CancellationToken cancellation)
    {
        double perDay = own ? _options.OwnEventsPerDay : _options.EventsPerDay;
        var bucket = _buckets.GetOrAdd(accountId, _ => new Bucket(perDay, db.Time.GetUtcNow()));
        var cost = 1 + (length / Unit);
        if (bucket.TryTake(cost, db.Time.GetUtcNow()))
        {
            return true;
        }

        // Only now is it worth a question: most accounts never come so far.
        // Others wait for the same count: it does not end with the request that began it.
        await bucket
            .CountAsync(
                async () => perDay + ((double)ForEachMail * await MailsAsync(accountId, own, CancellationToken.None)),
                db.Time.GetUtcNow()
            )
            .WaitAsync(cancellation);
        if (bucket.TryTake(cost, db.Time.GetUtcNow()))
        {
            return true;
        }

        if (bucket.IsToBeSaid(db.Time.GetUtcNow()))
        {
            logger.LogWarning(
                "Account {AccountId} brings more events than its mail accounts for; the provider is told to come again.",
                accountId
            );
        }

        return false;
    }

    private async Task<long> MailsAsync(Guid accountId, bool own, CancellationToken cancellation)
    {
        var since = db.Time.GetUtcNow() - Mailed;
        await using var context = db.Read(TenantScope.Installation);
        var owner = own
            ? await context
                .ProviderAccounts.Where(account => account.Id == accountId)
                .Select(account => account.OwnerId)
                .SingleAsync(cancellation)
            : null;
        return await context
            .Chunks.Where(chunk =>
                (owner == null || chunk.TenantId == owner)
                && chunk.AccountId == accountId
                && chunk.FirstAttemptAt > since
            )
            .SumAsync(chunk => (long)chunk.Mails, cancellation);
    }

    /// <summary>Full at the beginning, and filled again over a day.</summary>
    private sealed class Bucket(double size, DateTimeOffset since)
    {
        private static readonly TimeSpan BetweenCounts = TimeSpan.FromMinutes(1);

        private readonly Lock _lock = new();
        private double _size = size;
        private double _left = size;
        private DateTimeOffset _since = since;
        private DateTimeOffset? _countedAt;
        private DateTimeOffset? _saidAt;
        private Task? _counting;

        public bool TryTake(int cost, DateTimeOffset now)
        {
            lock (_lock)
            {
                if (now > _since)
                {
                    _left = Math.Min(_size, _left + (_size * (now - _since).TotalDays));
                    _since = now;
                }

                // What is larger than the whole is let through by a full one.
                if (_left < Math.Min(cost, _size))
                {
                    return false;
                }

                _left -= cost;
                return true;
            }
        }

        /// <summary>One counts, whoever else asks waits for it; and then not for a while.</summary>
        public Task CountAsync(Func<Task<double>> count, DateTimeOffset now)
        {
            lock (_lock)
            {
                if (_counting is { IsCompleted: false } || _countedAt + BetweenCounts > now)
                {
                    return _counting ?? Task.CompletedTask;
                }

                _countedAt = now;
                return _counting = ResizeAsync(count);
            }
        }

        public bool IsToBeSaid(DateTimeOffset now)
        {
            lock (_lock)
            {
                var first = !(_saidAt + TimeSpan.FromHours(1) > now);
                _saidAt = first ? now : _saidAt;
                return first;
            }
        }

        private async Task ResizeAsync(Func<Task<double>> count)
        {
            // Not within the lock in which it was begun: the work is synchronous underneath.
            await Task.Yield();
            double counted;
            try
            {
                counted = await count();
            }
            catch
            {
                // Whoever waited is told; the next one counts again.
                lock (_lock)
                {
                    _countedAt = null;
                }

                throw;
            }

            lock (_lock)
            {
                _left = Math.Min(counted, _left + Math.Max(0, counted - _size));
                _size = counted;
            }
        }
    }
}
