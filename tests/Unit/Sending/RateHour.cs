using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>
/// Virtual time: instances of the pacer that share a database and always have something to send, a provider that counts in
/// fixed windows on a clock of its own, and a network and a machine that are late as they like.
/// </summary>
public sealed class RateHour(TestDatabase database, int instances, int limit, Random random)
{
    private readonly List<Pacer> _pacers =
    [
        .. Enumerable
            .Range(0, instances)
            .Select(_ => new Pacer(database.Db, new ProviderAccounts(database.Db, database.Ids, new FakeProbe()))),
    ];

    private readonly PriorityQueue<Func<Task>, DateTimeOffset> _events = new();
    private readonly DateTimeOffset _start = database.Time.GetUtcNow();
    private long _window = long.MinValue;
    private int _used;

    public int Limit { get; set; } = limit;

    /// <summary>Microseconds by which the provider's windows begin after ours, and how many it loses each second.</summary>
    public double Offset { get; init; } = 437_000;

    public double Drift { get; init; } = 60;

    /// <summary>One way, in milliseconds: at least, and up to so much more.</summary>
    public (double Least, double More) Latency { get; init; } = (20, 15);

    /// <summary>How late a worker wakes, in milliseconds, at most; and, seldom, by how much more.</summary>
    public (double Usual, double Seldom) Late { get; init; } = (8, 0);

    /// <summary>False: its answers say nothing of limits.</summary>
    public bool Headers { get; init; } = true;

    public int Sent { get; private set; }
    public int Refused { get; private set; }

    public async Task RunAsync(TimeSpan length)
    {
        var end = database.Time.GetUtcNow() + length;
        foreach (var pacer in _pacers)
        {
            Then(database.Time.GetUtcNow(), () => TakeAsync(pacer, end));
        }

        while (_events.TryDequeue(out var next, out var at))
        {
            if (at > database.Time.GetUtcNow())
            {
                database.Time.Advance(at - database.Time.GetUtcNow());
            }

            await next();
        }
    }

    private void Then(DateTimeOffset at, Func<Task> what) => _events.Enqueue(what, at);

    private async Task TakeAsync(Pacer pacer, DateTimeOffset end)
    {
        var now = database.Time.GetUtcNow();
        if (now >= end)
        {
            return;
        }

        if (pacer.Room > now)
        {
            Then(pacer.Room, () => TakeAsync(pacer, end));
            return;
        }

        var slot = await database.Db.WriteAsync(
            TenantScope.Installation,
            (context, token) => pacer.TakeAsync(context, database.AccountId, _ => TimeSpan.Zero, token),
            CancellationToken.None
        );
        if (slot is { } mine)
        {
            var turn = InstantConverter.FromMicroseconds(mine.Grid.At(mine.Number!.Value));
            var late =
                Late.Usual * random.NextDouble() + (random.Next(200) == 0 ? Late.Seldom * random.NextDouble() : 0);
            Then((turn > now ? turn : now).AddMilliseconds(late), () => SendAsync(pacer, mine));
        }

        Then(now.AddMilliseconds(1), () => TakeAsync(pacer, end));
    }

    private async Task SendAsync(Pacer pacer, RateSlot slot)
    {
        if (pacer.IsOver(slot))
        {
            if (await pacer.NextAsync(database.AccountId, CancellationToken.None) is { } next)
            {
                Then(InstantConverter.FromMicroseconds(next.Grid.At(next.Number!.Value)), () => SendAsync(pacer, next));
            }

            return;
        }

        var sentAt = database.Time.GetUtcNow();
        Then(sentAt.AddMilliseconds(Way()), () => ArriveAsync(pacer, slot, sentAt));
    }

    private Task ArriveAsync(Pacer pacer, RateSlot slot, DateTimeOffset sentAt)
    {
        var (allowed, remaining) = Count();
        Sent += allowed ? 1 : 0;
        Refused += allowed ? 0 : 1;
        Then(
            database.Time.GetUtcNow().AddMilliseconds(Way()),
            () =>
                pacer.LearnAsync(
                    database.AccountId,
                    slot,
                    sentAt,
                    Headers
                        ? ProviderHeaders.Empty with
                        {
                            RateLimit = Limit,
                            RateRemaining = remaining,
                        }
                        : ProviderHeaders.Empty,
                    !allowed,
                    CancellationToken.None
                )
        );
        return Task.CompletedTask;
    }

    private double Way() => Latency.Least + (Latency.More * random.NextDouble());

    private (bool Allowed, int Remaining) Count()
    {
        var micro = InstantConverter.ToMicroseconds(database.Time.GetUtcNow());
        var elapsed = (database.Time.GetUtcNow() - _start).TotalSeconds;
        var window = (long)Math.Floor((micro - Offset - (Drift * elapsed)) / RateGrid.Second);
        if (window != _window)
        {
            (_window, _used) = (window, 0);
        }

        var allowed = _used < Limit;
        _used += allowed ? 1 : 0;
        return (allowed, Limit - _used);
    }
}
