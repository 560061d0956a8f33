using Ledgerpost.Contacts;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Data;

/// <summary>INSERT ... SELECT, which EF Core has no words for: the SELECT is EF Core's own, filters and all.</summary>
internal static class TagInsert
{
    public static async Task<int> InsertTagAsync(
        this PortalDbContext db,
        IQueryable<Contact> contacts,
        string tag,
        CancellationToken cancellation
    )
    {
        await using var command = contacts.Select(contact => new { contact.TenantId, contact.Id }).CreateDbCommand();
        var parameter = command.CreateParameter();
        parameter.ParameterName = "@inserted_tag";
        parameter.Value = tag;
        command.Parameters.Add(parameter);
#pragma warning disable CA2100 // Only EF Core's own text, whose values are parameters.
        command.CommandText = $"""
            INSERT INTO "ContactTags" ("TenantId", "ContactId", "Tag")
            SELECT picked."TenantId", picked."Id", @inserted_tag
            FROM ({command.CommandText}) AS picked
            """;
#pragma warning restore CA2100
        return await command.ExecuteNonQueryAsync(cancellation);
    }
}
