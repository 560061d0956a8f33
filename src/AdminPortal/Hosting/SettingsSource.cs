using System.Globalization;

namespace AdminPortal.Hosting;

/// <summary>
/// Configuration under the product's own sections: remembers which keys were asked for, so that a misspelt one is a
/// problem and not a silence.
/// </summary>
internal sealed class SettingsSource(IConfiguration configuration)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _problems = [];

    public void Problem(string key, string what) => _problems.Add($"{key} {what}");

    /// <summary>Null when it is missing or empty.</summary>
    public string? Text(string key)
    {
        _known.Add(key);
        var value = configuration[key]?.Trim();
        return string.IsNullOrEmpty(value) ? null : value;
    }

    public bool? Boolean(string key)
    {
        var text = Text(key);
        if (text is null || bool.TryParse(text, out _))
        {
            return text is null ? null : bool.Parse(text);
        }

        Problem(key, $"is \u201c{text}\u201d; it can be true or false.");
        return null;
    }

    public int? Integer(string key, int least, int most)
    {
        var text = Text(key);
        if (text is null)
        {
            return null;
        }

        if (
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value >= least
            && value <= most
        )
        {
            return value;
        }

        Problem(
            key,
            string.Create(
                CultureInfo.InvariantCulture,
                $"is \u201c{text}\u201d; it can be a whole number from {least} to {most}."
            )
        );
        return null;
    }

    public TimeSpan? Duration(string key, TimeSpan least, TimeSpan most)
    {
        var text = Text(key);
        if (text is null)
        {
            return null;
        }

        if (TryDuration(text, out var value) && value >= least && value <= most)
        {
            return value;
        }

        Problem(
            key,
            $"is \u201c{text}\u201d; it can be a time from {Shown(least)} to {Shown(most)} (hours:minutes:seconds)."
        );
        return null;
    }

    public T? Choice<T>(string key)
        where T : struct, Enum
    {
        var text = Text(key);
        if (text is null)
        {
            return null;
        }

        var name = Enum.GetNames<T>().FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        if (name is not null)
        {
            return Enum.Parse<T>(name);
        }

        Problem(key, $"is \u201c{text}\u201d; it can be {string.Join(" or ", Enum.GetNames<T>())}.");
        return null;
    }

    /// <summary>All problems, those of unknown keys included, in the order of their keys.</summary>
    public IReadOnlyList<string> Finish()
    {
        // Every section that was asked for is our own, but for the one that other programs keep theirs in.
        var sections = _known
            .Select(key => key.Split(':')[0])
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Where(section => section != "ConnectionStrings");
        foreach (var section in sections)
        {
            foreach (var (key, value) in configuration.GetSection(section).AsEnumerable())
            {
                if (value is not null && !_known.Contains(key))
                {
                    Problem(key, $"is not a setting of Ledgerpost.{Suggestion(key)}");
                }
            }
        }

        return [.. _problems.Order(StringComparer.OrdinalIgnoreCase)];
    }

    // TimeSpan reads 24:00:00 as 24 days; people who write it mean hours, as the contract does.
    private static bool TryDuration(string text, out TimeSpan value)
    {
        value = default;
        var parts = text.Split(':');
        if (
            parts.Length == 3
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes)
            && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && hours < 10_000
            && minutes < 60
            && seconds < 60
        )
        {
            value = new TimeSpan(hours, minutes, seconds);
            return true;
        }

        return false;
    }

    private static string Shown(TimeSpan value) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(int)value.TotalHours:00}:{value.Minutes:00}:{value.Seconds:00}"
        );

    private string Suggestion(string key)
    {
        var nearest = _known.MinBy(known => Distance(known, key))!;
        return Distance(nearest, key) <= Math.Max(2, key.Length / 4) ? $" Did you mean {nearest}?" : "";
    }

    private static int Distance(string left, string right)
    {
        var (a, b) = (left.ToUpperInvariant(), right.ToUpperInvariant());
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var current = new int[b.Length + 1];
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var change = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                current[j] = Math.Min(change, Math.Min(previous[j], current[j - 1]) + 1);
            }

            previous = current;
        }

        return previous[b.Length];
    }
}
