using System.Globalization;
using Ledgerpost.Data;

namespace Bench;

/// <summary>What is measured. Everything else is as the product is delivered.</summary>
/// <param name="Databases">Each goes through all the cases.</param>
/// <param name="Cases">Of <c>scale</c> (statements on a whole campaign), <c>pipeline</c> (real processes), <c>rate</c>, <c>fairness</c>, <c>lanes</c> (accounts of tenants' own), <c>events</c>, <c>audit</c> (entries of a log) and <c>bare</c>.</param>
/// <param name="Recipients">Sizes of the campaigns, and of the log.</param>
/// <param name="LatencyMilliseconds">How long after a call came the provider's stand-in answers it, its own work included.</param>
/// <param name="Instances">Portal processes on one database; more than one on PostgreSQL alone.</param>
/// <param name="Runs">Of each case; the table shows the median and the spread.</param>
/// <param name="Tenants">Of the case lanes, whose campaigns together have so many recipients.</param>
/// <param name="Events">In a second, of the case events.</param>
/// <param name="Concurrency">Calls in flight of one instance: Sending:MaxConcurrency.</param>
internal sealed record BenchOptions(
    IReadOnlyList<DatabaseProvider> Databases,
    IReadOnlyList<string> Cases,
    IReadOnlyList<int> Recipients,
    IReadOnlyList<int> LatencyMilliseconds,
    IReadOnlyList<int> Instances,
    int Runs,
    int Concurrency,
    int Events,
    int Tenants
)
{
    private static readonly BenchOptions Default = new(
        [DatabaseProvider.Sqlite],
        ["bare", "scale", "pipeline", "rate", "fairness", "lanes", "events", "audit"],
        [10_000],
        [0, 100],
        [1],
        3,
        8,
        2_000,
        500
    );

    public static BenchOptions? Read(string[] args)
    {
        var options = Default;
        for (var i = 0; i < args.Length; i += 2)
        {
            try
            {
                options = options.With(args[i], args[i + 1].Split(','));
            }
            catch (Exception wrong) when (wrong is FormatException or ArgumentException or IndexOutOfRangeException)
            {
                Console.Error.WriteLine($"Not understood: {string.Join(' ', args[i..Math.Min(args.Length, i + 2)])}.");
                return null;
            }
        }

        return options;
    }

    private BenchOptions With(string name, string[] values) =>
        name switch
        {
            "--database" => this with { Databases = [.. values.Select(v => Enum.Parse<DatabaseProvider>(v, true))] },
            "--cases" when values.All(Default.Cases.Contains) => this with { Cases = values },
            "--recipients" => this with { Recipients = Numbers(values) },
            "--latency" => this with { LatencyMilliseconds = Numbers(values) },
            "--instances" => this with { Instances = Numbers(values) },
            "--runs" => this with { Runs = Numbers(values)[0] },
            "--events" => this with { Events = Numbers(values)[0] },
            "--tenants" => this with { Tenants = Numbers(values)[0] },
            "--concurrency" => this with { Concurrency = Numbers(values)[0] },
            _ => throw new ArgumentException("Unknown.", nameof(name)),
        };

    private static IReadOnlyList<int> Numbers(string[] values) =>
        [.. values.Select(v => int.Parse(v, NumberStyles.None, CultureInfo.InvariantCulture))];
}
