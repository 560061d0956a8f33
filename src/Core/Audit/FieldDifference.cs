using System.Globalization;

namespace Ledgerpost.Audit;

/// <summary>A field that a command changed.</summary>
public sealed record ChangedField(string Field, string? Before, string? After);

/// <summary>What an entry tells of a change: before and after, of long texts the place where they begin to differ.</summary>
public static class FieldDifference
{
    /// <summary>A longer text is cut to about this many characters: a log is no second copy of every draft.</summary>
    private const int Longest = 500;

    /// <summary>So much of what is the same stands before the difference.</summary>
    private const int Lead = 40;

    /// <returns>For the details of an entry.</returns>
    public static object Of(IEnumerable<ChangedField> fields)
    {
        var before = new Dictionary<string, string?>(StringComparer.Ordinal);
        var after = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var field in fields.Where(field => field.Before != field.After))
        {
            var differs = FirstDifference(field.Before ?? "", field.After ?? "");
            before[field.Field] = Cut(field.Before, differs);
            after[field.Field] = Cut(field.After, differs);
        }

        return new { before, after };
    }

    private static int FirstDifference(string before, string after)
    {
        var i = 0;
        while (i < before.Length && i < after.Length && before[i] == after[i])
        {
            i++;
        }

        return i;
    }

    private static string? Cut(string? text, int differs)
    {
        if (text is null || text.Length <= Longest)
        {
            return text;
        }

        var start = Math.Clamp(differs - Lead, 0, text.Length);
        var end = Math.Min(text.Length, start + Longest);
        return (start > 0 ? "…" : "")
            + text[Whole(text, start)..Whole(text, end)]
            + (end < text.Length ? "…" : "")
            + string.Create(CultureInfo.InvariantCulture, $" ({text.Length:N0} characters)");
    }

    /// <summary>Not between the two halves of one sign.</summary>
    private static int Whole(string text, int at) => at < text.Length && char.IsLowSurrogate(text[at]) ? at - 1 : at;
}
