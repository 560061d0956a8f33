using System.Text.Json;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>One thing that happened to one recipient.</summary>
public abstract record TimelineEntry(DateTimeOffset At)
{
    /// <summary>The audience was taken into the ledger.</summary>
    public sealed record Frozen(DateTimeOffset At) : TimelineEntry(At);

    /// <param name="HalfOf">The refused chunk that this one is a half of.</param>
    /// <param name="Outcome">Null while the answer is awaited, and for ever when the process died meanwhile.</param>
    /// <param name="ProviderId">This recipient's own, where the provider answered with one.</param>
    /// <param name="Others">How many more people were in the same request.</param>
    public sealed record Attempted(
        DateTimeOffset At,
        int Run,
        int Chunk,
        int? HalfOf,
        int Number,
        string Key,
        AttemptOutcome? Outcome,
        int? HttpStatus,
        string? ErrorName,
        string? Message,
        string? ProviderId,
        int Others,
        TimeSpan? Took
    ) : TimelineEntry(At);

    /// <summary>What the provider reported; <paramref name="Type"/> is its word, such as <c>email.bounced</c>.</summary>
    /// <param name="Machine">The scanner or proxy that opened or clicked, where it is known.</param>
    public sealed record Reported(DateTimeOffset At, string Type, string? Detail, string? Machine = null)
        : TimelineEntry(At);

    /// <summary>A person decided about a call of which it was part.</summary>
    public sealed record Decided(DateTimeOffset At, UnknownDecision Decision, string By, int Chunk) : TimelineEntry(At);

    /// <summary>Refused, excluded or unknown: where it stands for a reason of its own.</summary>
    public sealed record Settled(DateTimeOffset At, RecipientState State, string? Reason, string? Detail)
        : TimelineEntry(At);
}

/// <param name="Fields">The recipient's own fields as they were frozen; null for none.</param>
public sealed record RecipientTimelineView(
    RecipientListItem Recipient,
    IReadOnlyList<TimelineEntry> Entries,
    string? Fields
);

/// <summary>One recipient's whole story: every attempt that it was part of and every event, in the order of time.</summary>
public sealed class RecipientTimeline(PortalDb database)
{
    /// <param name="kind">Whose recipient is looked for; those of the other kind are not there.</param>
    /// <returns>Null when the tenant has no such recipient.</returns>
    public Task<RecipientTimelineView?> ExecuteAsync(
        TenantScope scope,
        Guid campaignId,
        int number,
        CancellationToken cancellation,
        CampaignKind kind = CampaignKind.Composed
    ) => database.ReadSnapshotAsync(scope, (db, token) => ReadAsync(db, campaignId, number, kind, token), cancellation);

    private static async Task<RecipientTimelineView?> ReadAsync(
        PortalDbContext db,
        Guid campaignId,
        int number,
        CampaignKind kind,
        CancellationToken cancellation
    )
    {
        var row = await db
            .Recipients.Where(r => r.CampaignId == campaignId && r.Number == number)
            .Select(RecipientListItem.Of)
            .SingleOrDefaultAsync(cancellation);
        var campaign = await db
            .Campaigns.Where(c => c.Id == campaignId)
            .Select(c => new { c.LaunchedAt, c.Kind })
            .SingleOrDefaultAsync(cancellation);
        if (row is null || campaign?.Kind != kind)
        {
            return null;
        }

        var fields = await db
            .RecipientFields.Where(r => r.CampaignId == campaignId && r.RecipientNumber == number)
            .Select(r => r.Fields)
            .SingleOrDefaultAsync(cancellation);
        var entries = new List<TimelineEntry>();
        if (campaign.LaunchedAt is { } at)
        {
            entries.Add(new TimelineEntry.Frozen(at));
        }

        var attempts = await AttemptsAsync(db, campaignId, number, cancellation);
        entries.AddRange(attempts);
        entries.AddRange(await DecisionsAsync(db, campaignId, attempts, cancellation));
        var events = await db
            .RecipientEvents.Where(e => e.CampaignId == campaignId && e.RecipientNumber == number)
            .Select(e => new TimelineEntry.Reported(e.OccurredAt, e.Type, e.Detail, e.Machine))
            .ToListAsync(cancellation);
        entries.AddRange(events);
        if (row.State is RecipientState.Refused or RecipientState.Excluded or RecipientState.Unknown)
        {
            entries.Add(new TimelineEntry.Settled(row.UpdatedAt, row.State, row.Reason, row.Detail));
        }

        // Sorting keeps the order of equals: within one instant the attempt stands before what the provider said of it.
        return new RecipientTimelineView(row, [.. entries.OrderBy(entry => entry.At)], fields);
    }

    private static async Task<List<TimelineEntry.Attempted>> AttemptsAsync(
        PortalDbContext db,
        Guid campaignId,
        int number,
        CancellationToken cancellation
    )
    {
        // A chunk's range is where its members lie; who really was in a request stands in the attempt.
        var attempts = await db
            .Chunks.Where(chunk =>
                chunk.CampaignId == campaignId && chunk.FirstRecipient <= number && chunk.LastRecipient >= number
            )
            .Join(
                db.Attempts.Where(attempt => attempt.CampaignId == campaignId),
                chunk => chunk.Number,
                attempt => attempt.ChunkNumber,
                (chunk, attempt) => new { Attempt = attempt, chunk.ParentNumber }
            )
            .ToListAsync(cancellation);
        return
        [
            .. attempts
                .Select(row =>
                    (row.Attempt, row.ParentNumber, Index: NumberRanges.IndexOf(row.Attempt.RecipientNumbers, number))
                )
                .Where(row => row.Index >= 0)
                .Select(row => Entry(row.Attempt, row.ParentNumber, row.Index)),
        ];
    }

    private static async Task<IEnumerable<TimelineEntry>> DecisionsAsync(
        PortalDbContext db,
        Guid campaignId,
        List<TimelineEntry.Attempted> attempts,
        CancellationToken cancellation
    )
    {
        var numbers = attempts.Select(attempt => attempt.Chunk).Distinct().ToList();
        var decided = await db
            .Chunks.Where(chunk =>
                chunk.CampaignId == campaignId && chunk.Decision != null && numbers.Contains(chunk.Number)
            )
            .Select(chunk => new
            {
                chunk.Number,
                chunk.Decision,
                chunk.DecidedBy,
                chunk.DecidedAt,
            })
            .ToListAsync(cancellation);
        return decided.Select(chunk => new TimelineEntry.Decided(
            chunk.DecidedAt!.Value,
            chunk.Decision!.Value,
            chunk.DecidedBy ?? "",
            chunk.Number
        ));
    }

    private static TimelineEntry.Attempted Entry(Attempt attempt, int? halfOf, int index)
    {
        var ids = attempt.ProviderIds is null ? null : JsonSerializer.Deserialize<List<string>>(attempt.ProviderIds);
        return new TimelineEntry.Attempted(
            attempt.StartedAt,
            attempt.RunNumber,
            attempt.ChunkNumber,
            halfOf,
            attempt.Number,
            attempt.Key,
            attempt.Outcome,
            attempt.HttpStatus,
            attempt.ErrorName,
            attempt.Message,
            ids?.ElementAtOrDefault(index),
            attempt.Mails - 1,
            attempt.CompletedAt - attempt.StartedAt
        );
    }
}
