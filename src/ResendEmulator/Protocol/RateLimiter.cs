namespace ResendEmulator.Protocol;

/// <summary>The standing of the team's limit after one request.</summary>
public readonly record struct RateStanding(bool Allowed, int Limit, int Remaining, int ResetSeconds);

/// <summary>Fixed one-second windows for the whole team, no bursts.</summary>
public sealed class RateLimiter
{
    private readonly Lock _lock = new();
    private long _window = long.MinValue;
    private int _used;

    public RateStanding Take(DateTimeOffset now, int limit)
    {
        if (limit <= 0)
        {
            return new RateStanding(true, 0, 0, 0);
        }

        lock (_lock)
        {
            var second = now.ToUnixTimeSeconds();
            if (second != _window)
            {
                (_window, _used) = (second, 0);
            }

            var allowed = _used < limit;
            _used += allowed ? 1 : 0;
            return new RateStanding(allowed, limit, limit - _used, 1);
        }
    }
}
