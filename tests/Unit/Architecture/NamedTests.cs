using System.Text.RegularExpressions;

namespace UnitTests.Architecture;

/// <summary>Tests that a table of the documentation names, and whether they are there.</summary>
internal static partial class NamedTests
{
    /// <summary>What stands between backticks.</summary>
    public static IReadOnlyList<string> In(string cell) =>
        [.. Quoted().Matches(cell).Select(match => match.Groups["text"].Value)];

    public static void AreThere(IReadOnlyList<string> tests)
    {
        Type? last = null;
        Assert.All(tests, test => last = Find(test, last));
    }

    /// <param name="test"><c>Folder/Class.Method</c>; the folder, and the class of the one before, may be left out. A class alone means all of it.</param>
    /// <returns>The class, when it is one of this project.</returns>
    private static Type? Find(string test, Type? last)
    {
        var parts = test.Split('/')[^1].Split('.');
        if (parts is [var alone] && alone.EndsWith("Tests", StringComparison.Ordinal))
        {
            Assert.Contains(
                SourceFiles.In("tests"),
                file => file.Text.Contains($"class {alone}", StringComparison.Ordinal)
            );
            return null;
        }

        var (type, method) = parts.Length == 2 ? (parts[0], parts[1]) : (last?.Name ?? "", parts[0]);
        if (test.StartsWith("tests/", StringComparison.Ordinal))
        {
            var folder = string.Join('/', test.Split('/').Take(2));
            Assert.Contains(
                SourceFiles.In(folder),
                file =>
                    file.Text.Contains($"class {type}", StringComparison.Ordinal)
                    && file.Text.Contains($" {method}(", StringComparison.Ordinal)
            );
            return null;
        }

        var found = typeof(NamedTests)
            .Assembly.GetTypes()
            .Where(candidate => candidate.Name == type)
            .FirstOrDefault(candidate => candidate.GetMethod(method) is { } there && IsTest(there));
        Assert.True(found is not null, $"There is no test {test}.");
        return found;
    }

    private static bool IsTest(System.Reflection.MethodInfo method) =>
        method.GetCustomAttributes(typeof(FactAttribute), inherit: true).Length > 0;

    [GeneratedRegex("`(?<text>[^`]+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Quoted();
}
