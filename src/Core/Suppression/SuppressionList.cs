using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Suppression;

public sealed record SuppressionRow(string Email, SuppressionReason Reason, string? Detail, DateTimeOffset CreatedAt);

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
                IQueryable<SuppressedAddress> rows = db.SuppressedAddresses;
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
                    .Select(row => new SuppressionRow(row.NormalizedEmail, row.Reason, row.Detail, row.CreatedAt))
                    .ToListAsync(token);
                return new SuppressedPage(page, total);
            },
            cancellation
        );
}
