using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// Why an intent touched no row, for the counter and the log: read after the fact, in the same transaction, and nothing is
/// decided by it. Beside other transactions the reason may have passed again by then; it counts as a stale claim.
/// </summary>
internal static class WhyFenced
{
    public static async Task<SafetyMechanism> ReadAsync(
        PortalDbContext context,
        ClaimedChunk claim,
        bool repeat,
        Guid accountId,
        string baseUrl,
        DateTimeOffset lastRepeat,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var chunk = await Chunks
            .Numbered(context, claim.TenantId, claim.CampaignId, claim.Number)
            .Select(c => new
            {
                Mine = c.State == ChunkState.Leased && c.Epoch == claim.Epoch && c.Generation == claim.Generation,
                InDoubt = c.DoubtfulSince != null,
                c.RunNumber,
                c.FirstAttemptAt,
                SameAccount = c.AccountId == accountId && c.BaseUrl == baseUrl,
            })
            .SingleOrDefaultAsync(cancellation);
        var campaign = await context
            .Campaigns.Where(c => c.TenantId == claim.TenantId && c.Id == claim.CampaignId)
            .Select(c => new
            {
                c.Status,
                c.CurrentRun,
                RunAccount = context
                    .Runs.Where(run =>
                        run.TenantId == c.TenantId && run.CampaignId == c.Id && run.Number == claim.RunNumber
                    )
                    .Select(run => (Guid?)run.AccountId)
                    .FirstOrDefault(),
            })
            .SingleOrDefaultAsync(cancellation);
        if (chunk is not { Mine: true } || campaign is null)
        {
            return SafetyMechanism.IntentStale;
        }

        if (await context.Installation.AnyAsync(installation => installation.Hold != null, cancellation))
        {
            return SafetyMechanism.IntentHeld;
        }

        if (!await context.Tenants.Living().AnyAsync(tenant => tenant.Id == claim.TenantId, cancellation))
        {
            return SafetyMechanism.IntentTenantDeleted;
        }

        if (chunk.InDoubt != repeat)
        {
            return SafetyMechanism.IntentDoubt;
        }

        if (campaign.Status != CampaignStatus.Sending && !(repeat && campaign.Status == CampaignStatus.Partial))
        {
            return SafetyMechanism.IntentCampaignStopped;
        }

        if (
            !await IntentStatement
                .WithVerifiedSender(context)
                .AnyAsync(c => c.TenantId == claim.TenantId && c.Id == claim.CampaignId, cancellation)
        )
        {
            return SafetyMechanism.IntentSenderLost;
        }

        if (!repeat && campaign.CurrentRun != chunk.RunNumber)
        {
            return SafetyMechanism.IntentOlderRun;
        }

        if (
            !(repeat ? chunk.SameAccount : campaign.RunAccount == accountId)
            || !await UsableAccounts
                .ForRepeats(context, claim.TenantId)
                .AnyAsync(account => account.Id == accountId, cancellation)
        )
        {
            return SafetyMechanism.IntentOtherAccount;
        }

        // It may be used, but not begun with: it was left, or the sender's domain has been moved to another one.
        if (!repeat && !await IsTheSendersAsync(context, claim, accountId, cancellation))
        {
            return SafetyMechanism.IntentAccountLeft;
        }

        return repeat && !(chunk.FirstAttemptAt > lastRepeat && chunk.FirstAttemptAt <= now)
            ? SafetyMechanism.IntentWindowOver
            : SafetyMechanism.IntentStale;
    }

    private static async Task<bool> IsTheSendersAsync(
        PortalDbContext context,
        ClaimedChunk claim,
        Guid accountId,
        CancellationToken cancellation
    )
    {
        var sender = await context
            .Campaigns.Where(c => c.TenantId == claim.TenantId && c.Id == claim.CampaignId)
            .Select(c => c.SenderId)
            .SingleAsync(cancellation);
        return await SenderAccounts.OfSenderAsync(context, sender, cancellation) == accountId;
    }
}
