using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>Where everybody stands, and what a resume would do, from one snapshot.</summary>
/// <param name="WillSend">Pending and not excluded by what has happened since.</param>
/// <param name="Excluded">Those in the ledger as excluded and those whom a resume would exclude, by reason.</param>
/// <param name="FailedAfterAcceptance">
/// Accepted, then reported failed by the provider and never delivered; a resume sends to them only when asked.
/// </param>
/// <param name="JoinedSince">In the audience now and not in the ledger, neither by contact nor by address.</param>
public sealed record ResumePreviewResult(
    CampaignStatus Status,
    int CurrentRun,
    int Accepted,
    int InDoubt,
    int Unknown,
    int WillSend,
    IReadOnlyList<ReasonCount> Excluded,
    int Refused,
    int FailedAfterAcceptance,
    int JoinedSince
);

public sealed class ResumePreview(PortalDb db)
{
    /// <returns>Null when the tenant has no such campaign.</returns>
    public Task<ResumePreviewResult?> ExecuteAsync(
        TenantScope scope,
        Guid campaignId,
        CancellationToken cancellation
    ) =>
        db.ReadSnapshotAsync(
            scope,
            async (context, token) =>
            {
                if (
                    await context.Campaigns.Composed().SingleOrDefaultAsync(c => c.Id == campaignId, token)
                    is not { } campaign
                )
                {
                    return null;
                }

                var counts = await CampaignCounts.ReadAsync(context, campaign.TenantId, campaignId, token);
                var ledger = context.Recipients.Where(r => r.CampaignId == campaignId);
                var already = await ledger
                    .Where(r => r.State == RecipientState.Excluded)
                    .GroupBy(r => r.Reason ?? "")
                    .Select(group => new ReasonCount(group.Key, group.Count()))
                    .ToListAsync(token);
                var others = await Lineage.OthersAsync(context, campaign.TenantId, campaignId, token);
                var wouldBe = await Exclusions.CountAsync(
                    context,
                    FreezeAudience.Pending(context, campaign),
                    others,
                    token
                );
                var failed = await FailedAfterAcceptance.Who(context, campaign).CountAsync(token);
                var joined = await FreezeAudience.CountJoinedAsync(context, campaign, db.Time.GetUtcNow(), token);
                return new ResumePreviewResult(
                    campaign.Status,
                    campaign.CurrentRun,
                    counts.Accepted,
                    counts.InDoubt,
                    counts.Unknown,
                    counts.Pending - wouldBe.Sum(reason => reason.Count),
                    [
                        .. already
                            .Concat(wouldBe)
                            .GroupBy(reason => reason.Reason, StringComparer.Ordinal)
                            .Select(group => new ReasonCount(group.Key, group.Sum(reason => reason.Count)))
                            .Where(reason => reason.Count > 0)
                            .OrderBy(reason => reason.Reason, StringComparer.Ordinal),
                    ],
                    counts.Refused,
                    failed,
                    joined
                );
            },
            cancellation
        );
}
