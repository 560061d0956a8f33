using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Suppression;

/// <summary>Puts one address on a tenant's list inside the caller's transaction; again and again does no harm.</summary>
public static class Suppress
{
    /// <param name="reportedAt">When it happened, by the provider's clock, where it comes from an event.</param>
    /// <returns>True when the list changed.</returns>
    public static async Task<bool> AddAsync(
        PortalDbContext db,
        Guid tenantId,
        string normalizedEmail,
        SuppressionReason reason,
        string? detail,
        DateTimeOffset now,
        IIds ids,
        CancellationToken cancellation,
        DateTimeOffset? reportedAt = null
    )
    {
        // A late event, or the link in an old mail: they are not mailed, and their address does not come back.
        if (await ErasedPeople.IsGoneAsync(db, tenantId, normalizedEmail, cancellation))
        {
            return false;
        }

        var changed = await ChangeAsync(
            db,
            tenantId,
            normalizedEmail,
            reason,
            detail,
            now,
            ids,
            reportedAt,
            cancellation
        );
        if (changed && reason == SuppressionReason.Unsubscribed)
        {
            await EventOutbox.UnsubscribedAsync(db, tenantId, normalizedEmail, now, cancellation);
        }

        return changed;
    }

    /// <summary>Whom an imported file calls unsubscribed; as <see cref="Contacts.Import.UnsubscribeImported"/>.</summary>
    public static Task<bool> ImportedAsync(
        PortalDbContext db,
        string normalizedEmail,
        DateTimeOffset now,
        IIds ids,
        CancellationToken cancellation
    ) =>
        AddAsync(
            db,
            db.Scope.TenantId,
            normalizedEmail,
            SuppressionReason.Unsubscribed,
            "By an import",
            now,
            ids,
            cancellation
        );

    private static async Task<bool> ChangeAsync(
        PortalDbContext db,
        Guid tenantId,
        string normalizedEmail,
        SuppressionReason reason,
        string? detail,
        DateTimeOffset now,
        IIds ids,
        DateTimeOffset? reportedAt,
        CancellationToken cancellation
    )
    {
        // Not yet saved rows count too: two events of one transaction may name one address.
        var row =
            db.SuppressedAddresses.Local.FirstOrDefault(r =>
                r.TenantId == tenantId && r.NormalizedEmail == normalizedEmail
            )
            ?? await db
                .SuppressedAddresses.Where(r => r.TenantId == tenantId && r.NormalizedEmail == normalizedEmail)
                .ForUpdate()
                .SingleOrDefaultAsync(cancellation);
        if (row is not null)
        {
            if (row.Reason == reason && IsEarlier(row, detail, reportedAt))
            {
                (row.Detail, row.ReportedAt) = (detail, reportedAt);
                return true;
            }

            if (row.Reason >= reason)
            {
                return false;
            }

            // A weightier reason is an entry with an id of its own: who lifts the one that they saw does not lift this one.
            db.SuppressedAddresses.Remove(row);
        }

        db.SuppressedAddresses.Add(
            new SuppressedAddress
            {
                TenantId = tenantId,
                Id = ids.New(),
                NormalizedEmail = normalizedEmail,
                Reason = reason,
                Detail = detail,
                ReportedAt = reportedAt,
                CreatedAt = row?.CreatedAt ?? now,
            }
        );
        return true;
    }

    // Two reports of one instant are told apart by their words, so that their order never matters.
    private static bool IsEarlier(SuppressedAddress row, string? detail, DateTimeOffset? reportedAt) =>
        row.ReportedAt is { } known
        && reportedAt is { } at
        && (at < known || (at == known && string.CompareOrdinal(detail, row.Detail) < 0));
}
