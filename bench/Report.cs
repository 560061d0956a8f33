using System.Globalization;

namespace Bench;

/// <summary>One line per measured thing, in the order of its first measurement: median, smallest and greatest.</summary>
internal sealed class Report
{
    private readonly Dictionary<(string Case, string What, string Unit), List<double>> _values = [];
    private readonly List<(string Case, string What, string Unit)> _order = [];

    public void Add(string @case, string what, string unit, double value)
    {
        var key = (@case, what, unit);
        if (!_values.TryGetValue(key, out var values))
        {
            _values[key] = values = [];
            _order.Add(key);
        }

        values.Add(value);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {@case}: {what} {Shown(value)} {unit}"));
    }

    public void Print(TextWriter output)
    {
        output.WriteLine();
        output.WriteLine("| case | measured | median | min | max | runs |");
        output.WriteLine("|---|---|---:|---:|---:|---:|");
        foreach (var key in _order)
        {
            var values = _values[key].Order().ToList();
            var median = (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
            output.WriteLine(
                $"| {key.Case} | {key.What} | {Shown(median)} {key.Unit} | {Shown(values[0])} | {Shown(values[^1])} | {values.Count} |"
            );
        }
    }

    private static string Shown(double value) =>
        value.ToString(value >= 100 ? "N0" : "0.0#", CultureInfo.InvariantCulture);
}
