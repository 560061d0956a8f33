using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>One call whose fate is not known, as a person needs it to decide.</summary>
/// <param name="Since">Its first attempt.</param>
/// <param name="Last">Its last attempt.</param>
/// <param name="Said">What the provider, or the network, said last; null when nothing ever came.</param>
public sealed record UnknownCall(
    int Chunk,
    int Run,
    int People,
    DateTimeOffset? Since,
    DateTimeOffset? Last,
    int Attempts,
    string? Key,
    string? Said
);

/// <param name="Total">All of them; the list has the first that were asked for.</param>
public sealed record UnknownCalls(IReadOnlyList<UnknownCall> Calls, int Total);

/// <summary>The calls of a campaign that wait for proof or for a person's decision.</summary>
public sealed class ListUnknown(PortalDb database)
{
    public const int MaxTake = 20;

    /// <param name="after">The last call of the page before.</param>
    public Task<UnknownCalls> ExecuteAsync(
        TenantScope scope,
        Guid campaignId,
        CancellationToken cancellation,
        int after = 0,
        int take = MaxTake
    ) =>
        database.ReadSnapshotAsync(
            scope,
            async (db, token) =>
            {
                var waiting = db.Chunks.Where(chunk =>
                    chunk.CampaignId == campaignId && chunk.State == ChunkState.Unknown && chunk.Decision == null
                );
                var total = await waiting.CountAsync(token);
                var calls = await waiting
                    .Where(chunk => chunk.Number > after)
                    .OrderBy(chunk => chunk.Number)
                    .Take(take)
                    .Select(chunk => new UnknownCall(
                        chunk.Number,
                        chunk.RunNumber,
                        db.Recipients.Count(row =>
                            row.TenantId == chunk.TenantId
                            && row.CampaignId == campaignId
                            && row.ChunkNumber == chunk.Number
                            && row.State == RecipientState.Unknown
                        ),
                        chunk.FirstAttemptAt,
                        db.Attempts.Where(attempt =>
                                attempt.TenantId == chunk.TenantId
                                && attempt.CampaignId == campaignId
                                && attempt.ChunkNumber == chunk.Number
                            )
                            .Max(attempt => (DateTimeOffset?)attempt.StartedAt),
                        chunk.Attempts,
                        chunk.Key,
                        chunk.LastMessage
                    ))
                    .ToListAsync(token);
                return new UnknownCalls(calls, total);
            },
            cancellation
        );
}
