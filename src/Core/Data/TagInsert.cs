using Ledgerpost.Contacts;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Data;

/// <summary>INSERT ... SELECT, which EF Core has no words for: the SELECT is EF Core's own, filters and all.</summary>
internal static class TagInsert
{
    public static Task<int> InsertTagAsync(
        this PortalDbContext db,
        IQueryable<Contact> contacts,
        string tag,
        CancellationToken cancellation
    ) => InsertAsync(db, contacts, """INSERT INTO "ContactTags" ("TenantId", "ContactId", "Tag")""", tag, cancellation);

    public static Task<int> InsertMembersAsync(
        this PortalDbContext db,
        IQueryable<Contact> contacts,
        Guid segmentId,
        CancellationToken cancellation
    ) =>
        InsertAsync(
            db,
            contacts,
            """INSERT INTO "SegmentContacts" ("TenantId", "ContactId", "SegmentId")""",
            // As EF Core stores it: SQLite keeps text.
            db.Database.IsNpgsql()
                ? segmentId
                : segmentId.ToString().ToUpperInvariant(),
            cancellation
        );

    private static async Task<int> InsertAsync(
        PortalDbContext db,
        IQueryable<Contact> contacts,
        string insert,
        object value,
        CancellationToken cancellation
    )
    {
        await using var command = contacts.Select(contact => new { contact.TenantId, contact.Id }).CreateDbCommand();
        var parameter = command.CreateParameter();
        parameter.ParameterName = "@inserted_value";
        parameter.Value = value;
        command.Parameters.Add(parameter);
#pragma warning disable CA2100 // Only EF Core's own text, whose values are parameters.
        command.CommandText = $"""
            {insert}
            SELECT picked."TenantId", picked."Id", @inserted_value
            FROM ({command.CommandText}) AS picked
            """;
#pragma warning restore CA2100
        return await command.ExecuteNonQueryAsync(cancellation);
    }
}
