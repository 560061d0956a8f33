using System.Globalization;
using System.Text;

namespace Ledgerpost.Recipients;

/// <summary>Recipient numbers as people and logs write them: <c>1-40,42-100</c>.</summary>
public static class NumberRanges
{
    /// <param name="numbers">Ascending.</param>
    public static string Format(IReadOnlyList<int> numbers)
    {
        var text = new StringBuilder();
        for (var i = 0; i < numbers.Count; i++)
        {
            var first = numbers[i];
            while (i + 1 < numbers.Count && numbers[i + 1] == numbers[i] + 1)
            {
                i++;
            }

            text.Append(text.Length == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $"{first}");
            if (numbers[i] != first)
            {
                text.Append(CultureInfo.InvariantCulture, $"-{numbers[i]}");
            }
        }

        return text.ToString();
    }

    /// <returns>The place of <paramref name="number"/> in the list, from 0; -1 when it is not in it.</returns>
    public static int IndexOf(string ranges, int number)
    {
        var before = 0;
        foreach (var (first, last) in Parse(ranges))
        {
            if (first <= number && number <= last)
            {
                return before + number - first;
            }

            before += last - first + 1;
        }

        return -1;
    }

    /// <summary>Every number, ascending.</summary>
    public static IReadOnlyList<int> Expand(string ranges) =>
        [.. Parse(ranges).SelectMany(range => Enumerable.Range(range.First, range.Last - range.First + 1))];

    private static IEnumerable<(int First, int Last)> Parse(string ranges) =>
        ranges
            .Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(part =>
            {
                var dash = part.IndexOf('-', StringComparison.Ordinal);
                return dash < 0
                    ? (Number(part), Number(part))
                    : (Number(part.AsSpan(0, dash)), Number(part.AsSpan(dash + 1)));
            });

    private static int Number(ReadOnlySpan<char> text) =>
        int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
