using System.Globalization;
using Xunit.Abstractions;

namespace Force;

/// <summary>One line: the case, how often it was played, and what was found.</summary>
internal sealed record Row(string Case, int Runs, Verdict Found);

/// <summary>Collects rows of one case into one and prints them as Markdown.</summary>
/// <param name="told">Told of each case as it is played: the whole takes half an hour, and may be ended before.</param>
internal sealed class Table(TextWriter? told = null)
{
    private readonly List<Row> _rows = [];

    public IReadOnlyList<Row> Rows => _rows;

    public Verdict Total => _rows.Aggregate(Verdict.Clean, (sum, row) => sum + row.Found);

    public void Add(string name, int runs, Verdict found)
    {
        told?.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: {found.Duplicates} duplicates, {found.Lost} lost, {found.Unexplained} unexplained"
            )
        );
        lock (_rows)
        {
            var at = _rows.FindIndex(row => row.Case == name);
            if (at < 0)
            {
                _rows.Add(new Row(name, runs, found));
            }
            else
            {
                _rows[at] = new Row(name, _rows[at].Runs + runs, _rows[at].Found + found);
            }
        }
    }

    public void Print(TextWriter output)
    {
        output.WriteLine("| case | runs | duplicates | lost | unexplained |");
        output.WriteLine("|---|---:|---:|---:|---:|");
        foreach (var row in _rows)
        {
            output.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {row.Case} | {row.Runs} | {row.Found.Duplicates} | {row.Found.Lost} | {row.Found.Unexplained} |"
                )
            );
        }
    }

    /// <summary>Shows itself in the test's output, too.</summary>
    public void AssertClean(ITestOutputHelper output)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        Print(text);
        output.WriteLine(text.ToString());
        Assert.NotEmpty(_rows);
        Assert.All(_rows, row => Assert.Equal(Verdict.Clean, row.Found));
    }
}
