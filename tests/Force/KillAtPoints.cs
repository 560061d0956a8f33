using System.Globalization;
using Ledgerpost.Sending;

namespace Force;

/// <summary>
/// SIGKILL exactly at a named point, of a call whose chunk has been through so many ambiguous ones before. One process after
/// the other on one campaign: each takes a chunk that nobody has had in hand yet, is struck at it, and leaves it to the next.
/// </summary>
internal static class KillAtPoints
{
    /// <summary>How many chunks a process may get through besides the one that it is struck at; they are held back for that.</summary>
    private const int ChunksPerCase = 15;

    /// <summary>In milliseconds: others go on while the chunk waits for its next attempt.</summary>
    private const int HeldBack = 250;

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
        await using var world = await World.CreateAsync(postgreSql, ((cases.Count * ChunksPerCase) + 5) * 100);
        var killed = new List<(string Case, int Chunk)>();
        foreach (var (point, history) in cases)
        {
            killed.Add((Name(world, point, history.Length), await PlayAsync(world, point, history)));
        }

        await world.FinishAsync();
        var (total, ofChunk) = await Verdict.ReadByChunkAsync(world.Installation, world.Emulator);
        var named = Verdict.Clean;
        foreach (var (name, chunk) in killed)
        {
            var found = ofChunk(chunk);
            named += found;
            table.Add(name, 1, found);
        }

        var rest = new Verdict(
            Math.Max(0, total.Duplicates - named.Duplicates),
            Math.Max(0, total.Lost - named.Lost),
            Math.Max(0, total.Unexplained - named.Unexplained)
        );
        table.Add($"{world.Database}: whoever was not in a killed call", 1, rest);
    }

    /// <returns>The number of the chunk that was in hand.</returns>
    private static async Task<int> PlayAsync(World world, string point, string history)
    {
        var chunk = await Ledger.FreshChunkAsync(world.Installation);
        var somebody = await Ledger.FirstOfAsync(world.Installation, chunk);
        await world.Emulator.SetFaultsAsync([
            .. history.Select(
                (kind, before) =>
                    kind == 'A' ? Fault.LostAnswer(1 + before, somebody) : Fault.LostRequest(1 + before, somebody)
            ),
            Fault.Slow(HeldBack),
        ]);
        var crash = string.Create(CultureInfo.InvariantCulture, $"{point}@{chunk}#{1 + history.Length}");
        await using (var portal = world.Start(new PortalSettings(1, crash, null, world.Lease)))
        {
            await portal.WaitForEndAsync();
        }

        var ambiguous = await Ledger.AmbiguousAsync(world.Installation, chunk);
        return ambiguous == history.Length
            ? chunk
            : throw new InvalidOperationException(
                $"Chunk {chunk} died at {point} after {ambiguous} ambiguous calls, and not after {history.Length}."
            );
    }

    private static string Name(World world, string point, int ambiguous) =>
        string.Create(CultureInfo.InvariantCulture, $"{world.Database}: SIGKILL {point}, {ambiguous} ambiguous before");
}
