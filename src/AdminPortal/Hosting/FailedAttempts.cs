using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace AdminPortal.Hosting;

/// <summary>What can be tried out by guessing, and how many wrong guesses one address has in a minute.</summary>
public enum Door
{
    /// <summary>A password. An account has a lock of its own; this one is against one password tried on many accounts.</summary>
    SignIn = 20,

    /// <summary>A link that sets a password, invites, or resets.</summary>
    Link = 21,

    /// <summary>An unsubscribe link. A right one passes while the door is shut: mail providers unsubscribe for many people from one address.</summary>
    Unsubscribe = 60,

    /// <summary>
    /// The signature of a webhook. A right one passes while the door is shut: the provider reports for all of its customers from few
    /// addresses, and any of them may have it call here.
    /// </summary>
    Webhook = 120,

    /// <summary>
    /// The same at a tenant's own address, counted for each tenant: the provider reports for all of its accounts from few addresses,
    /// and one tenant's wrong secret must not shut them for the others.
    /// </summary>
    OwnWebhook = 121,
}

/// <summary>
/// Shuts a door for an address that was wrong too often in a minute, until the minute is over. Only failures count, so nobody is
/// slowed down who knows what he says, unless somebody beside him guesses. Of one instance.
/// </summary>
/// <remarks>Behind a proxy the address is the proxy's unless forwarded headers are switched on (docs/operations.md).</remarks>
public sealed class FailedAttempts(TimeProvider time)
{
    /// <summary>At each door, at one time. Whoever asks may write what is remembered: names of tenants, for one.</summary>
    private const int Remembered = 10_000;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    // By door: what is tried at one of them makes nothing forgotten at another.
    private readonly Dictionary<Door, ConcurrentDictionary<(string Address, string At), Window>> _doors =
        Enum.GetValues<Door>().ToDictionary(door => door, _ => new ConcurrentDictionary<(string, string), Window>());

    /// <summary>How many are remembered at this door.</summary>
    public int CountAt(Door door) => _doors[door].Count;

    /// <param name="at">Which of several doors of this kind.</param>
    /// <returns>How long the door stays shut for whoever asks; null when it is open.</returns>
    public TimeSpan? ShutFor(Door door, HttpContext http, string at = "") =>
        _doors[door].TryGetValue((AddressOf(http), Short(at)), out var window)
        && window.Ends - time.GetUtcNow() is { Ticks: > 0 } left
        && window.Failures >= (int)door
            ? left
            : null;

    /// <summary>The same; where it is shut, the answer says so with 429, and when it is open again.</summary>
    public bool IsShut(Door door, HttpContext http, string at = "")
    {
        if (ShutFor(door, http, at) is not { } shutFor)
        {
            return false;
        }

        Refuse(http, shutFor);
        return true;
    }

    /// <summary>
    /// Counts an attempt before its answer is known, in one step with the look at the door, so that guesses that come all at once
    /// are no more than it bears; who was right gives it back (<see cref="WasRight"/>). Where it is shut, the answer says so with
    /// 429, and when it is open again.
    /// </summary>
    public bool MayTry(Door door, HttpContext http)
    {
        var now = time.GetUtcNow();
        var windows = Bounded(door, now);
        var key = (AddressOf(http), "");
        while (true)
        {
            if (!windows.TryGetValue(key, out var window))
            {
                if (windows.TryAdd(key, new Window(now + Minute, 1)))
                {
                    return true;
                }
            }
            else if (window.Ends > now && window.Failures >= (int)door)
            {
                Refuse(http, window.Ends - now);
                return false;
            }
            else if (windows.TryUpdate(key, OneMore(window, now), window))
            {
                return true;
            }
        }
    }

    public void Failed(Door door, HttpContext http, string at = "")
    {
        var now = time.GetUtcNow();
        Bounded(door, now)
            .AddOrUpdate(
                (AddressOf(http), Short(at)),
                _ => new Window(now + Minute, 1),
                (_, window) => OneMore(window, now)
            );
    }

    /// <summary>Gives one back that was counted before its answer was known.</summary>
    public void WasRight(Door door, HttpContext http)
    {
        var windows = _doors[door];
        var key = (AddressOf(http), "");
        while (
            windows.TryGetValue(key, out var window)
            && window.Failures > 0
            && !windows.TryUpdate(key, window with { Failures = window.Failures - 1 }, window)
        ) { }
    }

    private static Window OneMore(Window window, DateTimeOffset now) =>
        window.Ends <= now ? new Window(now + Minute, 1) : window with { Failures = window.Failures + 1 };

    private static void Refuse(HttpContext http, TimeSpan shutFor)
    {
        http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        http.Response.Headers.RetryAfter = FormattableString.Invariant($"{Math.Ceiling(shutFor.TotalSeconds)}");
    }

    private ConcurrentDictionary<(string Address, string At), Window> Bounded(Door door, DateTimeOffset now)
    {
        var windows = _doors[door];
        if (windows.Count >= Remembered)
        {
            Forget(windows, now);
        }

        return windows;
    }

    /// <summary>
    /// Those of past minutes; and where that is not enough a tenth of the others, whoever was wrong least often first, so that many
    /// who were wrong once do not make the one forgotten for whom the door is shut.
    /// </summary>
    private static void Forget(ConcurrentDictionary<(string Address, string At), Window> windows, DateTimeOffset now)
    {
        var all = windows.ToArray();
        var gone = Math.Max(all.Count(pair => pair.Value.Ends <= now), Remembered / 10);
        foreach (var pair in all.OrderBy(pair => pair.Value.Ends <= now ? 0 : pair.Value.Failures).Take(gone))
        {
            windows.TryRemove(pair);
        }
    }

    // Whoever asks writes it.
    private static string Short(string at) => at.Length <= 64 ? at : at[..64];

    // A home or a company has a whole /64 of addresses, and so has whoever guesses.
    private static string AddressOf(HttpContext http) =>
        http.Connection.RemoteIpAddress switch
        {
            null => "",
            { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
            { AddressFamily: AddressFamily.InterNetworkV6 } six => new IPAddress([
                .. six.GetAddressBytes().AsSpan(0, 8),
                .. new byte[8],
            ]).ToString(),
            var four => four.ToString(),
        };

    private sealed record Window(DateTimeOffset Ends, int Failures);
}
