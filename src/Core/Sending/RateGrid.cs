using Ledgerpost.Senders;

namespace Ledgerpost.Sending;

/// <summary>
/// The instants at which calls to one provider account may start, numbered, so that every instance that knows the last
/// number given out knows the next. A pure function of what the account's row holds; all times in microseconds since 1970.
/// </summary>
/// <param name="Limit">Calls that the provider allows in a window, by its own headers; null before they named one.</param>
/// <param name="Share">How many of them are ours to use: fewer while other programs call with the same account.</param>
/// <param name="Window">Length of the provider's window.</param>
/// <param name="Phase">
/// Where the provider's windows begin, modulo the window, on the sender's clock and with the way to the provider taken off;
/// null while it is not known.
/// </param>
/// <param name="Version">Raised whenever the numbers mean other instants.</param>
public sealed record RateGrid(int? Limit, int Share, long Window, long? Phase, int Version)
{
    public const long Second = 1_000_000;

    /// <summary>Once in so many windows one call is left out, and the next one asks where the window begins.</summary>
    private const int WindowsPerProbe = 16;

    /// <summary>More calls a second than the engine has ever made: not worth a row lock. Should they be too many, 429 says so.</summary>
    private const int Unlimited = 1000;

    /// <summary>Slower than this the provider never was: a header that says so must not stop the installation.</summary>
    private const long LongestSpacing = 5 * Second;

    /// <summary>Until a header names a limit, and for a provider that never does: what the provider documents as its default.</summary>
    public const int FirstShare = 10;

    public static RateGrid Of(ProviderAccount account) =>
        account.RateVersion == 0
            ? Unknown
            : new RateGrid(
                account.RateLimit,
                account.RateShare,
                account.RateWindow,
                account.RatePhase,
                account.RateVersion
            );

    public static RateGrid Unknown { get; } = new(null, FirstShare, Second, null, 0);

    public RateGrid Next(long? phase) => this with { Phase = phase, Version = Version + 1 };

    public bool IsPaced => Share * Second <= Unlimited * Window;

    /// <summary>With one call in a window every answer looks alike, and there is nothing to learn from.</summary>
    public bool CanLock => Share > 1 && Window <= 10 * Second && IsPaced;

    public TimeSpan Spacing => TimeSpan.FromMicroseconds((Phase is null ? Stretched : Window) / (double)Share);

    // While the phase is unknown the calls walk through the window: never more than the limit in one, wherever it begins,
    // as long as none is more than 7.5 % of a window off.
    private long Stretched => Math.Min(Window + (Window * 3 / 40), LongestSpacing * Share);

    // The gap around the window's edge, on both sides: what a call may come late without falling into the next window.
    private long Guard => Share == 1 ? Window / 2 : Math.Max(Window / (2 * Share), Window / 10);

    public long At(long slot)
    {
        if (Phase is not { } phase)
        {
            return (long)((Int128)slot * Stretched / Share);
        }

        var window = Math.DivRem(slot, Share, out var inWindow);
        var begins = phase + (window * Window);
        return IsProbe(slot) ? begins
            : Share == 1 ? begins + Guard
            : begins + Guard + (inWindow * (Window - (2 * Guard)) / (Share - 1));
    }

    /// <summary>The first number whose instant is not before this one.</summary>
    public long FirstFrom(long instant)
    {
        var slot = Phase is { } phase
            ? (instant - phase) / Window * Share
            : (long)((Int128)instant * Share / Stretched);
        while (At(slot) < instant)
        {
            slot++;
        }

        return slot;
    }

    /// <summary>Not used: the call after it may then fall into either window without being one too many.</summary>
    public bool IsLeftOut(long slot) => CanLock && Phase is not null && (slot + 1) % (Share * WindowsPerProbe) == 0;

    /// <summary>Goes out exactly where the window is believed to begin; how many calls are left then says on which side it fell.</summary>
    public bool IsProbe(long slot) => CanLock && Phase is not null && slot % (Share * WindowsPerProbe) == 0;

    /// <summary>Later than this the call would count in the next window, which has its own: it needs another number.</summary>
    public long Latest(long slot) =>
        Phase is { } phase ? phase + (((slot / Share) + 1) * Window) - (Window / 40) : At(slot) + (Window * 3 / 40);

    /// <summary>How far ahead numbers are given out: enough to prepare the call, too little to make a newcomer wait.</summary>
    public long Horizon => Math.Max(3 * Second / 4, (long)(3 * Spacing.TotalMicroseconds));
}

/// <summary>One call's place.</summary>
/// <param name="Number">Null when calls are so many that they need none.</param>
/// <param name="AtOnce">The place before it is free, so that it needs not wait for its own.</param>
public readonly record struct RateSlot(RateGrid Grid, long? Number, bool AtOnce = false);
