using System.Globalization;

namespace Bench;

/// <summary>What is measured. Everything else is as the product is delivered.</summary>
/// <param name="Recipients">Sizes of the campaigns.</param>
/// <param name="LatencyMilliseconds">What the provider's stand-in waits before each answer.</param>
/// <param name="Runs">Of each case; the table shows the median and the spread.</param>
internal sealed record BenchOptions(
    IReadOnlyList<int> Recipients,
    IReadOnlyList<int> LatencyMilliseconds,
    int Runs,
    int Concurrency
)
{
    public static BenchOptions? Read(string[] args)
    {
        var options = new BenchOptions([10_000], [0, 100], 3, 8);
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            switch (args[i])
            {
                case "--recipients":
                    options = options with { Recipients = Numbers(args[i + 1]) };
                    break;
                case "--latency":
                    options = options with { LatencyMilliseconds = Numbers(args[i + 1]) };
                    break;
                case "--runs":
                    options = options with { Runs = Numbers(args[i + 1])[0] };
                    break;
                case "--concurrency":
                    options = options with { Concurrency = Numbers(args[i + 1])[0] };
                    break;
                default:
                    Console.Error.WriteLine($"Unknown argument: {args[i]}.");
                    return null;
            }
        }

        return options;
    }

    private static IReadOnlyList<int> Numbers(string text) =>
        [.. text.Split(',').Select(part => int.Parse(part, NumberStyles.AllowThousands, CultureInfo.InvariantCulture))];
}
