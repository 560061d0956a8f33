using Ledgerpost.Data;

namespace Ledgerpost.Sending;

/// <summary>The fence of every step that a worker takes with a chunk: still leased, and still to me.</summary>
public static class ClaimFence
{
    public static IQueryable<Chunk> Mine(PortalDbContext context, ClaimedChunk claim) =>
        context.Chunks.Where(chunk =>
            chunk.TenantId == claim.TenantId
            && chunk.CampaignId == claim.CampaignId
            && chunk.Number == claim.Number
            && chunk.State == ChunkState.Leased
            && chunk.Epoch == claim.Epoch
        );
}
