using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>One line of a campaign's history.</summary>
public abstract record ActivityEntry(DateTimeOffset At)
{
    /// <summary>What somebody, or the engine, did; <paramref name="Action"/> as in the audit log.</summary>
    public sealed record Act(DateTimeOffset At, string Action, string Actor, string? Details) : ActivityEntry(At);

    /// <summary>One call to the provider.</summary>
    /// <param name="HalfOf">The refused chunk that this one is a half of.</param>
    public sealed record Call(
        DateTimeOffset At,
        int Run,
        int Chunk,
        int? HalfOf,
        int Number,
        string Key,
        string RecipientNumbers,
        int Recipients,
        AttemptOutcome? Outcome,
        int? HttpStatus,
        string? ErrorName,
        string? Message,
        TimeSpan? Took
    ) : ActivityEntry(At);
}

public sealed record ActivityPage(IReadOnlyList<ActivityEntry> Entries, int Total);

/// <summary>What people and the engine did with a campaign, and each call to the provider; newest first.</summary>
public sealed class CampaignActivity(PortalDb database)
{
    public const int MaxTake = 200;

    public Task<ActivityPage> ExecuteAsync(
        TenantScope scope,
        Guid campaignId,
        int skip,
        int take,
        CancellationToken cancellation
    ) =>
        database.ReadSnapshotAsync(
            scope,
            async (db, token) =>
            {
                var target = campaignId.ToString();
                // Each keystroke that was saved is in the audit log; here it would hide the rest.
                var acts = db.AuditEntries.Where(entry =>
                    entry.TargetKind == "campaign" && entry.TargetId == target && entry.Action != "campaign.edited"
                );
                var calls = db.Attempts.Where(attempt => attempt.CampaignId == campaignId);
                var total = await acts.CountAsync(token) + await calls.CountAsync(token);
                var until = Math.Max(0, skip) + Math.Clamp(take, 1, MaxTake);
                var entries = new List<ActivityEntry>();
                entries.AddRange(
                    await acts.OrderByDescending(entry => entry.Sequence)
                        .Take(until)
                        .Select(entry => new ActivityEntry.Act(entry.At, entry.Action, entry.ActorName, entry.Details))
                        .ToListAsync(token)
                );
                var attempts = await calls
                    .OrderByDescending(attempt => attempt.StartedAt)
                    .ThenByDescending(attempt => attempt.ChunkNumber)
                    .Take(until)
                    .ToListAsync(token);
                var numbers = attempts.Select(attempt => attempt.ChunkNumber).Distinct().ToList();
                var parents = await db
                    .Chunks.Where(c =>
                        c.CampaignId == campaignId && numbers.Contains(c.Number) && c.ParentNumber != null
                    )
                    .Select(c => new { c.Number, c.ParentNumber })
                    .ToDictionaryAsync(c => c.Number, c => c.ParentNumber, token);
                entries.AddRange(attempts.Select(a => Call(a, parents.GetValueOrDefault(a.ChunkNumber))));
                return new ActivityPage([.. entries.OrderByDescending(entry => entry.At).Skip(skip).Take(take)], total);
            },
            cancellation
        );

    private static ActivityEntry.Call Call(Attempt attempt, int? halfOf) =>
        new(
            attempt.StartedAt,
            attempt.RunNumber,
            attempt.ChunkNumber,
            halfOf,
            attempt.Number,
            attempt.Key,
            attempt.RecipientNumbers,
            attempt.Mails,
            attempt.Outcome,
            attempt.HttpStatus,
            attempt.ErrorName,
            attempt.Message,
            attempt.CompletedAt - attempt.StartedAt
        );
}
