using Ledgerpost.Data;
using Ledgerpost.Suppression;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Recipients;

/// <summary>How many are excluded, and why: one of <see cref="Reasons"/>.</summary>
public sealed record ReasonCount(string Reason, int Count);

/// <summary>
/// Who among pending recipients must not be mailed now. The same rules serve the launch, the preview of a resume and the
/// last check before a chunk is rendered, so the three can never disagree.
/// </summary>
public static class Exclusions
{
    /// <summary>Each rule with its reason; nobody fulfils two.</summary>
    private static IEnumerable<(string Reason, IQueryable<Recipient> Who)> Rules(
        PortalDbContext db,
        IQueryable<Recipient> pending
    )
    {
        yield return (
            Reasons.Unsubscribed,
            pending.Where(recipient =>
                db.SuppressedAddresses.Any(row =>
                    row.TenantId == recipient.TenantId
                    && row.NormalizedEmail == recipient.NormalizedEmail
                    && row.Reason == SuppressionReason.Unsubscribed
                )
            )
        );
        yield return (
            Reasons.Suppressed,
            pending.Where(recipient =>
                db.SuppressedAddresses.Any(row =>
                    row.TenantId == recipient.TenantId
                    && row.NormalizedEmail == recipient.NormalizedEmail
                    && row.Reason != SuppressionReason.Unsubscribed
                )
            )
        );
        yield return (
            Reasons.ContactDeleted,
            pending.Where(recipient =>
                recipient.ContactId == null
                && !db.SuppressedAddresses.Any(row =>
                    row.TenantId == recipient.TenantId && row.NormalizedEmail == recipient.NormalizedEmail
                )
            )
        );
    }

    /// <returns>How many were excluded.</returns>
    public static async Task<int> ApplyAsync(
        PortalDbContext db,
        IQueryable<Recipient> pending,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var excluded = 0;
        foreach (var (reason, who) in Rules(db, pending))
        {
            excluded += await who.ExecuteUpdateAsync(
                set =>
                    set.SetProperty(recipient => recipient.State, RecipientState.Excluded)
                        .SetProperty(recipient => recipient.Reason, reason)
                        .SetProperty(recipient => recipient.ChunkNumber, (int?)null)
                        .SetProperty(recipient => recipient.UpdatedAt, now),
                cancellation
            );
        }

        return excluded;
    }

    /// <summary>What <see cref="ApplyAsync"/> would do, without doing it.</summary>
    public static async Task<IReadOnlyList<ReasonCount>> CountAsync(
        PortalDbContext db,
        IQueryable<Recipient> pending,
        CancellationToken cancellation
    )
    {
        var counts = new List<ReasonCount>();
        foreach (var (reason, who) in Rules(db, pending))
        {
            counts.Add(new ReasonCount(reason, await who.CountAsync(cancellation)));
        }

        return counts;
    }

    public static async Task<bool> AnyAsync(
        PortalDbContext db,
        IQueryable<Recipient> pending,
        CancellationToken cancellation
    )
    {
        foreach (var (_, who) in Rules(db, pending))
        {
            if (await who.AnyAsync(cancellation))
            {
                return true;
            }
        }

        return false;
    }
}
