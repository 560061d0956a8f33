using Ledgerpost.Campaigns;
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
        IQueryable<Recipient> pending,
        IQueryable<Guid>? others
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
        var free = pending.Where(recipient =>
            !db.SuppressedAddresses.Any(row =>
                row.TenantId == recipient.TenantId && row.NormalizedEmail == recipient.NormalizedEmail
            )
        );
        if (others is not null)
        {
            var taken = Taken(db, others);
            yield return (
                Reasons.AlreadyMailed,
                free.Where(recipient =>
                    taken.Any(row =>
                        row.TenantId == recipient.TenantId && row.NormalizedEmail == recipient.NormalizedEmail
                    )
                )
            );
            free = free.Where(recipient =>
                !taken.Any(row =>
                    row.TenantId == recipient.TenantId && row.NormalizedEmail == recipient.NormalizedEmail
                )
            );
            // Two rules and not one with an OR in it, which would be quadratic. A deleted contact is nobody's: null
            // equals null for no database.
            yield return (
                Reasons.AlreadyMailed,
                free.Where(recipient =>
                    recipient.ContactId != null
                    && taken.Any(row => row.TenantId == recipient.TenantId && row.ContactId == recipient.ContactId)
                )
            );
        }

        // A transactional mail is to an address: there never was a contact that could be deleted.
        yield return (
            Reasons.ContactDeleted,
            free.Where(recipient =>
                recipient.ContactId == null
                && !db.Campaigns.Any(mail =>
                    mail.TenantId == recipient.TenantId
                    && mail.Id == recipient.CampaignId
                    && mail.Kind == CampaignKind.Email
                )
            )
        );
    }

    /// <summary>
    /// All rules but those of a lineage, as the condition of one statement over <c>"Recipients" AS r</c>: it is asked for
    /// every chunk. A test compares it with the rules.
    /// </summary>
    public const string MustNotBeMailed = """
        ((r."ContactId" IS NULL AND NOT EXISTS (
            SELECT 1 FROM "Campaigns" AS m
            WHERE m."TenantId" = r."TenantId" AND m."Id" = r."CampaignId" AND m."Kind" = 1)) OR EXISTS (
            SELECT 1 FROM "SuppressedAddresses" AS s
            WHERE s."TenantId" = r."TenantId" AND s."NormalizedEmail" = r."NormalizedEmail"))
        """;

    /// <summary>
    /// The rules of an address, as one value over <c>"SuppressedAddresses" AS s</c> joined from the left: null for whom may
    /// be mailed. For the first launch, where nobody is deleted yet and nobody is related. A test compares it with the rules.
    /// </summary>
    public const string ReasonOfAddress = $"""
        CASE WHEN s."Reason" = 'Unsubscribed' THEN '{Reasons.Unsubscribed}'
            WHEN s."Reason" IS NOT NULL THEN '{Reasons.Suppressed}' END
        """;

    /// <summary>Rows of the lineage's other campaigns whose mail is, or may be, with the provider, or may go there yet.</summary>
    private static IQueryable<Recipient> Taken(PortalDbContext db, IQueryable<Guid> others) =>
        db.Recipients.Where(row =>
            others.Contains(row.CampaignId)
            && row.State != RecipientState.Pending
            && row.State != RecipientState.Refused
            && row.State != RecipientState.Excluded
        );

    /// <param name="others">The other campaigns of the lineage (<see cref="Lineage.OthersAsync"/>); null when there are none.</param>
    /// <returns>How many were excluded.</returns>
    public static async Task<int> ApplyAsync(
        PortalDbContext db,
        IQueryable<Recipient> pending,
        IQueryable<Guid>? others,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var excluded = 0;
        foreach (var (reason, who) in Rules(db, pending, others))
        {
            var found = await who.ExecuteUpdateAsync(
                set =>
                    set.SetProperty(recipient => recipient.State, RecipientState.Excluded)
                        .SetProperty(recipient => recipient.Reason, reason)
                        .SetProperty(recipient => recipient.ChunkNumber, (int?)null)
                        .SetProperty(recipient => recipient.UpdatedAt, now),
                cancellation
            );
            excluded += found;
            if (found > 0 && reason == Reasons.AlreadyMailed)
            {
                db.Fired(SafetyMechanism.LineageExcluded, found);
            }
        }

        return excluded;
    }

    /// <summary>What <see cref="ApplyAsync"/> would do, without doing it.</summary>
    public static async Task<IReadOnlyList<ReasonCount>> CountAsync(
        PortalDbContext db,
        IQueryable<Recipient> pending,
        IQueryable<Guid>? others,
        CancellationToken cancellation
    )
    {
        var counts = new List<ReasonCount>();
        foreach (var (reason, who) in Rules(db, pending, others))
        {
            counts.Add(new ReasonCount(reason, await who.CountAsync(cancellation)));
        }

        return
        [
            .. counts
                .GroupBy(count => count.Reason, StringComparer.Ordinal)
                .Select(group => new ReasonCount(group.Key, group.Sum(count => count.Count))),
        ];
    }

    /// <summary>In one statement, because the answer is nearly always no.</summary>
    public static Task<bool> AnyAsync(
        PortalDbContext db,
        IQueryable<Recipient> pending,
        IQueryable<Guid>? others,
        CancellationToken cancellation
    ) =>
        Rules(db, pending, others)
            .Select(rule => rule.Who.Select(recipient => recipient.Number))
            .Aggregate((one, next) => one.Concat(next))
            .AnyAsync(cancellation);
}
