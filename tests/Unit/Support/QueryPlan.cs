using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;

namespace UnitTests.Support;

/// <summary>How SQLite finds the rows of a statement.</summary>
public static partial class QueryPlan
{
    /// <returns>The steps, as EXPLAIN QUERY PLAN names them.</returns>
    public static async Task<List<string>> OfAsync(string connectionString, string statement)
    {
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"EXPLAIN QUERY PLAN {statement}";
        foreach (var name in Parameter().Matches(statement).Select(match => match.Value).Distinct())
        {
            // Of whatever value: the plan is the same.
            command.Parameters.AddWithValue(name, 1);
        }

        var plan = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            plan.Add(reader.GetString(3));
        }

        return plan;
    }

    [GeneratedRegex(@"@\w+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Parameter();
}
