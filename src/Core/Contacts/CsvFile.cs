using CsvHelper;

namespace Ledgerpost.Contacts;

/// <summary>The one way to begin a CSV file for a person: for a spreadsheet that runs what looks like a formula.</summary>
public static class CsvFile
{
    /// <param name="content">Stays open when the writer is disposed.</param>
    /// <param name="columns">The first line.</param>
    public static async Task<CsvWriter> BeginAsync(
        Stream content,
        IReadOnlyList<string> columns,
        CancellationToken cancellation
    )
    {
        var csv = CsvWriter.Create(
            content,
            new CsvWriterOptions { Injection = CsvInjection.Escape, WriteByteOrderMark = true },
            leaveOpen: true
        );
        foreach (var column in columns)
        {
            csv.WriteField(column);
        }

        await csv.EndRecordAsync(cancellation);
        return csv;
    }
}
