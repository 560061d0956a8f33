using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// Mails that the provider took and then failed to send, a used-up daily quota for example. They were never delivered, so
/// sending again is no second mail; only a person asks for it, in a resume.
/// </summary>
internal static class FailedAfterAcceptance
{
    /// <summary>What only a mail that left the provider is reported as: whoever has one of these is not sent to again.</summary>
    private static readonly string[] Evidence =
    [
        "email.delivered",
        "email.opened",
        "email.clicked",
        "email.bounced",
        "email.complained",
    ];

    public static bool ProvesDelivery(string eventType) => Evidence.Contains(eventType);

    public static IQueryable<Recipient> Who(PortalDbContext db, Campaign campaign) =>
        db.Recipients.Where(row =>
            row.TenantId == campaign.TenantId
            && row.CampaignId == campaign.Id
            && row.Delivery == Delivery.Failed
            && row.State == RecipientState.Accepted
            && row.OpenedAt == null
            && row.ClickedAt == null
            && !db.RecipientEvents.Any(happened =>
                happened.TenantId == row.TenantId
                && happened.CampaignId == row.CampaignId
                && happened.RecipientNumber == row.Number
                && Evidence.Contains(happened.Type)
            )
        );

    /// <summary>
    /// They wait again. What was reported of them stays in their story; what is reported of those mails from now on is
    /// history too, up to the last chunk that there is.
    /// </summary>
    /// <returns>How many.</returns>
    public static Task<int> FreeAsync(
        PortalDbContext db,
        Campaign campaign,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var last = campaign.LastChunk;
        return Who(db, campaign)
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(row => row.State, RecipientState.Pending)
                        .SetProperty(row => row.FailedChunk, last)
                        .SetProperty(row => row.ChunkNumber, (int?)null)
                        .SetProperty(row => row.Delivery, (Delivery?)null)
                        .SetProperty(row => row.DeliveryAt, (DateTimeOffset?)null)
                        .SetProperty(row => row.ProviderEmailId, (string?)null)
                        .SetProperty(row => row.AcceptedAt, (DateTimeOffset?)null)
                        .SetProperty(row => row.AcceptedRun, (int?)null)
                        .SetProperty(row => row.AssumedBy, (string?)null)
                        .SetProperty(row => row.UpdatedAt, now),
                cancellation
            );
    }
}
