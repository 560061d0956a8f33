using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Audit;

/// <summary>
/// Writes what may happen without end, so that nobody fills a log with it: the first few of an hour or a day each by
/// themselves, then the 100th, the 1,000th and so on, and how many there were once the time is over.
/// </summary>
/// <remarks>
/// Counted in memory, by each instance: a process that is killed loses how often. What could not be written is kept, and
/// written with the next one or within a minute; where the commit was in doubt, it may then stand there twice. As many
/// counts as actors and things they may ask for; whoever is nobody shares one.
/// </remarks>
public sealed class AuditTally(PortalDb portal, ILogger logger)
{
    /// <summary>So many counts of one log share a transaction.</summary>
    internal const int AtOnce = 200;

    /// <summary>
    /// So long a request waits for its entry; the entry goes on by itself. By the process's own clock: somebody is waiting.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<(TallyKey Key, DateTimeOffset Since), Count> _counts = [];

    /// <summary>Never throws: what is answered, be it a refusal, does not depend on whether it can be written now.</summary>
    /// <returns>Whether it was written now.</returns>
    public async Task<bool> NoteAsync(Happening one)
    {
        try
        {
            return await DemandAsync(one).WaitAsync(Patience, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            logger.LogWarning("An entry {Action} is still waiting for its log; the request goes on.", one.Action);
        }
        catch (Exception failure)
        {
            logger.LogError(failure, "An entry {Action} could not be written, and is tried again.", one.Action);
        }

        return false;
    }

    /// <summary>For what must not happen unless its entry, where it gets one, is durable.</summary>
    /// <returns>Whether it was written now.</returns>
    public async Task<bool> DemandAsync(Happening one)
    {
        var since = Start(portal.Time.GetUtcNow(), one.Window);
        Claim? claim = null;
        bool endsOne;
        lock (_lock)
        {
            endsOne = _counts.ContainsKey((one.Key, since - one.Window));
            if (!_counts.TryGetValue((one.Key, since), out var count))
            {
                _counts[(one.Key, since)] = count = new Count(one.Key, since);
            }

            count.Times++;
            count.Last = one;
            if (count.Missed || Stands(count.Times, one.Singly))
            {
                claim = count.Take();
            }
        }

        if (endsOne)
        {
            await CloseAsync(count => count.Key == one.Key && count.Since < since, CancellationToken.None);
        }

        if (claim is null)
        {
            return false;
        }

        await WriteAsync([claim], CancellationToken.None);
        return true;
    }

    /// <summary>
    /// Writes how many there were where the hour or the day is over, what could not be written before, and at the end of
    /// the process all.
    /// </summary>
    /// <exception cref="OperationCanceledException">What is not written yet is kept.</exception>
    public Task CloseAsync(bool all, CancellationToken cancellation)
    {
        var now = portal.Time.GetUtcNow();
        return CloseAsync(count => all || count.Missed || count.IsOver(now), cancellation);
    }

    /// <summary>Whether the so many-th is written by itself.</summary>
    internal static bool Stands(long times, int singly)
    {
        if (times <= singly)
        {
            return true;
        }

        while (times >= 1000 && times % 10 == 0)
        {
            times /= 10;
        }

        return times == 100;
    }

    private async Task CloseAsync(Predicate<Count> which, CancellationToken cancellation)
    {
        var now = portal.Time.GetUtcNow();
        List<Count> due;
        lock (_lock)
        {
            due = [.. _counts.Values.Where(count => which(count))];
            due.ForEach(count => Forget(count, now));
            due.RemoveAll(count => !count.IsDue);
        }

        // One that failed goes alone, so that it keeps nobody else out.
        var batches = due.GroupBy(count => count.Key.TenantId)
            .SelectMany(log =>
                log.Where(count => !count.Missed)
                    .Chunk(AtOnce)
                    .Concat(log.Where(count => count.Missed).Select(count => new[] { count }))
            )
            .ToList();
        foreach (var batch in batches)
        {
            cancellation.ThrowIfCancellationRequested();
            List<Claim> claims;
            lock (_lock)
            {
                claims = [.. batch.Where(count => count.IsDue).Select(count => count.Take())];
            }

            try
            {
                await WriteAsync(claims, cancellation);
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested)
            {
                logger.LogError(failure, "{Count} counts could not be written, and are tried again.", claims.Count);
            }
        }
    }

    /// <param name="claims">Of one log.</param>
    private async Task WriteAsync(IReadOnlyList<Claim> claims, CancellationToken cancellation)
    {
        if (claims.Count == 0)
        {
            return;
        }

        var written = false;
        try
        {
            await AppendAsync(claims[0].One.TenantId, claims, cancellation);
            written = true;
        }
        finally
        {
            var now = portal.Time.GetUtcNow();
            lock (_lock)
            {
                foreach (var claim in claims)
                {
                    claim.Count.Settle(written);
                    Forget(claim.Count, now);
                }
            }
        }
    }

    private Task<bool> AppendAsync(Guid tenantId, IReadOnlyList<Claim> claims, CancellationToken cancellation) =>
        portal.WriteBesideOthersAsync(
            tenantId == Guid.Empty ? TenantScope.Installation : TenantScope.For(tenantId),
            async (db, token) =>
            {
                // The log of a deleted organisation is closed, and stays without names.
                if (tenantId != Guid.Empty && !await db.Tenants.Living().AnyAsync(row => row.Id == tenantId, token))
                {
                    return false;
                }

                foreach (var (count, one, times, again) in claims)
                {
                    await AuditLog.AppendAsync(
                        db,
                        tenantId,
                        one.Actor,
                        portal.Time.GetUtcNow(),
                        one.Action,
                        one.TargetKind,
                        one.TargetId,
                        one.TargetName,
                        one.Details(times, count.Since, again),
                        token
                    );
                }

                return true;
            },
            cancellation
        );

    /// <summary>Under the lock: it is over, and all of it is written.</summary>
    private void Forget(Count count, DateTimeOffset now)
    {
        if (count.IsOver(now) && count.IsSettled)
        {
            _counts.Remove((count.Key, count.Since));
        }
    }

    /// <summary>When the hour or the day began.</summary>
    internal static DateTimeOffset Start(DateTimeOffset now, TimeSpan window) =>
        new(now.UtcTicks - (now.UtcTicks % window.Ticks), TimeSpan.Zero);

    /// <summary>What one transaction says: taken under the lock, so that no other one says it too.</summary>
    private sealed record Claim(Count Count, Happening One, long Times, bool Again);

    /// <summary>Touched only under the lock.</summary>
    private sealed class Count(TallyKey key, DateTimeOffset since)
    {
        private long _taken;
        private int _writing;

        public TallyKey Key => key;
        public DateTimeOffset Since => since;
        public long Times { get; set; }
        public Happening? Last { get; set; }

        /// <summary>Something of it could not be written.</summary>
        public bool Missed { get; private set; }

        public bool IsDue => Missed || Times > _taken;
        public bool IsSettled => !IsDue && _writing == 0;

        public bool IsOver(DateTimeOffset now) => since != Start(now, key.Window);

        public Claim Take()
        {
            var claim = new Claim(this, Last!, Times, Missed);
            _taken = Times;
            Missed = false;
            _writing++;
            return claim;
        }

        public void Settle(bool written)
        {
            _writing--;
            Missed |= !written;
        }
    }
}
