using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Force;

/// <summary>One row of the ledger, as it stands on disk.</summary>
internal sealed record LedgerRow(string Address, string State, int? Chunk, string? Reason);

/// <summary>What a campaign's database says, read by somebody who is not the portal.</summary>
internal static class Ledger
{
    public static async Task<string> StatusAsync(Installation installation) =>
        (await RowsAsync(installation, """SELECT "Status" FROM "Campaigns" """, row => row.GetString(0)))[0];

    public static Task<List<LedgerRow>> RecipientsAsync(Installation installation) =>
        RowsAsync(
            installation,
            """SELECT "NormalizedEmail", "State", "ChunkNumber", "Reason" FROM "Recipients" """,
            row => new LedgerRow(
                row.GetString(0),
                row.GetString(1),
                row.IsDBNull(2) ? null : row.GetInt32(2),
                row.IsDBNull(3) ? null : row.GetString(3)
            )
        );

    public static async Task<long> ContactsAsync(Installation installation) =>
        (await RowsAsync(installation, """SELECT COUNT(*) FROM "Contacts" """, row => row.GetInt64(0)))[0];

    /// <summary>By key, how many calls were written down before they were made.</summary>
    public static async Task<Dictionary<string, int>> IntentsAsync(Installation installation) =>
        (
            await RowsAsync(
                installation,
                """SELECT "Key", COUNT(*) FROM "Attempts" GROUP BY "Key" """,
                row => (Key: row.GetString(0), Count: row.GetInt32(1))
            )
        ).ToDictionary(row => row.Key, row => row.Count, StringComparer.Ordinal);

    /// <summary>The number of the first chunk that nobody has ever claimed.</summary>
    public static async Task<int> FreshChunkAsync(Installation installation) =>
        (
            await RowsAsync(
                installation,
                """
                SELECT COALESCE(MAX("Number"), 0) FROM "Chunks" AS c
                WHERE "State" <> 'Planned'
                    OR EXISTS (SELECT 1 FROM "Attempts" AS a WHERE a."ChunkNumber" = c."Number")
                """,
                row => row.GetInt32(0)
            )
        )[0] + 1;

    /// <summary>How many of a chunk's calls ended ambiguously while their process lived.</summary>
    public static async Task<int> AmbiguousAsync(Installation installation, int chunk) =>
        (
            await RowsAsync(
                installation,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"""SELECT COUNT(*) FROM "Attempts" WHERE "ChunkNumber" = {chunk} AND "Outcome" = 'Ambiguous'"""
                ),
                row => row.GetInt32(0)
            )
        )[0];

    /// <summary>Who is the first recipient of a chunk.</summary>
    public static async Task<string> FirstOfAsync(Installation installation, int chunk) =>
        (
            await RowsAsync(
                installation,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"""SELECT "NormalizedEmail" FROM "Recipients" WHERE "ChunkNumber" = {chunk} ORDER BY "Number" LIMIT 1"""
                ),
                row => row.GetString(0)
            )
        ).Single();

    /// <summary>A fingerprint of all that sending changes but the log of calls.</summary>
    public static async Task<string> FingerprintAsync(Installation installation)
    {
        var text = new StringBuilder();
        foreach (
            var table in new[]
            {
                """SELECT * FROM "Recipients" ORDER BY "Number" """,
                """SELECT * FROM "Chunks" ORDER BY "Number" """,
                """SELECT "Status", "CurrentRun", "LastChunk" FROM "Campaigns" """,
            }
        )
        {
            foreach (
                var row in await RowsAsync(
                    installation,
                    table,
                    row =>
                        string.Join(
                            '|',
                            Enumerable
                                .Range(0, row.FieldCount)
                                .Select(i => row.GetValue(i) is byte[] bytes ? Convert.ToHexString(bytes) : row[i])
                        )
                )
            )
            {
                text.Append(row).Append('\n');
            }
        }

        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    public static async Task<List<T>> RowsAsync<T>(Installation installation, string query, Func<DbDataReader, T> read)
    {
        await using var connection = await installation.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Texts of this folder.
        command.CommandText = query;
#pragma warning restore CA2100
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}
