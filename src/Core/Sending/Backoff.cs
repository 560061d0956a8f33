namespace Ledgerpost.Sending;

/// <summary>How long to wait after failures in a row. A pure function of its arguments.</summary>
public static class Backoff
{
    /// <summary>For one chunk in doubt: 1 s, 2 s, 4 s ... up to one hour, each with up to a quarter of jitter.</summary>
    public static TimeSpan ForChunk(int failures, Random random) => After(failures, TimeSpan.FromHours(1), random);

    /// <summary>For the account: how long until the next probe, up to half a minute.</summary>
    public static TimeSpan ForAccount(int failures, Random random) => After(failures, TimeSpan.FromSeconds(30), random);

    private static TimeSpan After(int failures, TimeSpan most, Random random)
    {
        var seconds = Math.Min(Math.Pow(2, Math.Clamp(failures - 1, 0, 30)), most.TotalSeconds);
        return TimeSpan.FromSeconds(seconds * (1 - (random.NextDouble() * 0.25)));
    }
}
