using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Ledgerpost.Sending;

namespace AdminPortal.Hosting;

/// <summary>A crash point's n-th passing: <c>after-intent#3</c>; of one chunk's calls alone: <c>after-intent@12#3</c>.</summary>
/// <param name="Chunk">The chunk's number in its campaign; null counts everybody's.</param>
public sealed partial record ArmedPoint(string Point, int Passing, int? Chunk = null)
{
    private static readonly string[] Names =
    [
        CrashPoints.BeforeIntent,
        CrashPoints.AfterIntent,
        CrashPoints.BeforePost,
        CrashPoints.BeforeSettle,
        CrashPoints.AfterSettle,
        CrashPoints.BeforeFreeze,
        CrashPoints.BeforeAnswer,
        CrashPoints.BeforeRemoval,
        CrashPoints.BeforeDelivered,
    ];

    public static string Choices => string.Join(", ", Names);

    /// <param name="text">
    /// The point's name; with @ and a chunk's number (from 1) where only that one's passings count; with # and a number (from 1)
    /// for another passing than the first.
    /// </param>
    public static ArmedPoint? TryRead(string text)
    {
        var match = Form().Match(text);
        return match.Success && Names.Contains(match.Groups["point"].Value, StringComparer.Ordinal)
            ? new ArmedPoint(match.Groups["point"].Value, Number("passing") ?? 1, Number("chunk"))
            : null;

        int? Number(string group) =>
            match.Groups[group] is { Success: true } digits
                ? int.Parse(digits.Value, NumberStyles.None, CultureInfo.InvariantCulture)
                : null;
    }

    [GeneratedRegex(
        "^(?<point>[a-z-]+)(@(?<chunk>[1-9][0-9]{0,8}))?(#(?<passing>[1-9][0-9]{0,8}))?$",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Form();
}

/// <summary>
/// The section <c>Testing</c>: for the proof by force alone, which kills the real binary. Nothing of it is set in a normal
/// installation, and nothing of it is in the way there.
/// </summary>
/// <param name="CrashAt">Where the process ends itself by SIGKILL: no handler, no flush, no goodbye.</param>
/// <param name="StopAt">Where it stops itself by SIGSTOP, until somebody sends SIGCONT.</param>
public sealed record TestingOptions(ArmedPoint? CrashAt, ArmedPoint? StopAt)
{
    public bool IsArmed => CrashAt is not null || StopAt is not null;
}

/// <summary>Strikes this process at a named point. Registered only when one is armed.</summary>
public sealed class ArmedCrashPoints(TestingOptions testing) : CrashPoints
{
    private const int SigKill = 9;
    private const int SigStop = 19;

    private int _toCrash;
    private int _toStop;

    public override ValueTask ReachAsync(string point, CancellationToken cancellation) => Reach(point, null);

    public override ValueTask ReachAsync(string point, int chunk, CancellationToken cancellation) =>
        Reach(point, chunk);

    private ValueTask Reach(string point, int? chunk)
    {
        Strike(testing.CrashAt, point, chunk, ref _toCrash, SigKill);
        Strike(testing.StopAt, point, chunk, ref _toStop, SigStop);
        return ValueTask.CompletedTask;
    }

    private static void Strike(ArmedPoint? armed, string point, int? chunk, ref int passed, int signal)
    {
        if (
            armed?.Point == point
            && (armed.Chunk is null || armed.Chunk == chunk)
            && Interlocked.Increment(ref passed) == armed.Passing
        )
        {
            _ = Kill(Environment.ProcessId, signal);
        }
    }

    // Environment.Exit and FailFast run code on their way out; only the signal is what a power cut or the OOM killer does.
    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
