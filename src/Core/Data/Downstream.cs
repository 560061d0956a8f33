using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Outbox;
using Ledgerpost.Recipients;
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

    /// <summary>The contacts whom the follow-up of this campaign has taken over and who still wait in it.</summary>
    public static IQueryable<Contact> WaitingInFollowUp(this PortalDbContext db, Guid sourceId) =>
        db.Contacts.Where(contact =>
            db.Recipients.Any(row =>
                row.TenantId == contact.TenantId
                && row.ContactId == contact.Id
                && row.State == RecipientState.Pending
                && db.Campaigns.Any(followUp =>
                    followUp.TenantId == row.TenantId
                    && followUp.Id == row.CampaignId
                    && followUp.ContinuesId == sourceId
                )
            )
        );

    /// <summary>
    /// How many of them are recipients of these campaigns, neither refused nor excluded there: as the freeze decides it,
    /// by address and by contact, each on its own index.
    /// </summary>
    public static async Task<int> CountRecipientsOfAsync(
        this PortalDbContext db,
        IQueryable<Contact> contacts,
        IReadOnlyList<Guid> campaigns,
        CancellationToken cancellation
    )
    {
        if (campaigns.Count == 0)
        {
            return 0;
        }

        var ledger = db.Recipients.Where(row =>
            campaigns.Contains(row.CampaignId)
            && row.State != RecipientState.Refused
            && row.State != RecipientState.Excluded
        );
        var byAddress = await contacts.CountAsync(
            contact =>
                ledger.Any(row => row.TenantId == contact.TenantId && row.NormalizedEmail == contact.NormalizedEmail),
            cancellation
        );
        var byContact = await contacts.CountAsync(
            contact =>
                ledger.Any(row => row.TenantId == contact.TenantId && row.ContactId == contact.Id)
                && !ledger.Any(row =>
                    row.TenantId == contact.TenantId && row.NormalizedEmail == contact.NormalizedEmail
                ),
            cancellation
        );
        return byAddress + byContact;
    }

    /// <summary>
    /// A follow-up's draft is given up: whom it took over waits in its source again, or is excluded as the others were
    /// where the source has been cancelled since. The draft's own rows, which nothing was sent for, go.
    /// </summary>
    /// <returns>How many went back.</returns>
    public static async Task<int> GiveBackAsync(
        this PortalDbContext db,
        Guid tenantId,
        Guid draftId,
        Guid sourceId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        // Held until the end of this transaction, so that neither is launched, resumed or cancelled meanwhile, and whoever
        // looks whether the source is done waits and sees who came back. In the lineage's order, as everywhere.
        var source = await db
            .Campaigns.Where(c => c.TenantId == tenantId && c.Id == sourceId && c.ContinuedById == draftId)
            .ExecuteUpdateAsync(set => set.SetProperty(c => c.ContinuedById, (Guid?)null), cancellation);
        var draft = await db
            .Campaigns.Where(c => c.TenantId == tenantId && c.Id == draftId && c.Status == CampaignStatus.Draft)
            .ExecuteUpdateAsync(set => set.SetProperty(c => c.UpdatedAt, now), cancellation);
        if (draft + source != 2)
        {
            throw new InvalidOperationException("The draft is not what continues its source; nothing is given back.");
        }

        var cancelled = await db.Campaigns.AnyAsync(
            c => c.TenantId == tenantId && c.Id == sourceId && c.Status == CampaignStatus.Cancelled,
            cancellation
        );
        var state = cancelled ? RecipientState.Excluded : RecipientState.Pending;
        var reason = cancelled ? Reasons.Cancelled : null;
        var back = await db
            .Recipients.Where(row =>
                row.TenantId == tenantId
                && row.MovedToId == draftId
                && row.State == RecipientState.Excluded
                && row.Reason == Reasons.MovedToFollowUp
            )
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(row => row.State, state)
                        .SetProperty(row => row.Reason, reason)
                        .SetProperty(row => row.MovedToId, (Guid?)null)
                        .SetProperty(row => row.UpdatedAt, now),
                cancellation
            );
        await EventOutbox.RecipientsAsync(db, tenantId, sourceId, now, cancellation);
        await db
            .Recipients.Where(row => row.TenantId == tenantId && row.CampaignId == draftId)
            .ExecuteDeleteAsync(cancellation);
        return back;
    }

    /// <summary>Names of campaigns that have this segment as their audience and have not taken it yet.</summary>
    public static Task<List<string>> CampaignsWaitingForSegmentAsync(
        this PortalDbContext db,
        Guid segmentId,
        CancellationToken cancellation
    ) =>
        db
            .Campaigns.Where(campaign =>
                campaign.Kind == CampaignKind.Composed
                && campaign.AudienceKind == AudienceKind.Segment
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

    /// <summary>Whether anything was ever to go through this account.</summary>
    public static Task<bool> HasRunsAsync(this PortalDbContext db, Guid accountId, CancellationToken cancellation) =>
        db.Runs.AnyAsync(run => run.AccountId == accountId, cancellation);

    /// <summary>Names of campaigns and transactional mails that are not at their end and go out as one of these senders.</summary>
    public static async Task<List<string>> UnfinishedCampaignsAsync(
        this PortalDbContext db,
        IQueryable<Guid> senderIds,
        CancellationToken cancellation
    )
    {
        var names = await NamesAsync(
            db.Campaigns.Composed()
                .Where(campaign =>
                    campaign.Status != CampaignStatus.Sent && campaign.Status != CampaignStatus.Cancelled
                )
        );
        // By the states that a mail can wait in, which are the narrow side of their index.
        return names.Count > 0
            ? names
            : await NamesAsync(
                db.Campaigns.Emails()
                    .Where(mail =>
                        mail.Status == CampaignStatus.Sending
                        || mail.Status == CampaignStatus.Partial
                        || mail.Status == CampaignStatus.Paused
                    )
            );

        Task<List<string>> NamesAsync(IQueryable<Campaign> unfinished) =>
            unfinished
                .Where(campaign => campaign.SenderId != null && senderIds.Contains(campaign.SenderId.Value))
                .OrderBy(campaign => campaign.Name)
                .Select(campaign => campaign.Name)
                .Take(5)
                .ToListAsync(cancellation);
    }
}
