using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Campaigns;

/// <summary>Removes a campaign that was never launched. A ledger is never deleted.</summary>
public sealed class DeleteDraft(PortalDb database)
{
    public Task<DeleteDraftResult> ExecuteAsync(Caller caller, Guid campaignId, CancellationToken cancellation) =>
        database.CommandAsync(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                var campaign = await command.Db.Campaigns.SingleOrDefaultAsync(row => row.Id == campaignId, token);
                if (campaign is null)
                {
                    return DeleteDraftResult.NotFound;
                }

                if (campaign.Status != CampaignStatus.Draft)
                {
                    return DeleteDraftResult.NotADraft;
                }

                command.Db.Campaigns.Remove(campaign);
                command.Audit("campaign.deleted", "campaign", campaign.Id.ToString(), campaign.Name);
                return DeleteDraftResult.Deleted;
            },
            cancellation
        );
}

public enum DeleteDraftResult
{
    Deleted,
    NotADraft,
    NotFound,
}
