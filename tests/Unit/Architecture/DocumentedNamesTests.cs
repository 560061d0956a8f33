using System.Text.RegularExpressions;

namespace UnitTests.Architecture;

/// <summary>Whoever follows the documentation into the code finds what it names.</summary>
public sealed partial class DocumentedNamesTests
{
    /// <summary>Look like a member of a type, and are something else.</summary>
    private static readonly Dictionary<string, string> OtherNames = new(StringComparer.Ordinal)
    {
        ["Contacts.EmailAddress"] = "a namespace and its type",
        ["Ledgerpost.Safety"] = "a meter",
    };

    [Fact]
    public void MembersThatTheDocumentationNames_AreInTheSources()
    {
        var sources = new[] { "src", "tests" }
            .SelectMany(folder => SourceFiles.In(folder))
            .SelectMany(file => Types().Matches(file.Text).Select(match => (match.Groups["name"].Value, file.Text)))
            .ToLookup(pair => pair.Value, pair => pair.Text, StringComparer.Ordinal);
        var named = SourceFiles
            .In("docs", ".md")
            .SelectMany(file => Members().Matches(file.Text).Select(match => (file.Path, Match: match)))
            .ToList();

        Assert.True(named.Count > 200, $"The search for names has gone blind: {named.Count}.");
        Assert.Empty(
            named
                .Where(one => !OtherNames.ContainsKey(one.Match.Groups["whole"].Value))
                .Where(one =>
                    !sources[one.Match.Groups["type"].Value]
                        .Any(text => Has(text, one.Match.Groups["member"].Value, one.Match.Groups["more"].Success))
                )
                .Select(one => $"docs/{one.Path}: {one.Match.Value}")
                .Distinct()
        );
    }

    /// <param name="begins">The documentation gives only how it begins.</param>
    private static bool Has(string text, string member, bool begins) =>
        Regex.IsMatch(text, $@"\b{member}{(begins ? "" : @"\b")}", RegexOptions.None, TimeSpan.FromSeconds(1));

    [GeneratedRegex(
        @"\b(class|record|struct|interface|enum)\s+(struct\s+)?(?<name>[A-Z]\w+)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex Types();

    [GeneratedRegex(
        @"`(?<whole>(?<type>[A-Z]\w+)\.(?<member>[A-Z]\w+?))(?<more>_\.\.\.)?(\([^`]*\))?`",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex Members();
}
