using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Simulation;

/// <summary>What chunks must not be left as, and which of them a person had sent again.</summary>
internal static partial class SimCheck
{
    /// <summary>For whom a person asked for another mail, knowing that there may be one: one more each time.</summary>
    private static Dictionary<(Guid Campaign, int Recipient), int> AskedFor(SimWorld world)
    {
        var again = world.Look(db =>
            db.Chunks.Where(c => c.Decision == UnknownDecision.SendAgain)
                .Join(
                    db.Attempts.Where(a => a.CleanHistory),
                    c => new
                    {
                        c.CampaignId,
                        ChunkNumber = c.Number,
                        c.Generation,
                    },
                    a => new
                    {
                        a.CampaignId,
                        a.ChunkNumber,
                        a.Generation,
                    },
                    (_, a) => new { a.CampaignId, a.RecipientNumbers }
                )
                .ToListAsync()
        );
        // Of a call that an older database does not know there is no attempt, but the chunk that stands for it; one of a
        // generation before, which was refused, is another call's.
        var unattempted = world.RestoredAt is null
            ? []
            : world.Look(db =>
                db.Chunks.Where(c =>
                        c.Decision == UnknownDecision.SendAgain
                        && !db.Attempts.Any(a =>
                            a.CampaignId == c.CampaignId
                            && a.ChunkNumber == c.Number
                            && a.Generation == c.Generation
                            && a.CleanHistory
                        )
                    )
                    .Select(c => new
                    {
                        c.CampaignId,
                        c.FirstRecipient,
                        c.LastRecipient,
                    })
                    .ToListAsync()
            );
        return again
            .SelectMany(call => NumberRanges.Expand(call.RecipientNumbers).Select(number => (call.CampaignId, number)))
            .Concat(
                unattempted.SelectMany(chunk =>
                    Enumerable
                        .Range(chunk.FirstRecipient, chunk.LastRecipient - chunk.FirstRecipient + 1)
                        .Select(number => (chunk.CampaignId, number))
                )
            )
            .CountBy(who => who)
            .ToDictionary();
    }

    private static void NoChunkInLimbo(Campaign campaign, List<Chunk> chunks, List<Recipient> people, bool restored)
    {
        foreach (var chunk in chunks)
        {
            var what = $"Chunk {chunk.Number} of {campaign.Id:N} ({campaign.Status}) is left {chunk.State}";
            Require(chunk.State is not (ChunkState.Planned or ChunkState.Leased), $"LIMBO: {what}.");
            Require(chunk.DoubtfulSince is null && chunk.Payload is null, $"LIMBO: {what}, still in doubt.");
            Require(
                chunk.State != ChunkState.Unknown
                    // Where an older database came back, proof comes person by person and closes no chunk.
                    || restored
                    || chunk.Decision is not null
                    || people.Exists(p => p.ChunkNumber == chunk.Number && p.State == RecipientState.Unknown),
                $"LIMBO: {what} and nobody in it is unknown."
            );
        }

        var unknown = chunks
            .Where(chunk => chunk.State == ChunkState.Unknown)
            .Select(chunk => chunk.Number)
            .ToHashSet();
        Require(
            people.TrueForAll(p =>
                p.State != RecipientState.Unknown || (p.ChunkNumber is { } n && unknown.Contains(n))
            ),
            $"LIMBO: somebody of {campaign.Id:N} is unknown and no unknown chunk has them."
        );
    }
}
