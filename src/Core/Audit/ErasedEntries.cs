using System.Text.Json.Serialization;
using Ledgerpost.Data;

namespace Ledgerpost.Audit;

/// <summary>
/// The personal part of entries, taken out: names, details and address go, with the salt that made their hash unguessable.
/// What is in the chain stays, so the log is still whole. A later, sealed entry must name what was erased: what is missing
/// and not named was taken out by somebody else (<see cref="VerifyAuditLog"/>).
/// </summary>
/// <param name="Entries">The details of the naming entry: from a number to a number, several times.</param>
/// <param name="Rows">Of a deleted tenant: how many rows it had had.</param>
public sealed record ErasedEntries(
    [property: JsonPropertyName("erased_entries")] IReadOnlyList<long[]> Entries,
    [property: JsonPropertyName("rows")] long? Rows = null
)
{
    public const string TenantDeleted = "tenant.deleted";
    public const string PersonErased = "person.erased";

    /// <summary>From the installation's log: whose own logs are still there, without anything personal.</summary>
    public static IQueryable<AuditEntry> OfDeletedTenants(PortalDbContext installation) =>
        installation.AuditEntries.Where(entry =>
            entry.TenantId == Guid.Empty && entry.TargetKind == "tenant" && entry.Action == TenantDeleted
        );

    /// <summary>The triggers that keep the log as it is let this change through, and no other.</summary>
    internal static Task<int> EraseAsync(
        PortalDbContext db,
        Guid tenantId,
        long first,
        long last,
        CancellationToken cancellation
    ) =>
        db.ExecuteAsync(
            $"""
            UPDATE "AuditEntries"
            SET "Salt" = NULL, "ActorName" = '', "TargetName" = '', "Details" = NULL, "From" = NULL,
                "SessionId" = NULL, "OnBehalfOf" = NULL
            WHERE "TenantId" = {tenantId} AND "Sequence" BETWEEN {first} AND {last} AND "Salt" IS NOT NULL
            """,
            cancellation
        );
}
