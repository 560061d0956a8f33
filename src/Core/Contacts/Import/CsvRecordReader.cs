using CsvHelper;

namespace Ledgerpost.Contacts.Import;

/// <summary>One person's line; several lines of the file where a value in quotes goes over a line break.</summary>
/// <param name="Line">The first line, from 1.</param>
/// <param name="Fields">Trimmed; empty where there is a problem.</param>
internal sealed record CsvRecord(int Line, IReadOnlyList<string> Fields, string? Problem);

/// <summary>
/// Records out of lines. A quotation mark that never closes would make the rest of the file one value, so a record is
/// first put together here with a limit, and CsvHelper then reads each by itself: what is wrong in one line stays there.
/// </summary>
internal sealed class CsvRecordReader(CsvLineReader lines, char delimiter, long position, int fileLines)
{
    /// <summary>Lines that one record may go over.</summary>
    private const int MaxLines = 50;

    private readonly Queue<CsvLine> _ahead = new();
    private readonly CsvReaderOptions _csv = new()
    {
        Separator = delimiter,
        HasHeader = false,
        TrimWhitespace = true,
        TrimInsideQuotes = true,
        // The default trims tabs too, which may be what separates the values.
        WhitespaceCharacters = " ",
        BufferSize = 256,
    };

    /// <summary>In the file, behind the last record that was read.</summary>
    public long Position { get; private set; } = position;

    public int FileLines { get; private set; } = fileLines;

    /// <returns>Null at the end; empty lines are left out.</returns>
    public CsvRecord? Read()
    {
        while (Next() is { } line)
        {
            if (line.Problem is not null)
            {
                return new CsvRecord(line.Number, [], line.Problem);
            }

            var (text, problem) = Complete(line);
            if (problem is not null)
            {
                return new CsvRecord(line.Number, [], problem);
            }

            if (Fields(text) is { Count: > 0 } fields)
            {
                return new CsvRecord(line.Number, fields, null);
            }
        }

        return null;
    }

    private CsvLine? Next()
    {
        if (!_ahead.TryDequeue(out var line))
        {
            line = lines.Read();
        }

        if (line is not null)
        {
            Position = line.End;
            FileLines = line.Number;
        }

        return line;
    }

    // Looks ahead without taking: when the quotation mark never closes, the lines behind it are their own records.
    private (string Text, string? Problem) Complete(CsvLine first)
    {
        var text = first.Text;
        var used = 0;
        while (true)
        {
            switch (CsvQuotes.Look(text, delimiter))
            {
                case QuoteState.Closed:
                    for (; used > 0; used--)
                    {
                        Next();
                    }

                    return (text, null);
                case QuoteState.Stray when used == 0:
                    return (
                        "",
                        "A quotation mark stands where none may be: a value with one must be in quotes, and the mark doubled."
                    );
                default:
                    if (
                        used == MaxLines
                        || text.Length > CsvLineReader.MaxLine
                        || Ahead(used) is not { Problem: null } line
                    )
                    {
                        return ("", "A quotation mark opens on this line and is not closed.");
                    }

                    used++;
                    text = $"{text}\n{line.Text}";
                    break;
            }
        }
    }

    private CsvLine? Ahead(int index)
    {
        while (_ahead.Count <= index)
        {
            if (lines.Read() is not { } line)
            {
                return null;
            }

            _ahead.Enqueue(line);
        }

        return _ahead.ElementAt(index);
    }

    /// <summary>The values of one record whose quotation marks are right.</summary>
    public IReadOnlyList<string> Split(string text)
    {
        using var reader = CsvReader.FromText(text, _csv);
        if (!reader.Read())
        {
            return [];
        }

        var fields = new string[reader.FieldCount];
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i] = reader.GetString(i);
        }

        return fields;
    }

    /// <returns>Nothing where the line is empty, or is only delimiters as spreadsheets leave them.</returns>
    private IReadOnlyList<string> Fields(string text) =>
        !string.IsNullOrWhiteSpace(text) && Split(text) is { } fields && fields.Any(field => field.Length > 0)
            ? fields
            : [];
}
