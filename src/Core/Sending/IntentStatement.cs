using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>A request that is to be frozen: what goes over the wire, how it is kept, and who is in it.</summary>
/// <param name="Payload">The body, compressed.</param>
/// <param name="Hash">SHA-256 of the body, in hexadecimal.</param>
internal sealed record FrozenRequest(
    ReadOnlyMemory<byte> Body,
    byte[] Payload,
    string Hash,
    IReadOnlyList<int> Recipients
)
{
    public static FrozenRequest Of(PreparedChunk prepared) =>
        new(
            prepared.Body,
            MailBatch.Compress(prepared.Body.Span),
            MailBatch.Hash(prepared.Body.Span),
            prepared.Recipients
        );
}

/// <summary>
/// The one statement that lets a request go out (docs/sending.md, rule 2): what it does not touch is not sent. Its WHERE
/// holds every condition; <see cref="WhyFenced"/> names afterwards which of them did not.
/// </summary>
internal sealed class IntentStatement(
    PortalDbContext context,
    ClaimedChunk claim,
    Guid accountId,
    string baseUrl,
    DateTimeOffset now
)
{
    /// <returns>1, or 0 when it may not go out.</returns>
    public Task<int> FirstAsync(FrozenRequest request, string key, CancellationToken cancellation) =>
        MayGoOut()
            .Where(chunk =>
                chunk.DoubtfulSince == null
                && chunk.FirstAttemptAt == null
                && context.Campaigns.Any(campaign =>
                    campaign.TenantId == chunk.TenantId
                    && campaign.Id == chunk.CampaignId
                    && campaign.CurrentRun == chunk.RunNumber
                    && campaign.Status == CampaignStatus.Sending
                )
                && context.Runs.Any(run =>
                    run.TenantId == chunk.TenantId
                    && run.CampaignId == chunk.CampaignId
                    && run.Number == chunk.RunNumber
                    && run.AccountId == accountId
                )
            )
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(chunk => chunk.Key, key)
                        .SetProperty(chunk => chunk.Payload, request.Payload)
                        .SetProperty(chunk => chunk.PayloadHash, request.Hash)
                        .SetProperty(chunk => chunk.Mails, request.Recipients.Count)
                        .SetProperty(chunk => chunk.AccountId, accountId)
                        .SetProperty(chunk => chunk.BaseUrl, baseUrl)
                        .SetProperty(chunk => chunk.Attempts, chunk => chunk.Attempts + 1)
                        .SetProperty(chunk => chunk.FirstAttemptAt, now)
                        .SetProperty(chunk => chunk.DoubtfulSince, now),
                cancellation
            );

    /// <summary>Same bytes, same key, same account and address, within the window; also in a Partial campaign, and of any run.</summary>
    /// <returns>1, or 0 when it may not go out.</returns>
    public Task<int> RepeatAsync(DateTimeOffset lastRepeat, CancellationToken cancellation) =>
        MayGoOut()
            .Where(chunk =>
                chunk.DoubtfulSince != null
                && chunk.FirstAttemptAt > lastRepeat
                && chunk.FirstAttemptAt <= now
                && chunk.AccountId == accountId
                && chunk.BaseUrl == baseUrl
                && context.Campaigns.Any(campaign =>
                    campaign.TenantId == chunk.TenantId
                    && campaign.Id == chunk.CampaignId
                    && (campaign.Status == CampaignStatus.Sending || campaign.Status == CampaignStatus.Partial)
                )
            )
            .ExecuteUpdateAsync(
                set => set.SetProperty(chunk => chunk.Attempts, chunk => chunk.Attempts + 1),
                cancellation
            );

    /// <summary>False when the campaign's sender is not the tenant's own verified one any more.</summary>
    public Task<bool> SenderHoldsAsync(CancellationToken cancellation) =>
        WithVerifiedSender().AnyAsync(campaign => campaign.Id == claim.CampaignId, cancellation);

    private IQueryable<Chunk> MayGoOut()
    {
        var withSender = WithVerifiedSender();
        return ClaimFence
            .Mine(context, claim)
            .Where(chunk =>
                chunk.Generation == claim.Generation
                && context.Installation.Any(installation => installation.Hold == null)
                && context.ProviderAccounts.Any(account => account.Id == accountId && account.IsCurrent)
                && withSender.Any(campaign => campaign.TenantId == chunk.TenantId && campaign.Id == chunk.CampaignId)
            );
    }

    private IQueryable<Campaign> WithVerifiedSender() =>
        context.Campaigns.Where(campaign =>
            context.SenderIdentities.Any(sender =>
                sender.TenantId == campaign.TenantId
                && sender.Id == campaign.SenderId
                && sender.Domain!.Status == DomainStatus.Verified
            )
        );
}
