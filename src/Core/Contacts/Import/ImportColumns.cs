using System.Diagnostics.CodeAnalysis;

namespace Ledgerpost.Contacts.Import;

/// <summary>What the first line says: how values are separated, and which column holds what.</summary>
/// <param name="Subscribed">“false” there is somebody who is not mailed.</param>
/// <param name="FieldsAsJson">All of a contact's own fields in one value, as <c>ContactExport</c> writes them.</param>
/// <param name="Fields">Columns that are none of these and are named as a field is, with their names.</param>
/// <param name="Start">In the file, behind the line of column names, in bytes.</param>
internal sealed record ImportColumns(
    char Delimiter,
    int Count,
    int Email,
    int? FirstName,
    int? LastName,
    int? Tags,
    int? Subscribed,
    int? FieldsAsJson,
    IReadOnlyList<(int Column, string Name)> Fields,
    long Start
)
{
    private static readonly string[] EmailNames = ["email", "emailaddress", "mail"];
    private static readonly string[] LooseEmailNames = ["address"];
    private static readonly string[] FirstNames = ["firstname", "givenname", "forename"];
    private static readonly string[] LastNames = ["lastname", "surname", "familyname"];
    private static readonly string[] TagNames = ["tags", "tag"];

    // Of this portal's own export. When somebody was added is not for a file to say.
    private static readonly string[] SubscribedNames = ["subscribed"];
    private static readonly string[] FieldsNames = ["fields"];
    private static readonly string[] CreatedNames = ["createdat"];

    /// <param name="file">At any position; it is left somewhere else.</param>
    /// <param name="problem">Why the file cannot be imported at all, as a sentence or two.</param>
    public static bool TryRead(
        Stream file,
        [NotNullWhen(true)] out ImportColumns? columns,
        [NotNullWhen(false)] out string? problem
    )
    {
        columns = null;
        problem = Foreign(file, out var start);
        if (problem is not null)
        {
            return false;
        }

        if (new CsvLineReader(file, start, 0).Read() is not { } header || header.Text.Trim().Length == 0)
        {
            problem = "The first line is empty. It must hold the names of the columns.";
            return false;
        }

        if (header.Problem is not null)
        {
            problem = $"The first line cannot be read. {header.Problem}";
            return false;
        }

        // A header names few columns, so trying each delimiter is cheap and beats guessing by counting.
        var readings = new[] { ',', ';', '\t' }.Select(delimiter => Reading(header, delimiter)).ToList();
        columns = readings
            .Where(reading => reading.Columns is not null)
            .Select(reading => reading.Columns)
            .FirstOrDefault();
        if (columns is null)
        {
            var names = readings.MaxBy(reading => reading.Names.Count).Names;
            problem =
                "There is no column for the e-mail address. Name it “email”; found "
                + (names.Count == 1 ? "only " : "")
                + string.Join(", ", names.Take(12).Select(name => $"“{Shown.Visible(name, 40)}”"))
                + (names.Count > 12 ? ", ..." : "")
                + ".";
            return false;
        }

        return true;
    }

    private static (ImportColumns? Columns, IReadOnlyList<string> Names) Reading(CsvLine header, char delimiter)
    {
        if (CsvQuotes.Look(header.Text, delimiter) != QuoteState.Closed)
        {
            return (null, []);
        }

        var reader = new CsvRecordReader(new CsvLineReader(new MemoryStream(), 0, 0), delimiter, 0, 0);
        var names = reader.Split(header.Text);
        var keys = names.Select(Key).ToList();
        var email = Find(keys, EmailNames) ?? Find(keys, LooseEmailNames);
        if (email is null)
        {
            return (null, names);
        }

        var (first, last, tags) = (Find(keys, FirstNames), Find(keys, LastNames), Find(keys, TagNames));
        var (subscribed, fields) = (Find(keys, SubscribedNames), Find(keys, FieldsNames));
        var columns = new ImportColumns(
            delimiter,
            names.Count,
            email.Value,
            first,
            last,
            tags,
            subscribed,
            fields,
            FieldColumns(names, [email, first, last, tags, subscribed, fields, Find(keys, CreatedNames)]),
            header.End
        );
        return (columns, names);
    }

    private static List<(int Column, string Name)> FieldColumns(IReadOnlyList<string> names, int?[] taken) =>
        [
            .. names
                .Select((name, column) => (Column: column, Name: name.Trim()))
                .Where(column => !taken.Contains(column.Column) && ContactFields.IsName(column.Name))
                .DistinctBy(column => column.Name, StringComparer.Ordinal)
                .Take(ContactFields.MaxFields),
        ];

    private static int? Find(List<string> keys, string[] names) =>
        names
            .Select(name => keys.IndexOf(name))
            .Where(index => index >= 0)
            .Select(index => (int?)index)
            .FirstOrDefault();

    private static string Key(string name) => new([.. name.Where(char.IsLetterOrDigit).Select(char.ToLowerInvariant)]);

    private static string? Foreign(Stream file, out long start)
    {
        Span<byte> head = stackalloc byte[4];
        file.Position = 0;
        head = head[..file.ReadAtLeast(head, 4, throwOnEndOfStream: false)];
        start = head.StartsWith<byte>([0xEF, 0xBB, 0xBF]) ? 3 : 0;
        if (head.IsEmpty)
        {
            return "The file is empty.";
        }

        if (head.StartsWith<byte>([0xFF, 0xFE]) || head.StartsWith<byte>([0xFE, 0xFF]))
        {
            return "The file is UTF-16 text. Save it as “CSV UTF-8”.";
        }

        return head.StartsWith("PK"u8) ? "This is a spreadsheet, not a CSV file. Save it as “CSV UTF-8” first." : null;
    }
}
