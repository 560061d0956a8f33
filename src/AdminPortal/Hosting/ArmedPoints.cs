using System.Globalization;
using System.Runtime.InteropServices;
using Ledgerpost.Sending;

namespace AdminPortal.Hosting;

/// <summary>A crash point's n-th passing: <c>after-intent#3</c>.</summary>
public sealed record ArmedPoint(string Point, int Passing)
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

    /// <param name="text">The point's name, for its first passing, or name, # and a number from 1.</param>
    public static ArmedPoint? TryRead(string text)
    {
        var parts = text.Split('#');
        var passing = 1;
        var valid =
            parts.Length <= 2
            && Names.Contains(parts[0], StringComparer.Ordinal)
            && (
                parts.Length == 1
                || (int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out passing) && passing > 0)
            );
        return valid ? new ArmedPoint(parts[0], passing) : null;
    }
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

    public override ValueTask ReachAsync(string point, CancellationToken cancellation)
    {
        Strike(testing.CrashAt, point, ref _toCrash, SigKill);
        Strike(testing.StopAt, point, ref _toStop, SigStop);
        return ValueTask.CompletedTask;
    }

    private static void Strike(ArmedPoint? armed, string point, ref int passed, int signal)
    {
        if (armed?.Point == point && Interlocked.Increment(ref passed) == armed.Passing)
        {
            _ = Kill(Environment.ProcessId, signal);
        }
    }

    // Environment.Exit and FailFast run code on their way out; only the signal is what a power cut or the OOM killer does.
    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
