using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Data;

/// <summary>
/// What later steps of a mail's way keep of earlier ones. A contact, a segment or a domain may not simply vanish under
/// them, and its feature may not know them: so the questions stand here, beside the tables.
/// </summary>
internal static class Downstream
{
    /// <summary>The ledger keeps its rows when their contacts go; only the reference becomes null, and only it.</summary>
    public static Task<int> ForgetInLedgerAsync(
        this PortalDbContext db,
        IQueryable<Contact> contacts,
        CancellationToken cancellation
    )
    {
        var ids = contacts.Select(contact => (Guid?)contact.Id);
        return db
            .Recipients.Where(recipient => recipient.ContactId != null && ids.Contains(recipient.ContactId))
            .ExecuteUpdateAsync(set => set.SetProperty(recipient => recipient.ContactId, (Guid?)null), cancellation);
    }

    /// <summary>Names of campaigns that have this segment as their audience and have not taken it yet.</summary>
    public static Task<List<string>> CampaignsWaitingForSegmentAsync(
        this PortalDbContext db,
        Guid segmentId,
        CancellationToken cancellation
    ) =>
        db
            .Campaigns.Where(campaign =>
                campaign.AudienceKind == AudienceKind.Segment
                && campaign.AudienceSegmentId == segmentId
                && (
                    campaign.Status == CampaignStatus.Draft
                    || campaign.Status == CampaignStatus.Scheduled
                    || campaign.Status == CampaignStatus.Preparing
                )
            )
            .OrderBy(campaign => campaign.Name)
            .Select(campaign => campaign.Name)
            .Take(5)
            .ToListAsync(cancellation);

    /// <summary>Names of campaigns that are not at their end and go out as one of these senders.</summary>
    public static Task<List<string>> UnfinishedCampaignsAsync(
        this PortalDbContext db,
        IQueryable<Guid> senderIds,
        CancellationToken cancellation
    ) =>
        db
            .Campaigns.Where(campaign =>
                campaign.SenderId != null
                && senderIds.Contains(campaign.SenderId.Value)
                && campaign.Status != CampaignStatus.Sent
                && campaign.Status != CampaignStatus.Cancelled
            )
            .OrderBy(campaign => campaign.Name)
            .Select(campaign => campaign.Name)
            .Take(5)
            .ToListAsync(cancellation);
}
