using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// Changes of chunks as single statements: who may make one stands in the caller's WHERE, and the frozen bytes are never
/// read to be thrown away.
/// </summary>
internal static class Chunks
{
    public static IQueryable<Chunk> Numbered(PortalDbContext db, Guid tenantId, Guid campaignId, int number) =>
        db.Chunks.Where(chunk =>
            chunk.TenantId == tenantId && chunk.CampaignId == campaignId && chunk.Number == number
        );

    /// <summary>The end of a chunk, or of its doubt. Key and account stay, for the proof that may still come.</summary>
    /// <returns>How many rows it touched.</returns>
    public static Task<int> CloseAsync(IQueryable<Chunk> which, ChunkState state, CancellationToken cancellation) =>
        which.ExecuteUpdateAsync(
            set =>
                set.SetProperty(chunk => chunk.State, state)
                    .SetProperty(chunk => chunk.LeaseOwner, (string?)null)
                    .SetProperty(chunk => chunk.LeaseEnds, (DateTimeOffset?)null)
                    .SetProperty(chunk => chunk.DoubtfulSince, (DateTimeOffset?)null)
                    .SetProperty(chunk => chunk.NotBefore, (DateTimeOffset?)null)
                    .SetProperty(chunk => chunk.Failures, 0)
                    .SetProperty(chunk => chunk.Payload, (byte[]?)null),
            cancellation
        );

    /// <summary>The same for the chunk that its worker holds, whose mails the provider has taken: once for every chunk.</summary>
    /// <returns>1, or 0 when it is not this worker's any more.</returns>
    public static Task<int> AcceptAsync(PortalDbContext db, ClaimedChunk claim, CancellationToken cancellation) =>
        db.ExecuteAsync(
            $"""
            UPDATE "Chunks" SET "State" = 'Accepted', "LeaseOwner" = NULL, "LeaseEnds" = NULL, "DoubtfulSince" = NULL,
                "NotBefore" = NULL, "Failures" = 0, "Payload" = NULL
            WHERE "TenantId" = {claim.TenantId} AND "CampaignId" = {claim.CampaignId} AND "Number" = {claim.Number}
                AND "State" = 'Leased' AND "Epoch" = {claim.Epoch}
            """,
            cancellation
        );

    /// <summary>Out of its worker's hands. What is in doubt stays in doubt.</summary>
    /// <returns>How many rows it touched.</returns>
    public static Task<int> ReleaseAsync(
        IQueryable<Chunk> which,
        string? lastMessage,
        CancellationToken cancellation
    ) =>
        which.ExecuteUpdateAsync(
            set =>
                set.SetProperty(chunk => chunk.State, ChunkState.Planned)
                    .SetProperty(chunk => chunk.LeaseOwner, (string?)null)
                    .SetProperty(chunk => chunk.LeaseEnds, (DateTimeOffset?)null)
                    .SetProperty(chunk => chunk.LastMessage, lastMessage),
            cancellation
        );

    /// <summary>Back to those that wait for a worker, without an answer. What is in doubt stays in doubt.</summary>
    /// <returns>How many rows it touched.</returns>
    public static Task<int> GiveBackAsync(
        IQueryable<Chunk> which,
        DateTimeOffset notBefore,
        CancellationToken cancellation
    ) =>
        which.ExecuteUpdateAsync(
            set =>
                set.SetProperty(chunk => chunk.State, ChunkState.Planned)
                    .SetProperty(chunk => chunk.LeaseOwner, (string?)null)
                    .SetProperty(chunk => chunk.LeaseEnds, (DateTimeOffset?)null)
                    .SetProperty(chunk => chunk.NotBefore, notBefore),
            cancellation
        );

    /// <summary>
    /// Rule 4 with a clean history: nothing was accepted, the generation is over. Its recipients are pending again, or
    /// excluded where the campaign was cancelled meanwhile; the next generation belongs to the run that is current now.
    /// </summary>
    public static async Task EndGenerationAsync(
        IQueryable<Chunk> over,
        IQueryable<Recipient> members,
        RecipientState from,
        HeldCampaign campaign,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var cancelled = campaign.Status == CampaignStatus.Cancelled;
        await CloseAsync(over, cancelled ? ChunkState.Abandoned : ChunkState.Planned, cancellation);
        await over.ExecuteUpdateAsync(
            set =>
                set.SetProperty(chunk => chunk.Generation, chunk => chunk.Generation + 1)
                    .SetProperty(chunk => chunk.RunNumber, campaign.CurrentRun)
                    .SetProperty(chunk => chunk.Key, (string?)null)
                    .SetProperty(chunk => chunk.AccountId, (Guid?)null)
                    .SetProperty(chunk => chunk.BaseUrl, (string?)null)
                    .SetProperty(chunk => chunk.FirstAttemptAt, (DateTimeOffset?)null)
                    .SetProperty(chunk => chunk.PayloadHash, (string?)null),
            cancellation
        );
        await (
            cancelled
                ? Ledger.MoveAsync(members, from, RecipientState.Excluded, now, cancellation, Reasons.Cancelled)
                : Ledger.MoveAsync(members, from, RecipientState.Pending, now, cancellation)
        );
    }
}

/// <summary>A campaign whose row is held until the commit.</summary>
/// <param name="LastChunk">With those that were asked for: theirs are the numbers up to it.</param>
internal sealed record HeldCampaign(CampaignStatus Status, int CurrentRun, int LastChunk)
{
    /// <summary>
    /// Takes so many new chunk numbers and, with the row, the place in the order of events: a cancel, a pause or a new run
    /// comes wholly before this transaction or wholly after it, and so does another worker's refusal.
    /// </summary>
    public static async Task<HeldCampaign> HoldAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        int newChunks,
        CancellationToken cancellation
    )
    {
        await db.LockCampaignAsync(campaignId, cancellation);
        var campaign = db.Campaigns.Where(c => c.TenantId == tenantId && c.Id == campaignId);
        await campaign.ExecuteUpdateAsync(
            set => set.SetProperty(c => c.LastChunk, c => c.LastChunk + newChunks),
            cancellation
        );
        return await campaign
            .Select(c => new HeldCampaign(c.Status, c.CurrentRun, c.LastChunk))
            .SingleAsync(cancellation);
    }
}
