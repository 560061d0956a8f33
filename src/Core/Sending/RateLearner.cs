using Ledgerpost.Sending.Provider;

namespace Ledgerpost.Sending;

/// <summary>What an answer teaches about the account's rate. A closed set.</summary>
public abstract record RateLesson
{
    private RateLesson() { }

    /// <summary>Another grid, under the next version.</summary>
    public sealed record Change(RateGrid Grid) : RateLesson;

    /// <summary>The windows begin so many microseconds later than believed; the numbers mean what they meant.</summary>
    public sealed record Shift(long By) : RateLesson;
}

/// <summary>
/// Learns one account's rate from the headers of its answers (docs/decisions/0011). In memory only: another instance learns
/// the same from its own answers, and what was learned is in the account's row.
/// </summary>
public sealed class RateLearner
{
    private const int MostSamples = 128;
    private const int RisesToLock = 5;
    private const long QuietBeforeMore = 60 * RateGrid.Second;

    private readonly List<(long At, int Remaining)> _samples = [];
    private int _version;
    private long _step;
    private int _direction;
    private int _contradictions;
    private long? _lastRefusal;
    private (long Since, int Calls, int Lowest) _room;

    /// <param name="now">The grid as it is now; the slot may be one of an older.</param>
    /// <param name="sentAt">Microseconds, just before the request was written.</param>
    /// <param name="refused">True for a 429 that means the rate.</param>
    public RateLesson? Learn(RateGrid now, RateSlot slot, long sentAt, ProviderHeaders headers, bool refused)
    {
        if (_version != now.Version)
        {
            Forget(now);
        }

        if (headers.RateLimit is { } limit and > 0 && NewLimit(now, limit, headers.RateWindow) is { } other)
        {
            return other;
        }

        if (slot.Number is not { } number || slot.Grid.Version != now.Version)
        {
            return null;
        }

        if (refused)
        {
            return Refused(now, sentAt);
        }

        if (headers.RateLimit is null || headers.RateRemaining is not { } remaining)
        {
            return Untold(now, sentAt);
        }

        return now.IsProbe(number) ? Probe(now, number, sentAt, remaining)
            : Room(now, sentAt, remaining) is { } more ? more
            : now.Phase is null && now.CanLock ? Search(now, sentAt, remaining)
            : null;
    }

    private static RateLesson.Change? NewLimit(RateGrid now, int limit, TimeSpan? window)
    {
        var length = (long)Math.Min(window?.TotalMicroseconds ?? RateGrid.Second, 3600d * RateGrid.Second);
        if (now.Limit == limit && now.Window == length)
        {
            return null;
        }

        var next = now with { Limit = limit, Share = limit, Window = length, Version = now.Version + 1 };
        var keeps = now.Window == length && next.CanLock;
        return new RateLesson.Change(next with { Phase = keeps ? now.Phase : null });
    }

    // One too many, and not by our count: a call that came late, or another program with the same key. One fewer from now
    // on, until answers show that there is room again; twice in a short time, and what is believed of the phase is void.
    private RateLesson.Change Refused(RateGrid now, long sentAt)
    {
        var again = sentAt - _lastRefusal < 30 * now.Window;
        _lastRefusal = sentAt;
        return new RateLesson.Change(
            now with
            {
                Share = Math.Max(1, now.Share - 1),
                Phase = again || now.Share <= 2 ? null : now.Phase,
                Version = now.Version + 1,
            }
        );
    }

    // No header says how much room there is: after a quiet minute one call more is tried, up to where it began.
    private RateLesson.Change? Untold(RateGrid now, long sentAt)
    {
        if (now.Limit is not null || now.Share >= RateGrid.FirstShare)
        {
            return null;
        }

        _lastRefusal ??= sentAt;
        if (sentAt - _lastRefusal < QuietBeforeMore)
        {
            return null;
        }

        _lastRefusal = sentAt;
        return new RateLesson.Change(now with { Share = now.Share + 1, Version = now.Version + 1 });
    }

