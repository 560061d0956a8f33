using System.Globalization;

namespace Ledgerpost.Sending;

/// <summary>Reads an attempt's list of recipients, such as <c>1-40,42-100</c>.</summary>
public static class RecipientNumbers
{
    /// <returns>The place of <paramref name="number"/> in the request, from 0; -1 when it was not in it.</returns>
    public static int IndexOf(string list, int number)
    {
        var before = 0;
        foreach (var (first, last) in Ranges(list))
        {
            if (number >= first && number <= last)
            {
                return before + number - first;
            }

            before += last - first + 1;
        }

        return -1;
    }

    public static int Count(string list) => Ranges(list).Sum(range => range.Last - range.First + 1);

    private static IEnumerable<(int First, int Last)> Ranges(string list)
    {
        foreach (var part in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-');
            var first = int.Parse(ends[0], CultureInfo.InvariantCulture);
            yield return (first, ends.Length == 1 ? first : int.Parse(ends[1], CultureInfo.InvariantCulture));
        }
    }
}
