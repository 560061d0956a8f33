namespace UnitTests.Architecture;

/// <summary>The tables of docs/security.md against the code: each threat has a wall and a test, and every test named there exists.</summary>
public sealed class ThreatTableTests
{
    [Fact]
    public void Threat_HasAWall_AndTests_AndEachIsThere()
    {
        var rows = Rows("seen by").Concat(Rows("test")).ToList();

        Assert.True(rows.Count >= 50, $"The tables are not where they were: {rows.Count} rows.");
        Assert.All(
            rows,
            row =>
            {
                var tests = NamedTests.In(row[^1]);
                Assert.True(tests.Count > 0, $"No test sees this: {row[0]}");
                Assert.All(row, cell => Assert.NotEqual("", cell));
                NamedTests.AreThere(tests);
            }
        );
    }

    [Fact]
    public void ReportOfAHole_HasAPlace_WhichTheRootNames()
    {
        var root = SourceFiles.In("", "SECURITY.md").Single(file => file.Path == "SECURITY.md").Text;

        Assert.Contains("docs/security.md", root, StringComparison.Ordinal);
        Assert.Contains("## Reporting a hole", Document(), StringComparison.Ordinal);
    }

    private static string Document() => SourceFiles.In("docs", "security.md").Single().Text;

    /// <summary>Rows of every table whose last column is this one.</summary>
    private static IEnumerable<string[]> Rows(string lastColumn)
    {
        var columns = 0;
        foreach (var line in Document().Split('\n'))
        {
            if (!line.StartsWith('|'))
            {
                columns = 0;
                continue;
            }

            string[] cells = [.. line.Trim().Trim('|').Split(" | ").Select(cell => cell.Trim())];
            if (cells[^1] == lastColumn)
            {
                columns = cells.Length;
            }
            else if (columns > 0 && !line.StartsWith("|--", StringComparison.Ordinal))
            {
                Assert.True(cells.Length == columns, $"Not a row of {columns} columns: {line}");
                yield return cells;
            }
        }
    }
}
