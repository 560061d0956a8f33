using Xunit.Abstractions;

namespace UnitTests.Model;

internal static class Traces
{
    /// <summary>No state of the world breaks the promise, and each of them can still end with everybody settled.</summary>
    public static Exploration Holds<TState>(this ITestOutputHelper output, Model<TState> model)
        where TState : unmanaged
    {
        var found = Explorer<TState>.Explore(model);
        output.WriteLine(found.ToString());
        Assert.True(found.Violation is null, found.ToString());
        return found;
    }

    /// <summary>The world breaks in this way, and a person can follow how: one line per step, the harm in the last.</summary>
    public static void Breaks<TState>(
        this ITestOutputHelper output,
        Model<TState> model,
        string violation,
        string lastLineHolds,
        int stepsAtMost = 20
    )
        where TState : unmanaged
    {
        var found = Explorer<TState>.Explore(model);
        output.WriteLine(found.ToString());
        Assert.Equal(violation, found.Violation);
        Assert.InRange(found.Trace.Count - 1, 1, stepsAtMost);
        Assert.All(
            found.Trace,
            (line, number) =>
            {
                Assert.StartsWith($"{number, 3}. ", line, StringComparison.Ordinal);
                Assert.Contains(" | database: ", line, StringComparison.Ordinal);
                Assert.Contains(" | provider: ", line, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', line);
            }
        );
        Assert.Contains(lastLineHolds, found.Trace[^1], StringComparison.Ordinal);
        Assert.All(found.Trace.SkipLast(1), line => Assert.NotEqual(Tail(found.Trace[^1]), Tail(line)));
    }

    // Without the step's number and its text: what database and provider hold.
    private static string Tail(string line) => line[line.IndexOf(" | ", StringComparison.Ordinal)..];
}
