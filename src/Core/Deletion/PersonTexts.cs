using System.Text.Json;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Deletion;

#pragma warning disable CA1304, CA1311, CA1862 // These expressions become SQL; LIKE and lower() there know no culture.

/// <summary>Where a tenant keeps an address within a text, beside the ledgers and the log.</summary>
internal static class PersonTexts
{
    /// <summary>Lines of uploaded files that name the address.</summary>
    public static async Task<List<ContactImportLine>> ImportLinesAsync(
        PortalDbContext db,
        string address,
        CancellationToken cancellation
    )
    {
        var whole = new WholeAddress(address);
        var lines = await db
            .ContactImportLines.AsNoTracking()
            .Where(row => row.Email.ToLower().Contains(address))
            .ToListAsync(cancellation);
        return lines.FindAll(line => whole.IsIn(line.Email));
    }

    public static async Task ForgetAsync(PortalDbContext db, string address, CancellationToken cancellation)
    {
        foreach (var line in await ImportLinesAsync(db, address, cancellation))
        {
            await db
                .ContactImportLines.Where(row => row.ImportId == line.ImportId && row.Line == line.Line)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.Email, ""), cancellation);
        }

        await db.EventDeliveries.Where(row => row.Email == address).ExecuteDeleteAsync(cancellation);
        await db
            .EventDeliveries.Where(row => row.LastError != null && row.LastError.ToLower().Contains(address))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.LastError, (string?)null), cancellation);
        await ForgetAnswersAsync(db, address, cancellation);
    }

    /// <summary>A kept answer may show the contact, as JSON writes the address.</summary>
    private static async Task ForgetAnswersAsync(PortalDbContext db, string address, CancellationToken cancellation)
    {
        var whole = new WholeAddress(address);
        var written = JsonEncodedText.Encode(address).Value.ToLowerInvariant();
        var answers = await db
            .IdempotencyRecords.Where(row =>
                row.Body != null && (row.Body.ToLower().Contains(address) || row.Body.ToLower().Contains(written))
            )
            .Select(row => new
            {
                row.Path,
                row.Key,
                row.Body,
            })
            .ToListAsync(cancellation);
        foreach (var answer in answers.Where(answer => whole.IsInJson(answer.Body!)))
        {
            await db
                .IdempotencyRecords.Where(row => row.Path == answer.Path && row.Key == answer.Key)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.Body, "{}"), cancellation);
        }
    }
}
