using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Suppression;

public sealed record SuppressionRow(
    Guid Id,
    string Email,
    SuppressionReason Reason,
    string? Detail,
    DateTimeOffset CreatedAt
);

public sealed record SuppressedPage(IReadOnlyList<SuppressionRow> Rows, int Total);

/// <summary>A tenant's suppression list page by page, by address.</summary>
public sealed class SuppressionList(PortalDb portal)
{
    public const int MaxPageSize = 200;

    /// <param name="search">A part of the address; case does not count.</param>
    /// <param name="limit">1 to <see cref="MaxPageSize"/>.</param>
    public Task<SuppressedPage> ExecuteAsync(
        Caller caller,
        string? search,
        SuppressionReason? reason,
        int offset,
        int limit,
        CancellationToken cancellation = default
    ) =>
        portal.ReadSnapshotAsync(
            caller.Scope,
            async (db, token) =>
            {
                var rows = Shown(db);
                if (search?.Trim().ToLowerInvariant() is { Length: > 0 } part)
                {
                    rows = rows.Where(row => row.NormalizedEmail.Contains(part));
                }

                if (reason is { } wanted)
                {
                    rows = rows.Where(row => row.Reason == wanted);
                }

                var total = await rows.CountAsync(token);
                var page = await rows.OrderBy(row => row.NormalizedEmail)
                    .Skip(Math.Max(0, offset))
                    .Take(Math.Clamp(limit, 1, MaxPageSize))
                    .ToListAsync(token);
                return new SuppressedPage([.. page.Select(Row)], total);
            },
            cancellation
        );

    /// <summary>Page by page by id, for programs.</summary>
    /// <param name="email">The whole address; null for all.</param>
    /// <param name="after">The last id of the page before.</param>
    public async Task<IReadOnlyList<SuppressionRow>> NewestFirstAsync(
        Caller caller,
        string? email,
        SuppressionReason? reason,
        Guid? after,
        int limit,
        CancellationToken cancellation
    )
    {
        await using var db = portal.Read(caller.Scope);
        var rows = email is null ? Shown(db) : Of(db, email);
        if (reason is { } wanted)
        {
            rows = rows.Where(row => row.Reason == wanted);
        }

        var page = await rows.NewestFirst(row => row.Id, after).Take(limit).ToListAsync(cancellation);
        return [.. page.Select(Row)];
    }

    /// <summary>An address that stands there, within a command's transaction.</summary>
    public static async Task<SuppressionRow> GetAsync(
        PortalDbContext db,
        string email,
        CancellationToken cancellation
    ) => Row(await Of(db, email).SingleAsync(cancellation));

    /// <summary>Not erased people, of whom only a hash is left.</summary>
    internal static IQueryable<SuppressedAddress> Shown(PortalDbContext db) =>
        db.SuppressedAddresses.Where(row => !row.NormalizedEmail.StartsWith(AddressHashes.Prefix));

    private static IQueryable<SuppressedAddress> Of(PortalDbContext db, string email)
    {
        // What is no address is nobody's.
        var normalized = EmailAddress.TryParse(email, out var address, out _) ? address.Normalized : "";
        return db.SuppressedAddresses.Where(row => row.NormalizedEmail == normalized);
    }

    private static SuppressionRow Row(SuppressedAddress row) =>
        new(row.Id, row.NormalizedEmail, row.Reason, row.Detail, row.CreatedAt);
}
