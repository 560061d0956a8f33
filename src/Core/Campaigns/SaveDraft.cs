using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Campaigns;

/// <summary>
/// Keeps what was typed, if nobody else has saved since the version that it was typed on. A save that is repeated because
/// its answer was lost does no harm: the same content on an older version is already saved.
/// </summary>
public sealed class SaveDraft(PortalDb database)
{
    public Task<SaveDraftResult> ExecuteAsync(
        Caller caller,
        Guid campaignId,
        int version,
        DraftContent content,
        CancellationToken cancellation
    ) =>
        database.CommandAsync<SaveDraftResult>(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                var campaign = await command
                    .Db.Campaigns.Composed()
                    .SingleOrDefaultAsync(row => row.Id == campaignId, token);
                if (campaign is null)
                {
                    return new SaveDraftResult.NotFound();
                }

                if (campaign.Status != CampaignStatus.Draft)
                {
                    return new SaveDraftResult.NotADraft(campaign.Status);
                }

                var before = DraftContent.Of(campaign);
                var changed = content.ChangedFrom(before);
                if (changed.Count == 0)
                {
                    return new SaveDraftResult.Saved(campaign.Version, campaign.UpdatedAt);
                }

                if (campaign.Version != version)
                {
                    var by = await LastEditorAsync(command.Db, campaign, token);
                    return new SaveDraftResult.Conflict(campaign.Version, by, campaign.UpdatedAt, before);
                }

                var problems = await NewDraft.ProblemsAsync(command.Db, content, before, campaignId, token);
                if (problems.Count > 0)
                {
                    return new SaveDraftResult.Invalid(problems);
                }

                content.ApplyTo(campaign);
                campaign.Version++;
                campaign.UpdatedAt = command.Now;
                command.Audit(
                    "campaign.edited",
                    "campaign",
                    campaign.Id.ToString(),
                    campaign.Name,
                    content.DifferenceFrom(before)
                );
                return new SaveDraftResult.Saved(campaign.Version, campaign.UpdatedAt);
            },
            cancellation
        );

    /// <summary>Every wrong field of a change that is not carried out, because something else in its request is wrong too.</summary>
    /// <param name="db">Of the tenant.</param>
    /// <param name="change">From what is kept to what shall be; of a campaign that is not there, from an empty one.</param>
    public static async Task<IReadOnlyList<FieldError>> ProblemsAsync(
        PortalDbContext db,
        Guid campaignId,
        Func<DraftContent, DraftContent> change,
        CancellationToken cancellation
    )
    {
        var kept = await db
            .Campaigns.Composed()
            .AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == campaignId, cancellation);
        var before = kept is null ? DraftContent.Empty : DraftContent.Of(kept);
        return await NewDraft.ProblemsAsync(db, change(before), before, campaignId, cancellation);
    }

    private static async Task<string> LastEditorAsync(PortalDbContext db, Campaign campaign, CancellationToken token)
    {
        var id = campaign.Id.ToString();
        return await db
                .AuditEntries.Where(entry => entry.TargetKind == "campaign" && entry.TargetId == id)
                .OrderByDescending(entry => entry.Sequence)
                .Select(entry => entry.ActorName)
                .FirstOrDefaultAsync(token)
            ?? campaign.CreatedBy;
    }
}

public abstract record SaveDraftResult
{
    public sealed record Saved(int Version, DateTimeOffset At) : SaveDraftResult;

    /// <summary>Somebody saved in between; both texts are there, and a person chooses.</summary>
    public sealed record Conflict(int Version, string By, DateTimeOffset At, DraftContent Theirs) : SaveDraftResult;

    public sealed record NotADraft(CampaignStatus Status) : SaveDraftResult;

    public sealed record Invalid(IReadOnlyList<FieldError> Problems) : SaveDraftResult;

    public sealed record NotFound : SaveDraftResult;
}
