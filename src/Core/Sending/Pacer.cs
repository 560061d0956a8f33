using Ledgerpost.Sending.Provider;

namespace Ledgerpost.Sending;

/// <summary>
/// Spaces the calls to one provider account evenly, at the rate that its headers name. The provider counts in fixed
/// one-second windows and knows no burst, so an even space is what never breaks it.
/// </summary>
public sealed class Pacer(TimeProvider time)
{
    /// <summary>Until the first answer names a limit: slow enough for every limit the provider has ever had.</summary>
    private static readonly TimeSpan FirstSpacing = TimeSpan.FromMilliseconds(500);

    /// <summary>A hundredth more than the limit's own space, for the two clocks never run alike.</summary>
    private const double Slack = 1.01;

    /// <summary>Slower than this the provider never was: a header that says so must not outlast the leases.</summary>
    private static readonly TimeSpan LongestSpacing = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private TimeSpan _spacing = FirstSpacing;
    private DateTimeOffset _next = DateTimeOffset.MinValue;

    /// <summary>How far apart two calls start now.</summary>
    public TimeSpan Spacing
    {
        get
        {
            lock (_lock)
            {
                return _spacing;
            }
        }
    }

    /// <summary>Completes when it is this caller's turn.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        TimeSpan wait;
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var turn = _next > now ? _next : now;
            _next = turn + _spacing;
            wait = turn - now;
        }

        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellation);
        }
    }

    public void Learn(ProviderHeaders headers)
    {
        if (headers.RateLimit is { } limit and > 0)
        {
            lock (_lock)
            {
                var spacing = (headers.RateWindow ?? TimeSpan.FromSeconds(1)) / limit * Slack;
                _spacing = spacing < LongestSpacing ? spacing : LongestSpacing;
            }
        }
    }
}
