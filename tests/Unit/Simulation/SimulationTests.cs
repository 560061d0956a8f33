using System.Collections.Concurrent;
using System.Globalization;
using Ledgerpost.Data;
using UnitTests.Support;
using Xunit.Abstractions;

namespace UnitTests.Simulation;

/// <summary>
/// The engine's real classes in a world of one thread, where the seed decides every interleaving, fault, crash and clock
/// (docs/sending.md, "The simulation"). <c>LEDGERPOST_SEED=123</c> runs one seed and prints what happened; <c>LEDGERPOST_SEEDS=100000</c>,
/// or <c>./test.sh --seeds 100000</c>, runs so many.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int InEveryRun = 40;
    private const int InTheLongRun = 1960;
    private const int EnoughForEveryDeed = 1500;

    /// <summary>What the worlds are there to trip; a run in which they never do proves little.</summary>
    private static readonly SafetyMechanism[] Needed =
    [
        SafetyMechanism.IntentStale,
        SafetyMechanism.IntentCampaignStopped,
        SafetyMechanism.IntentCommitInDoubt,
        SafetyMechanism.AnswerProvesNothing,
        SafetyMechanism.RefusalOnRepeat,
        SafetyMechanism.Bisected,
        SafetyMechanism.SettleStale,
        SafetyMechanism.DoubtExpired,
        SafetyMechanism.DoubtProven,
        SafetyMechanism.RecoveredAtStart,
        SafetyMechanism.ClocksContradict,
    ];

    [SqliteFact]
    public void Seeds_AFew_FindNothing() => RunSeeds(0, Only() is null ? InEveryRun : 0);

    [SqliteFact]
    [Trait("Category", "Long")]
    public void Seeds_Many_FindNothing()
    {
        if (Only() is { } seed)
        {
            var report = SimWorld.Run(seed);
            output.WriteLine(Describe(report, report.Trace.Count));
            Assert.Null(report.Violation);
            return;
        }

        RunSeeds(InEveryRun, Number("LEDGERPOST_SEEDS") ?? InTheLongRun);
    }

    [SqliteFact]
    public void Seed_RunTwice_TellsTheSameStory()
    {
        foreach (var seed in (int[])[1, 7, 31])
        {
            var (first, second) = (SimWorld.Run(seed), SimWorld.Run(seed));

            Assert.True(first.Trace.Count > 10);
            Assert.Equal(first.Trace, second.Trace);
            Assert.Equal((first.Steps, first.Posts), (second.Steps, second.Posts));
        }
    }

    private void RunSeeds(int from, int count)
    {
        var failed = new ConcurrentBag<SimReport>();
        var deeds = new ConcurrentDictionary<SimDeed, long>();
        var fired = new ConcurrentDictionary<SafetyMechanism, long>();
        long steps = 0,
            posts = 0;
        Parallel.ForEach(
            Partitioner.Create(Enumerable.Range(from, count), EnumerablePartitionerOptions.NoBuffering),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
            seed =>
            {
                var report = SimWorld.Run(seed);
                Interlocked.Add(ref steps, report.Steps);
                Interlocked.Add(ref posts, report.Posts);
                foreach (var (deed, times) in report.Deeds)
                {
                    deeds.AddOrUpdate(deed, times, (_, before) => before + times);
                }

                foreach (var (mechanism, times) in report.Fired)
                {
                    fired.AddOrUpdate(mechanism, times, (_, before) => before + times);
                }

                if (report.Violation is not null)
                {
                    failed.Add(report);
                }
            }
        );
        output.WriteLine(
            $"{count} seeds, {Environment.CpuUsage.TotalTime} of processor time, {steps} continuations, {posts} POSTs, {failed.Count} failed"
        );
        output.WriteLine($"Deeds: {Told(deeds)}");
        output.WriteLine($"Safety mechanisms: {Told(fired)}");
        var shown = failed.OrderBy(report => report.Trace.Count).Take(2).Select(report => Describe(report, 60));
        Assert.True(
            failed.IsEmpty,
            $"{failed.Count} of {count} seeds failed: {string.Join(", ", failed.Select(report => report.Seed).Order().Take(50))}\n{string.Join("\n\n", shown)}"
        );
        if (count >= EnoughForEveryDeed)
        {
            var never = Enum.GetValues<SimDeed>().Where(deed => !deeds.ContainsKey(deed));
            Assert.True(!never.Any(), $"No seed of {count} did this: {string.Join(", ", never)}.");
            var idle = Needed.Where(mechanism => !fired.ContainsKey(mechanism));
            Assert.True(!idle.Any(), $"No seed of {count} needed this: {string.Join(", ", idle)}.");
        }
    }

    private static string Told<T>(ConcurrentDictionary<T, long> counts)
        where T : struct, Enum =>
        string.Join(", ", Enum.GetValues<T>().Select(value => $"{value} {counts.GetValueOrDefault(value)}"));

    private static string Describe(SimReport report, int lines) =>
        $"""
            Seed {report.Seed} ({report.Steps} continuations): {report.Violation ?? "nothing found"}
            All of it again: LEDGERPOST_SEED={report.Seed} dotnet test tests/Unit --filter Seeds_Many
            {string.Join('\n', report.Trace.TakeLast(lines))}
            """;

    private static int? Only() => Number("LEDGERPOST_SEED");

    private static int? Number(string variable) =>
        int.TryParse(
            Environment.GetEnvironmentVariable(variable),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var number
        )
            ? number
            : null;
}
