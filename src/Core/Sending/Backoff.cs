namespace Ledgerpost.Sending;

/// <summary>How long to wait after failures in a row. A pure function of its arguments.</summary>
public static class Backoff
{
    /// <summary>The provider's shorter troubles are over in this time; who waits longer than it makes the admin wait.</summary>
    private static readonly TimeSpan Brief = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>
    /// For one chunk in doubt: 1 s, 2 s, 4 s ... but, beyond half a minute, no more than a quarter of the time that it has
    /// been in doubt, so that an outage of ten minutes is not followed by another ten of waiting; at most one hour. Up to
    /// a quarter of it is jitter.
    /// </summary>
    public static TimeSpan ForChunk(int failures, TimeSpan inDoubtFor, Random random)
    {
        var most = inDoubtFor / 4;
        return After(
            failures,
            most < Brief ? Brief
                : most > Longest ? Longest
                : most,
            random
        );
    }

    /// <summary>For the account: how long until the next probe, up to half a minute.</summary>
    public static TimeSpan ForAccount(int failures, Random random) => After(failures, Brief, random);

    private static TimeSpan After(int failures, TimeSpan most, Random random)
    {
        var seconds = Math.Min(Math.Pow(2, Math.Clamp(failures - 1, 0, 30)), most.TotalSeconds);
        return TimeSpan.FromSeconds(seconds * (1 - (random.NextDouble() * 0.25)));
    }
}
