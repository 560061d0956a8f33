using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
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
    public Task<int> FirstAsync(FrozenRequest request, string key, CancellationToken cancellation)
    {
        var instant = InstantConverter.ToMicroseconds(now);
        return context.ExecuteAsync(
            $"""
            UPDATE "Chunks" AS c
            SET "Key" = {key}, "Payload" = {request.Payload}, "PayloadHash" = {request.Hash},
                "Mails" = {request.Recipients.Count}, "AccountId" = {accountId}, "BaseUrl" = {baseUrl},
                "Attempts" = "Attempts" + 1, "FirstAttemptAt" = {instant}, "DoubtfulSince" = {instant}
            WHERE c."TenantId" = {claim.TenantId} AND c."CampaignId" = {claim.CampaignId} AND c."Number" = {claim.Number}
                AND c."State" = 'Leased' AND c."Epoch" = {claim.Epoch} AND c."Generation" = {claim.Generation}
                AND c."DoubtfulSince" IS NULL AND c."FirstAttemptAt" IS NULL
                AND EXISTS (SELECT 1 FROM "Installation" WHERE "Hold" IS NULL)
                AND EXISTS (SELECT 1 FROM "Tenants" AS t WHERE t."Id" = c."TenantId" AND t."DeletionBegunAt" IS NULL)
                AND EXISTS (
                    SELECT 1 FROM "ProviderAccounts" AS a
                    WHERE a."Id" = {accountId} AND (a."IsCurrent" OR (
                        a."OwnerId" = c."TenantId"
                        AND EXISTS (
                            SELECT 1 FROM "OwnAccounts" AS o
                            WHERE o."TenantId" = c."TenantId" AND o."AccountId" = a."Id" AND o."IsCurrent"
                                AND o."ApiKey" IS NOT NULL)
                        AND EXISTS (
                            SELECT 1 FROM "ProviderAccounts" AS i
                            WHERE i."IsCurrent" AND i."BaseUrl" = a."BaseUrl"))))
                AND EXISTS (
                    SELECT 1 FROM "Campaigns" AS m
                    JOIN "SenderIdentities" AS s ON s."TenantId" = m."TenantId" AND s."Id" = m."SenderId"
                    JOIN "SendingDomains" AS d ON d."TenantId" = s."TenantId" AND d."Id" = s."DomainId"
                    JOIN "ProviderAccounts" AS h ON h."Id" = d."AccountId"
                    WHERE m."TenantId" = c."TenantId" AND m."Id" = c."CampaignId" AND m."CurrentRun" = c."RunNumber"
                        AND m."Status" = 'Sending' AND d."Status" = 'Verified'
                        AND (m."FromHeader" IS NULL OR m."FromHeader" = s."LocalPart" || '@' || d."Name"
                            OR substr(m."FromHeader", length(m."FromHeader") - length(s."LocalPart" || d."Name") - 2)
                                = '<' || s."LocalPart" || '@' || d."Name" || '>')
                        AND (h."Id" = {accountId} OR (h."OwnerId" IS NULL AND EXISTS (
                            SELECT 1 FROM "ProviderAccounts" AS a WHERE a."Id" = {accountId} AND a."IsCurrent"))))
                AND EXISTS (
                    SELECT 1 FROM "Runs" AS r
                    WHERE r."TenantId" = c."TenantId" AND r."CampaignId" = c."CampaignId" AND r."Number" = c."RunNumber"
                        AND r."AccountId" = {accountId})
            """,
            cancellation
        );
    }

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
        WithVerifiedSender(context).AnyAsync(campaign => campaign.Id == claim.CampaignId, cancellation);

    private IQueryable<Chunk> MayGoOut()
    {
        var withSender = WithVerifiedSender(context);
        var usable = UsableAccounts.ForRepeats(context, claim.TenantId);
        return ClaimFence
            .Mine(context, claim)
            .Where(chunk =>
                chunk.Generation == claim.Generation
                && context.Installation.Any(installation => installation.Hold == null)
                && context.Tenants.Living().Any(tenant => tenant.Id == chunk.TenantId)
                && usable.Any(account => account.Id == accountId)
                && withSender.Any(campaign => campaign.TenantId == chunk.TenantId && campaign.Id == chunk.CampaignId)
            );
    }

    /// <summary>Campaigns whose sender is the tenant's own, at a verified domain, and is whom their From line names.</summary>
    public static IQueryable<Campaign> WithVerifiedSender(PortalDbContext context) =>
        context.Campaigns.Where(campaign =>
            context.SenderIdentities.Any(sender =>
                sender.TenantId == campaign.TenantId
                && sender.Id == campaign.SenderId
                && sender.Domain!.Status == DomainStatus.Verified
                && (
                    campaign.FromHeader == null
                    || campaign.FromHeader == sender.LocalPart + "@" + sender.Domain.Name
                    || campaign.FromHeader.EndsWith("<" + sender.LocalPart + "@" + sender.Domain.Name + ">")
                )
            )
        );
}
