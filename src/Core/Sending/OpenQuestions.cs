using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>A chunk of which it is not known whether the provider has it, and that is not repeated.</summary>
/// <param name="AccountId">Through which it went, or would have gone.</param>
/// <param name="From">When the provider may have taken it at the earliest, by our clock.</param>
/// <param name="Addresses">Of its recipients that are not proven.</param>
public sealed record OpenQuestion(
    Guid TenantId,
    Guid CampaignId,
    int Chunk,
    Guid AccountId,
    DateTimeOffset From,
    DateTimeOffset Until,
    IReadOnlySet<string> Addresses
);

/// <summary>What only the provider can answer.</summary>
public sealed class OpenQuestions(PortalDb db)
{
    /// <summary>Enough for one way through the record; then come those that were asked longest ago, also after a restart.</summary>
    private const int AtATime = 50;

    /// <summary>From the intent to the last instant at which the provider can have decided on that call.</summary>
    private static readonly TimeSpan CallTakes = TimeSpan.FromMinutes(3);

    /// <summary>The own accounts with a key that there is a question about: all of them in one question to the database.</summary>
    public async Task<IReadOnlyList<CurrentAccount>> OwnAccountsAsync(CancellationToken cancellation)
    {
        var stopped = db.Time.MayNotRepeat();
        await using var context = db.Read(TenantScope.Installation);
        stopped |= await context.Installation.AnyAsync(installation => installation.Hold != null, cancellation);
        var open = Open(context, context.Chunks, stopped);
        var asked = UsableAccounts
            .WithKeys(context)
            .Where(own => open.Any(chunk => chunk.TenantId == own.TenantId && chunk.AccountId == own.AccountId));
        return await UsableAccounts.CallsThrough(context, asked).ToListAsync(cancellation);
    }

    /// <param name="asked">
    /// Whose key asks. The installation's: of each of its accounts at this address, since whoever has mail of ours there proves it.
    /// A tenant's own: of itself, for nothing else can have mail of it.
    /// </param>
    public async Task<IReadOnlyList<OpenQuestion>> ReadAsync(CurrentAccount asked, CancellationToken cancellation)
    {
        // While nothing may be repeated, all doubt is a question.
        var stopped = db.Time.MayNotRepeat();
        await using var context = db.Read(TenantScope.Installation);
        var installation = await context.Installation.SingleAsync(cancellation);
        var accounts = await context
            .ProviderAccounts.Where(account =>
                account.BaseUrl == asked.BaseUrl
                && account.OwnerId == asked.OwnerId
                && (account.OwnerId == null || account.Id == asked.Id)
            )
            .Select(account => account.Id)
            .ToListAsync(cancellation);
        var chunks = await Open(
                context,
                context.Chunks.Where(chunk => asked.OwnerId == null || chunk.TenantId == asked.OwnerId),
                stopped || installation.Hold != null
            )
            // Before they are counted: what this key cannot read would keep the places of what it can.
            .Where(chunk => chunk.AccountId != null && accounts.Contains(chunk.AccountId.Value))
            .OrderBy(chunk => chunk.AskedAt != null)
            .ThenBy(chunk => chunk.AskedAt)
            .ThenByDescending(chunk => chunk.FirstAttemptAt)
            .ThenBy(chunk => chunk.CampaignId)
            .ThenBy(chunk => chunk.Number)
            .Take(AtATime)
            .ToListAsync(cancellation);
        var questions = new List<OpenQuestion>();
        foreach (var chunk in chunks)
        {
            var last = await context
                .Attempts.Where(a =>
                    a.TenantId == chunk.TenantId && a.CampaignId == chunk.CampaignId && a.ChunkNumber == chunk.Number
                )
                .MaxAsync(a => (DateTimeOffset?)a.StartedAt, cancellation);
            // Without an attempt of ours it comes from a backup: it may have gone out between that and now.
            var from = chunk.FirstAttemptAt ?? installation.BackedUpAt ?? installation.CreatedAt;
            var until = chunk.FirstAttemptAt is null ? db.Time.GetUtcNow() : (last ?? from) + CallTakes;
            var addresses = await Ledger
                .Members(context, chunk.TenantId, chunk.CampaignId, chunk.Number)
                .Where(r => r.State == RecipientState.Unknown || r.State == RecipientState.InDoubt)
                .Select(r => r.Email)
                .ToListAsync(cancellation);
            questions.Add(
                new OpenQuestion(
                    chunk.TenantId,
                    chunk.CampaignId,
                    chunk.Number,
                    chunk.AccountId!.Value,
                    from,
                    until,
                    addresses.ToHashSet(StringComparer.OrdinalIgnoreCase)
                )
            );
        }

        return questions;
    }

    /// <summary>The record was gone through for these: the next time it is others' turn.</summary>
    public Task AskedAsync(IReadOnlyList<OpenQuestion> asked, CancellationToken cancellation) =>
        db.WriteBesideOthersAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                var now = db.Time.GetUtcNow();
                foreach (var question in asked)
                {
                    await Chunks
                        .Numbered(context, question.TenantId, question.CampaignId, question.Chunk)
                        .ExecuteUpdateAsync(set => set.SetProperty(chunk => chunk.AskedAt, now), token);
                }

                return true;
            },
            cancellation
        );

    /// <param name="stopped">Nothing may be repeated now: all doubt is a question.</param>
    private static IQueryable<OpenChunk> Open(PortalDbContext context, IQueryable<Chunk> of, bool stopped) =>
        of.Where(chunk =>
                (
                    chunk.State == ChunkState.Unknown
                    && context.Recipients.Any(r =>
                        r.TenantId == chunk.TenantId
                        && r.CampaignId == chunk.CampaignId
                        && r.ChunkNumber == chunk.Number
                        && r.State == RecipientState.Unknown
                    )
                )
                || (
                    chunk.DoubtfulSince != null
                    && (
                        stopped
                        // Repeated where it went as long as the sender holds; where it does not, this is all that can prove it.
                        || context.OwnAccounts.Any(own =>
                            own.TenantId == chunk.TenantId && own.AccountId == chunk.AccountId && own.LeftAt != null
                        )
                        || context.Campaigns.Any(c =>
                            c.TenantId == chunk.TenantId
                            && c.Id == chunk.CampaignId
                            && (c.Status == CampaignStatus.Paused || c.Status == CampaignStatus.Cancelled)
                        )
                    )
                )
            )
            .Select(chunk => new OpenChunk
            {
                TenantId = chunk.TenantId,
                CampaignId = chunk.CampaignId,
                Number = chunk.Number,
                AccountId =
                    chunk.AccountId
                    ?? context
                        .Runs.Where(run =>
                            run.TenantId == chunk.TenantId
                            && run.CampaignId == chunk.CampaignId
                            && run.Number == chunk.RunNumber
                        )
                        .Select(run => (Guid?)run.AccountId)
                        .FirstOrDefault(),
                FirstAttemptAt = chunk.FirstAttemptAt,
                AskedAt = chunk.AskedAt,
            });

    private sealed class OpenChunk
    {
        public Guid TenantId { get; init; }
        public Guid CampaignId { get; init; }
        public int Number { get; init; }
        public Guid? AccountId { get; init; }
        public DateTimeOffset? FirstAttemptAt { get; init; }
        public DateTimeOffset? AskedAt { get; init; }
    }
}
