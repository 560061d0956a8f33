using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Data;

/// <summary>
/// Many rows as one parameter of a statement written as SQL (<see cref="Statements"/>): one JSON object whose names are the
/// rows' keys. SQLite reads it once; a list of pairs, or two lists, it would read once for each row.
/// </summary>
internal static class JsonRows
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Each row's value is one text.</summary>
    public static string Texts(IEnumerable<(string Key, string Value)> rows) =>
        Of(rows, (json, row) => json.WriteString(row.Key, row.Value));

    /// <summary>Each row's value is an array, read in SQL as <c>e.value -&gt;&gt; 0</c> and so on.</summary>
    public static string Arrays<T>(IEnumerable<T> rows, Func<T, string> key, Action<Utf8JsonWriter, T> values) =>
        Of(
            rows,
            (json, row) =>
            {
                json.WriteStartArray(key(row));
                values(json, row);
                json.WriteEndArray();
            }
        );

    /// <summary>A value that may be absent; absent is NULL in SQL.</summary>
    public static void WriteInstantOrNull(this Utf8JsonWriter json, DateTimeOffset? at)
    {
        if (at is { } instant)
        {
            json.WriteNumberValue(InstantConverter.ToMicroseconds(instant));
        }
        else
        {
            json.WriteNullValue();
        }
    }

    /// <summary>The function that makes a row of each name, over a parameter's place in the statement; values are texts.</summary>
    public static string EachText(PortalDbContext db, string parameter) =>
        db.IsPostgreSql ? $"json_each_text({parameter}::json)" : $"json_each({parameter})";

    /// <summary>The same with values as JSON.</summary>
    public static string Each(PortalDbContext db, string parameter) =>
        db.IsPostgreSql ? $"json_each({parameter}::json)" : $"json_each({parameter})";

    /// <summary>
    /// The same names once more, as the column's own condition, for rows of a table that is large: PostgreSQL does not know how
    /// few they are, and read a whole ledger for each chunk. Nothing on SQLite, which goes through the names one by one.
    /// </summary>
    /// <param name="column">Of a key whose columns before it are given.</param>
    /// <param name="name">What makes the column's type of a name.</param>
    public static string AndAmong(PortalDbContext db, string parameter, string column, string name = "key") =>
        db.IsPostgreSql ? $"AND {column} = ANY (ARRAY(SELECT {name} FROM json_each({parameter}::json)))" : "";

    /// <summary>An id out of a text of <see cref="Text(Guid)"/>.</summary>
    public static string Id(PortalDbContext db, string text) => db.IsPostgreSql ? $"CAST({text} AS uuid)" : text;

    /// <summary>As SQLite keeps it.</summary>
    public static string Text(Guid id) => id.ToString("D").ToUpperInvariant();

    private static string Of<T>(IEnumerable<T> rows, Action<Utf8JsonWriter, T> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, Plain);
        json.WriteStartObject();
        foreach (var row in rows)
        {
            write(json, row);
        }

        json.WriteEndObject();
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
