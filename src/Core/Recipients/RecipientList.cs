using System.Linq.Expressions;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Recipients;

/// <param name="Reason">One of <see cref="Reasons"/>.</param>
/// <param name="Search">The start of an address, or with an @ in front a domain.</param>
public sealed record RecipientListQuery(
    RecipientState? State = null,
    string? Reason = null,
    DeliveryFilter? Delivery = null,
    string? Search = null,
    int Skip = 0,
    int Take = 50
);

/// <summary>What happened to the accepted afterwards.</summary>
public enum DeliveryFilter
{
    Delivered,
    Bounced,
    Complained,
    Failed,
    Opened,
    Clicked,

    /// <summary>Accepted, and nothing was heard of it since.</summary>
    Silent,
}

public sealed record RecipientListItem(
    int Number,
    Guid? ContactId,
    string Email,
    string? FirstName,
    string? LastName,
    RecipientState State,
    string? Reason,
    string? Detail,
    Delivery? Delivery,
    DateTimeOffset? OpenedAt,
    DateTimeOffset? ClickedAt,
    int? AcceptedRun,
    string? ProviderEmailId,
    DateTimeOffset UpdatedAt,
    string? AssumedBy,
    BounceType? Bounce,
    DateTimeOffset? OpenedByPersonAt,
    DateTimeOffset? ClickedByPersonAt
)
{
    public LookTotals Looks { get; init; } = new(0, 0, 0, 0);

    /// <summary>One for the list and for the single recipient, so that both show the same.</summary>
    internal static Expression<Func<Recipient, RecipientListItem>> Of { get; } =
        row => new RecipientListItem(
            row.Number,
            row.ContactId,
            row.Email,
            row.FirstName,
            row.LastName,
            row.State,
            row.Reason,
            row.Detail,
            row.Delivery,
            row.OpenedAt,
            row.ClickedAt,
            row.AcceptedRun,
            row.ProviderEmailId,
            row.UpdatedAt,
            row.AssumedBy,
            row.Bounce,
            row.OpenedByPersonAt,
            row.ClickedByPersonAt
        )
        {
            Looks = new LookTotals(row.Opens, row.MachineOpens, row.Clicks, row.MachineClicks),
        };
}

public sealed record RecipientListPage(IReadOnlyList<RecipientListItem> Items, int Total);

/// <summary>The ledger of one campaign, a page at a time in the order of its numbers.</summary>
public sealed class RecipientList(PortalDb database)
{
    public const int MaxTake = 200;

    public Task<RecipientListPage> ExecuteAsync(
        TenantScope scope,
        Guid campaignId,
        RecipientListQuery query,
        CancellationToken cancellation
    ) =>
        database.ReadSnapshotAsync(
            scope,
            async (db, token) =>
            {
                var found = Filtered(db, campaignId, query);
                var total = await found.CountAsync(token);
                var items = await found
                    .OrderBy(row => row.Number)
                    .Skip(Math.Max(0, query.Skip))
                    .Take(Math.Clamp(query.Take, 1, MaxTake))
                    .Select(RecipientListItem.Of)
                    .ToListAsync(token);
                return new RecipientListPage(items, total);
            },
            cancellation
        );

    /// <summary>The same for programs: a page begins after the last number of the one before.</summary>
    /// <param name="after">0 for the first page.</param>
    /// <returns>Null when the tenant has no such campaign.</returns>
    public async Task<IReadOnlyList<RecipientListItem>?> AfterAsync(
        TenantScope scope,
        Guid campaignId,
        RecipientState? state,
        int after,
        int limit,
        CancellationToken cancellation
    )
    {
        await using var db = database.Read(scope);
        if (!await db.Campaigns.Composed().AnyAsync(campaign => campaign.Id == campaignId, cancellation))
        {
            return null;
        }

        return await Filtered(db, campaignId, new RecipientListQuery(state))
            .Where(row => row.Number > after)
            .OrderBy(row => row.Number)
            .Take(limit)
            .Select(RecipientListItem.Of)
            .ToListAsync(cancellation);
    }

    private static IQueryable<Recipient> Filtered(PortalDbContext db, Guid campaignId, RecipientListQuery query)
    {
        var found = db.Recipients.Where(row => row.CampaignId == campaignId);
        if (query.State is { } state)
        {
            found = found.Where(row => row.State == state);
        }

        if (query.Reason is { } reason)
        {
            found = found.Where(row => row.Reason == reason);
        }

        found = WithDelivery(found, query.Delivery);
        var search = query.Search?.Trim().ToLowerInvariant() ?? "";
        if (search.Length == 0)
        {
            return found;
        }

        if (search[0] == '@')
        {
            return found.Where(row => row.NormalizedEmail.EndsWith(search));
        }

        // A range and not LIKE, which SQLite cannot answer from the index.
        var end = search + '\uffff';
#pragma warning disable CA1309 // Only this overload is translated; the column's collation is ordinal.
        return found.Where(row =>
            string.Compare(row.NormalizedEmail, search) >= 0 && string.Compare(row.NormalizedEmail, end) < 0
        );
#pragma warning restore CA1309
    }

    private static IQueryable<Recipient> WithDelivery(IQueryable<Recipient> found, DeliveryFilter? filter) =>
        filter switch
        {
            DeliveryFilter.Delivered => found.Where(row => row.Delivery == Delivery.Delivered),
            DeliveryFilter.Bounced => found.Where(row => row.Delivery == Delivery.Bounced),
            DeliveryFilter.Complained => found.Where(row => row.Delivery == Delivery.Complained),
            DeliveryFilter.Failed => found.Where(row =>
                row.Delivery == Delivery.Failed || row.Delivery == Delivery.SuppressedByProvider
            ),
            DeliveryFilter.Opened => found.Where(row => row.OpenedAt != null),
            DeliveryFilter.Clicked => found.Where(row => row.ClickedAt != null),
            DeliveryFilter.Silent => found.Where(row =>
                row.State == RecipientState.Accepted
                && (row.Delivery == null || row.Delivery == Delivery.Sent || row.Delivery == Delivery.Delayed)
            ),
            _ => found,
        };
}

/// <summary>How far a campaign has come, for a list of many.</summary>
/// <param name="Waiting">Pending, in doubt or unknown.</param>
public sealed record LedgerSummary(int Recipients, int Accepted, int Waiting);

public sealed class SummarizeLedgers(PortalDb database)
{
    /// <returns>Without those campaigns that have nobody in their ledger.</returns>
    public async Task<IReadOnlyDictionary<Guid, LedgerSummary>> ExecuteAsync(
        TenantScope scope,
        IReadOnlyCollection<Guid> campaignIds,
        CancellationToken cancellation
    )
    {
        await using var db = database.Read(scope);
        var rows = await db
            .Recipients.Where(row => campaignIds.Contains(row.CampaignId))
            .GroupBy(row => new { row.CampaignId, row.State })
            .Select(group => new
            {
                group.Key.CampaignId,
                group.Key.State,
                Count = group.Count(),
            })
            .ToListAsync(cancellation);
        return rows.GroupBy(row => row.CampaignId)
            .ToDictionary(
                group => group.Key,
                group => new LedgerSummary(
                    group.Sum(row => row.Count),
                    group.Where(row => row.State == RecipientState.Accepted).Sum(row => row.Count),
                    group
                        .Where(row =>
                            row.State is RecipientState.Pending or RecipientState.InDoubt or RecipientState.Unknown
                        )
                        .Sum(row => row.Count)
                )
            );
    }
}
