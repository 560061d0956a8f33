using System.Globalization;
using CsvHelper;
using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;

namespace Ledgerpost.Segments;

/// <summary>
/// Contacts as a CSV file that can be imported again (<c>ImportColumns</c>); of the suppressed it says that they are, and not why. That it
/// was taken is audited before its first line.
/// </summary>
public sealed class ContactExport(PortalDb portal)
{
    /// <summary>So many are held in memory, whatever the file's size; no transaction spans the whole of it.</summary>
    public const int PageSize = 1000;

    private static readonly string[] Columns =
    [
        "email",
        "first_name",
        "last_name",
        "tags",
        "subscribed",
        "created_at",
        "fields",
    ];

    /// <summary>
    /// The newest first. Who is added meanwhile is not in it. A value that a spreadsheet would take for a formula gets an
    /// apostrophe before it.
    /// </summary>
    /// <param name="email">The whole address; null for everybody.</param>
    public async Task WriteAsync(
        Caller caller,
        ContactFilter filter,
        string? email,
        Stream content,
        CancellationToken cancellation
    )
    {
        await using (var db = portal.Read(caller.Scope))
        {
            await portal.DemandToReadAsync(db, caller, TenantRole.Viewer, nameof(ContactExport), cancellation);
        }

        var about = new { selection = filter.Details(), email };
        await portal.Tally.DemandAsync(
            Happening.Exported(caller, "contacts.exported", "contact", "", "contacts", about)
        );
        await using var csv = await CsvFile.BeginAsync(content, Columns, cancellation);
        Guid? after = null;
        while (true)
        {
            IReadOnlyList<ContactRow> rows;
            await using (var db = portal.Read(caller.Scope))
            {
                rows = await ContactList.NewestFirstAsync(db, filter, email, after, PageSize, cancellation);
            }

            foreach (var row in rows)
            {
                Write(csv, row);
                await csv.EndRecordAsync(cancellation);
            }

            if (rows.Count < PageSize)
            {
                return;
            }

            after = rows[^1].Id;
        }
    }

    private static void Write(CsvWriter csv, ContactRow row)
    {
        csv.WriteField(row.Email);
        csv.WriteField(row.FirstName);
        csv.WriteField(row.LastName);
        csv.WriteField(string.Join("; ", row.Tags));
        csv.WriteField(row.Suppression is null ? "true" : "false");
        csv.WriteField(row.CreatedAt.ToString("O", CultureInfo.InvariantCulture));
        csv.WriteField(ContactFields.Store(row.Fields) ?? "");
    }
}
