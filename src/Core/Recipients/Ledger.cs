using System.Globalization;
using System.Runtime.CompilerServices;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Recipients;

/// <summary>
/// Every change of a recipient's state after the freeze. Each is conditional on the state that it expects and says how
/// many rows it touched; the caller knows how many it must be.
/// </summary>
public static class Ledger
{
    /// <summary>The members of a chunk; the caller adds the state that it expects.</summary>
    public static IQueryable<Recipient> Members(PortalDbContext db, Guid tenantId, Guid campaignId, int chunkNumber) =>
        db.Recipients.Where(recipient =>
            recipient.TenantId == tenantId && recipient.CampaignId == campaignId && recipient.ChunkNumber == chunkNumber
        );

    public static Task<int> MoveAsync(
        IQueryable<Recipient> who,
        RecipientState from,
        RecipientState to,
        DateTimeOffset now,
        CancellationToken cancellation,
        string? reason = null,
        string? detail = null
    ) =>
        who.Where(recipient => recipient.State == from)
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(recipient => recipient.State, to)
                        .SetProperty(recipient => recipient.Reason, reason)
                        .SetProperty(recipient => recipient.Detail, detail)
                        .SetProperty(recipient => recipient.UpdatedAt, now),
                cancellation
            );

    /// <summary>
    /// A whole strict batch is proven to be with the provider, whoever proved it. Only those in doubt or unknown move: an
    /// acceptance is never taken back, and the pending were not in it. What a person assumed is proven by it.
    /// </summary>
    public static Task<int> AcceptAsync(
        IQueryable<Recipient> members,
        int run,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        members
            .Where(recipient =>
                recipient.State == RecipientState.InDoubt
                || recipient.State == RecipientState.Unknown
                || (recipient.State == RecipientState.Accepted && recipient.AssumedBy != null)
            )
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(recipient => recipient.State, RecipientState.Accepted)
                        .SetProperty(recipient => recipient.AcceptedAt, now)
                        .SetProperty(recipient => recipient.AcceptedRun, run)
                        .SetProperty(recipient => recipient.AssumedBy, (string?)null)
                        .SetProperty(recipient => recipient.UpdatedAt, now),
                cancellation
            );

    /// <summary>
    /// The provider's answer to a batch: each recipient gets its mail's id, and who was in doubt is accepted. Who was proven
    /// before, by an event, keeps the instant of that proof; what a person assumed is proven now.
    /// </summary>
    /// <param name="numbers">In the order of the mails; <paramref name="providerIds"/> has one for each.</param>
    /// <returns>How many rows it touched.</returns>
    public static Task<int> AcceptAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        IReadOnlyList<int> numbers,
        IReadOnlyList<string> providerIds,
        int run,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        return db.ExecuteAsync(
            FormattableStringFactory.Create(
                $$"""
                UPDATE "Recipients" AS r
                SET "ProviderEmailId" = mail.value, "AssumedBy" = NULL,
                    "State" = CASE WHEN {{Open}} THEN 'Accepted' ELSE r."State" END,
                    "AcceptedAt" = CASE WHEN {{Open}} THEN {1} ELSE r."AcceptedAt" END,
                    "AcceptedRun" = CASE WHEN {{Open}} THEN {2} ELSE r."AcceptedRun" END,
                    "UpdatedAt" = CASE WHEN {{Open}} THEN {1} ELSE r."UpdatedAt" END
                FROM {{JsonRows.EachText(db, "{0}")}} AS mail
                WHERE r."TenantId" = {3} AND r."CampaignId" = {4} AND r."Number" = CAST(mail.key AS INTEGER)
                    {{JsonRows.AndAmong(db, "{0}", "r.\"Number\"", "CAST(key AS INTEGER)")}}
                """,
                JsonRows.Texts(
                    numbers.Zip(providerIds, (number, id) => (number.ToString(CultureInfo.InvariantCulture), id))
                ),
                InstantConverter.ToMicroseconds(now),
                run,
                tenantId,
                campaignId
            ),
            cancellation
        );
    }

    private const string Open = """(r."State" IN ('InDoubt', 'Unknown') OR r."AssumedBy" IS NOT NULL)""";
}
