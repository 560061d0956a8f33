namespace AdminPortal.Hosting;

/// <summary>A verb's own options, told from the settings that follow it as they would follow a start.</summary>
internal sealed class VerbOptions
{
    // Settings of the host, which have no colon.
    private static readonly string[] OfTheHost = ["--contentRoot", "--environment", "--urls"];

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _flags = new(StringComparer.Ordinal);
    private readonly List<string> _settings = [];
    private readonly List<string> _own = [];

    private VerbOptions() { }

    /// <summary>What is left for the settings.</summary>
    public string[] Settings => [.. _settings];

    /// <summary>The verb and its own options, without the settings.</summary>
    public string[] Own => [.. _own];

    public string? Value(string option) => _values.GetValueOrDefault(option);

    public bool Has(string flag) => _flags.Contains(flag);

    /// <param name="values">Options that take a value, as <c>--name</c>.</param>
    /// <param name="flags">Options that take none.</param>
    /// <param name="verb">The words before them.</param>
    /// <returns>Null when a word is none of them, or one is there twice or without its value.</returns>
    public static VerbOptions? Read(IReadOnlyList<string> args, string[] values, string[] flags, params string[] verb)
    {
        var read = new VerbOptions();
        read._own.AddRange(verb);
        for (var i = 0; i < args.Count; i++)
        {
            var (option, joined) = args[i].Split('=', 2) is [var before, var after] ? (before, after) : (args[i], null);
            if (flags.Contains(option, StringComparer.Ordinal) && joined is null)
            {
                read._flags.Add(option);
                read._own.Add(option);
                continue;
            }

            var own = values.Contains(option, StringComparer.Ordinal);
            var setting =
                option.StartsWith("--", StringComparison.Ordinal)
                && (
                    option.Contains(':', StringComparison.Ordinal)
                    || OfTheHost.Contains(option, StringComparer.OrdinalIgnoreCase)
                );
            // What begins like an option is no value, unless it is joined to its own.
            var hasValue =
                joined is not null || (i + 1 < args.Count && !args[i + 1].StartsWith("--", StringComparison.Ordinal));
            if ((!own && !setting) || !hasValue)
            {
                return null;
            }

            var value = joined ?? args[++i];
            if (own && !read._values.TryAdd(option, value))
            {
                return null;
            }

            if (own)
            {
                read._own.Add($"{option}={value}");
            }

            if (setting)
            {
                read._settings.Add($"{option}={value}");
            }
        }

        return read;
    }
}
