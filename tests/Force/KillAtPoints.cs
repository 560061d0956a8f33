using System.Globalization;
using Ledgerpost.Sending;

namespace Force;

/// <summary>
/// SIGKILL exactly at a named point, of a call whose chunk has been through so many ambiguous ones before. One process after
/// the other on one campaign: each start first repeats what the last one died with, and then dies with the next chunk.
/// </summary>
internal static class KillAtPoints
{
    private const int Retries = 3;

    private static readonly string[] Points =
    [
        CrashPoints.BeforeIntent,
        CrashPoints.AfterIntent,
        CrashPoints.BeforePost,
        CrashPoints.BeforeSettle,
        CrashPoints.AfterSettle,
    ];

    /// <summary>Each is a history of the call that will be killed: answers lost (A) and requests lost (R) before it.</summary>
    public static IReadOnlyList<string> EveryHistory { get; } = ["", "A", "R", "AA", "AR", "RA", "RR"];

    /// <param name="histories">Of <see cref="EveryHistory"/>; each point is played with each.</param>
    public static async Task RunAsync(Table table, PostgreSql? postgreSql, IReadOnlyList<string> histories)
    {
        var cases = (from history in histories from point in Points select (point, history)).ToList();
        await using var world = await World.CreateAsync(postgreSql, ((cases.Count * 3) + 5) * 100);
        var killed = new List<(string Case, int Chunk)>();
        foreach (var (point, history) in cases)
        {
            await PlayAsync(world, point, history, killed);
        }

        await world.FinishAsync();
        var (total, ofChunk) = await Verdict.ReadByChunkAsync(world.Installation, world.Emulator);
        var named = Verdict.Clean;
        foreach (var group in killed.GroupBy(kill => kill.Case, StringComparer.Ordinal))
        {
            var found = group
                .Select(kill => kill.Chunk)
                .Distinct()
                .Aggregate(Verdict.Clean, (sum, chunk) => sum + ofChunk(chunk));
            named += found;
            table.Add(group.Key, group.Count(), found);
        }

        var rest = new Verdict(
            Math.Max(0, total.Duplicates - named.Duplicates),
            Math.Max(0, total.Lost - named.Lost),
            Math.Max(0, total.Unexplained - named.Unexplained)
        );
        table.Add($"{world.Database}: whoever was not in a killed call", 1, rest);
        var missed = cases
            .Select(played => Name(world, played.point, played.history.Length))
            .Except(killed.Select(kill => kill.Case), StringComparer.Ordinal)
            .ToList();
        if (missed.Count > 0)
        {
            throw new InvalidOperationException($"No process died as it should have: {string.Join("; ", missed)}.");
        }
    }

    private static async Task PlayAsync(World world, string point, string history, List<(string, int)> killed)
    {
        for (var run = 1; ; run++)
        {
            // The first call of a process finishes what the last one left; the second is the one that things happen to.
            await world.Emulator.SetFaultsAsync([
                .. history.Select(
                    (kind, before) => kind == 'A' ? Fault.LostAnswer(2 + before) : Fault.LostRequest(2 + before)
                ),
            ]);
            var crash = string.Create(CultureInfo.InvariantCulture, $"{point}#{2 + history.Length}");
            await using (var portal = world.Start(new PortalSettings(1, crash, null, world.Lease)))
            {
                await portal.WaitForEndAsync();
            }

            var (chunk, ambiguous) = await Ledger.InHandAsync(
                world.Installation,
                claimedOnly: point == CrashPoints.BeforeIntent
            );
            killed.Add((Name(world, point, ambiguous), chunk));
            if (ambiguous == history.Length || run == Retries)
            {
                break;
            }
        }

        if (world.Lease is { } seconds)
        {
            // The next process must find it free, or it would begin with another.
            await Task.Delay(TimeSpan.FromSeconds(seconds));
        }
    }

    private static string Name(World world, string point, int ambiguous) =>
        string.Create(CultureInfo.InvariantCulture, $"{world.Database}: SIGKILL {point}, {ambiguous} ambiguous before");
}
