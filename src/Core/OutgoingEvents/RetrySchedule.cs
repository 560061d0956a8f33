namespace Ledgerpost.OutgoingEvents;

/// <summary>When a delivery that failed is tried again: eight tries over a day, with up to a tenth of jitter.</summary>
public static class RetrySchedule
{
    private static readonly TimeSpan[] Pauses =
    [
        TimeSpan.FromSeconds(5),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(5),
        TimeSpan.FromHours(8),
        TimeSpan.FromHours(9),
    ];

    public static int MaxTries => Pauses.Length + 1;

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <param name="tries">So many have failed, 1 or more.</param>
    /// <returns>Null when it was the last.</returns>
    public static TimeSpan? After(int tries, Random random) =>
        tries <= Pauses.Length ? Pauses[tries - 1] * (1 + (random.NextDouble() / 10)) : null;

    /// <summary>
    /// How long a failing endpoint is left alone as a whole, so that a dead one costs one call a minute and not one for each
    /// delivery that waits.
    /// </summary>
    /// <param name="failures">In a row, 1 or more.</param>
    public static TimeSpan Pause(int failures, Random random)
    {
        var pause = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(failures, 6)));
        return (pause < LongestPause ? pause : LongestPause) * (0.9 + (random.NextDouble() / 10));
    }
}