    private RateLesson.Change? Room(RateGrid now, long sentAt, int remaining)
    {
        if (now.Limit is not { } limit || now.Share >= limit)
        {
            return null;
        }

        if (_room.Calls == 0 || sentAt - _room.Since > 8 * now.Window)
        {
            _room = (sentAt, 0, int.MaxValue);
        }

        _room = (_room.Since, _room.Calls + 1, Math.Min(_room.Lowest, remaining));
        if (sentAt - _room.Since < 3 * now.Window || _room.Calls < 2 * now.Share)
        {
            return null;
        }

        var free = _room.Lowest;
        _room = default;
        return free == 0
            ? null
            : new RateLesson.Change(now with { Share = Math.Min(limit, now.Share + free), Version = now.Version + 1 });
    }

    // More calls left than at the call before: a window began between the two. Each such pair is an interval that holds the
    // edge; since the calls walk through the window, a few of them leave little room for it.
    private RateLesson.Change? Search(RateGrid now, long sentAt, int remaining)
    {
        var place = _samples.FindLastIndex(sample => sample.At <= sentAt) + 1;
        _samples.Insert(place, (sentAt, remaining));
        if (_samples.Count > MostSamples)
        {
            _samples.RemoveAt(0);
        }

        var widest = 3 * now.Spacing.TotalMicroseconds;
        var rises = _samples
            .Zip(_samples.Skip(1))
            .Where(pair =>
                pair.Second.Remaining > pair.First.Remaining
                && pair.Second.At - pair.First.At < Math.Min(widest, now.Window * 0.9)
            )
            .Select(pair => (From: pair.First.At % now.Window, Length: pair.Second.At - pair.First.At))
            .ToList();
        if (rises.Count < RisesToLock)
        {
            return null;
        }

        // Both ends of each interval, and on each side of them how many intervals hold it: the best stretch between two ends.
        var ends = rises
            .SelectMany(r => new[] { r.From, (r.From + r.Length) % now.Window })
            .Distinct()
            .Order()
            .ToList();
        var best = ends.Select((from, i) => (From: from, Length: Around(ends[(i + 1) % ends.Count] - from)))
            .Select(stretch => (stretch.From, stretch.Length, Held: Held(stretch.From + (stretch.Length / 2))))
            .MaxBy(stretch => (stretch.Held, stretch.Length));
        return best.Held < rises.Count * 0.8 || best.Length > Math.Max(now.Window / (2 * now.Share), now.Window / 50)
            ? null
            : new RateLesson.Change(now.Next(phase: Around(best.From + (best.Length / 2))));

        long Around(long value) => ((value % now.Window) + now.Window) % now.Window;
        int Held(long point) => rises.Count(rise => Around(point - rise.From) < rise.Length);
    }

    private RateLesson? Probe(RateGrid now, long number, long sentAt, int remaining)
    {
        var used = now.Limit!.Value - remaining;
        var few = Math.Max(1, now.Share / 3);
        if (used > few && used <= now.Share - few && ++_contradictions > 1)
        {
            return new RateLesson.Change(now.Next(phase: null));
        }

        // A probe that came late says nothing about the instant that it should have hit.
        if ((used > few && used <= now.Share - few) || sentAt - now.At(number) > Math.Max(_step, now.Window / 100))
        {
            return null;
        }

        _contradictions = 0;
        var direction = used <= few ? -1 : 1;
        _step = direction == _direction ? _step * 3 / 2 : _step / 2;
        _step = Math.Clamp(_step, now.Window / 500, now.Window / 20);
        _direction = direction;
        return new RateLesson.Shift(direction * _step);
    }

    private void Forget(RateGrid now)
    {
        _version = now.Version;
        _samples.Clear();
        _step = now.Window / 25;
        _direction = 0;
        _contradictions = 0;
        _room = default;
    }
}
