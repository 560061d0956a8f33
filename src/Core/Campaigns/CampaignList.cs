using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Campaigns;

/// <param name="Search">Part of the name or the subject.</param>
public sealed record CampaignListQuery(
    CampaignStatus? Status = null,
    string? Search = null,
    int Skip = 0,
    int Take = 25
);

/// <param name="ByStatus">Counts of what the search finds, whatever status is chosen.</param>
public sealed record CampaignListPage(
    IReadOnlyList<CampaignListItem> Items,
    int Total,
    IReadOnlyDictionary<CampaignStatus, int> ByStatus
);

public sealed record CampaignListItem(
    Guid Id,
    string Name,
    string Subject,
    CampaignStatus Status,
    StopReason? StopReason,
    string CreatedBy,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? LaunchedAt,
    DateTimeOffset? FinishedAt
);

/// <summary>The tenant's campaigns, newest first.</summary>
public sealed class CampaignList(PortalDb database)
{
    public const int MaxTake = 200;

    public Task<CampaignListPage> ExecuteAsync(
        TenantScope scope,
        CampaignListQuery query,
        CancellationToken cancellation
    ) =>
        database.ReadSnapshotAsync(
            scope,
            async (db, token) =>
            {
                var found = db.Campaigns.Composed();
                if (!string.IsNullOrWhiteSpace(query.Search))
                {
                    var pattern = LikePattern.Containing(query.Search.Trim());
                    found = found.Where(campaign =>
                        EF.Functions.Like(campaign.Name, pattern, LikePattern.Escape)
                        || EF.Functions.Like(campaign.Subject, pattern, LikePattern.Escape)
                    );
                }

                var byStatus = await found
                    .GroupBy(campaign => campaign.Status)
                    .Select(group => new { group.Key, Count = group.Count() })
                    .ToDictionaryAsync(group => group.Key, group => group.Count, token);
                if (query.Status is { } status)
                {
                    found = found.Where(campaign => campaign.Status == status);
                }

                var items = await found
                    .OrderByDescending(campaign => campaign.CreatedAt)
                    .ThenByDescending(campaign => campaign.Id)
                    .Skip(Math.Max(0, query.Skip))
                    .Take(Math.Clamp(query.Take, 1, MaxTake))
                    .Select(campaign => new CampaignListItem(
                        campaign.Id,
                        campaign.Name,
                        campaign.Subject,
                        campaign.Status,
                        campaign.StopReason,
                        campaign.CreatedBy,
                        campaign.CreatedAt,
                        campaign.UpdatedAt,
                        campaign.LaunchedAt,
                        campaign.FinishedAt
                    ))
                    .ToListAsync(token);
                var total = query.Status is { } only ? byStatus.GetValueOrDefault(only) : byStatus.Values.Sum();
                return new CampaignListPage(items, total, byStatus);
            },
            cancellation
        );
}

/// <summary>What a person typed, as a pattern in which nothing is a wildcard.</summary>
public static class LikePattern
{
    public const string Escape = "\\";

    public static string Containing(string text) => $"%{Escaped(text)}%";

    public static string StartingWith(string text) => $"{Escaped(text)}%";

    private static string Escaped(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("%", "\\%", StringComparison.Ordinal)
            .Replace("_", "\\_", StringComparison.Ordinal);
}
