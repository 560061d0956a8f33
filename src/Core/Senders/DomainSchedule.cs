namespace Ledgerpost.Senders;

/// <summary>
/// When a domain is looked at again by itself: a verified one about once an hour, any other soon and then ever more rarely. Each
/// has its own place in the spread, so that those which were added together do not stay together.
/// </summary>
internal static class DomainSchedule
{
    /// <summary>Of a domain that was just added: its first answer is on its way.</summary>
    public static readonly TimeSpan First = TimeSpan.FromMinutes(2);

    /// <summary>So long nobody else looks at what somebody looks at; longer than the calls for one domain take.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(5);

    /// <summary>The provider tells of a change by an event, which may be lost or not be asked for.</summary>
    private static readonly TimeSpan Verified = TimeSpan.FromHours(1);
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(6);

    /// <summary>A sixth to either side.</summary>
    private const double Spread = 1.0 / 6;

    /// <param name="answered">False when the provider did not say; then it is asked again soon, verified or not.</param>
    public static TimeSpan Pause(SendingDomain domain, bool answered)
    {
        var pause =
            answered && domain.Status == DomainStatus.Verified
                ? Verified
                : Shortest * Math.Min(Math.Pow(2, Math.Min(domain.Looks, 20)), Longest / Shortest);
        var place = domain.Id.ToByteArray()[^1] / 255.0;
        return pause * (1 - Spread + (2 * Spread * place));
    }
}
