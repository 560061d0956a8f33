using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Campaigns;

/// <summary>
/// Removes a campaign that was never launched. A ledger is never deleted; what a follow-up's draft has taken over goes
/// back to the campaign that it continues.
/// </summary>
public sealed class DeleteDraft(PortalDb database)
{
    public Task<DeleteDraftResult> ExecuteAsync(Caller caller, Guid campaignId, CancellationToken cancellation) =>
        database.CommandAsync(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                var campaign = await command
                    .Db.Campaigns.Composed()
                    .SingleOrDefaultAsync(row => row.Id == campaignId, token);
                if (campaign is null)
                {
                    return DeleteDraftResult.NotFound;
                }

                if (campaign.Status != CampaignStatus.Draft)
                {
                    return DeleteDraftResult.NotADraft;
                }

                var back = campaign.ContinuesId is { } source
                    ? await command.Db.GiveBackAsync(campaign.TenantId, campaign.Id, source, command.Now, token)
                    : (int?)null;
                command.Db.Campaigns.Remove(campaign);
                command.Audit(
                    "campaign.deleted",
                    "campaign",
                    campaign.Id.ToString(),
                    campaign.Name,
                    back is null ? null : new { given_back = back, to = campaign.ContinuesId }
                );
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
