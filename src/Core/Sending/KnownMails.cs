using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>Whose mail an acceptance is about, as far as everybody who reports of it needs to know.</summary>
/// <param name="ChunkNumber">The chunk that the row counts as sent with; null when it is none any more.</param>
public sealed record MailOwner(
    Guid TenantId,
    Guid CampaignId,
    int Number,
    string NormalizedEmail,
    int? ChunkNumber,
    string? ProviderEmailId
);

/// <summary>What is known of an acceptance without changing anything. A closed set.</summary>
public abstract record KnownMail
{
    private KnownMail() { }

    public sealed record Nobody : KnownMail;

    /// <summary>Proven before, through the account that says so now: nothing is left to prove.</summary>
    public sealed record Proven(MailOwner Owner) : KnownMail;

    /// <summary>Untagged, and the mail went through none of the accounts that say so: it can prove nothing.</summary>
    public sealed record OtherAccount : KnownMail;

    /// <summary>Something may be proven by it, contradicted or refused: <see cref="ProveAcceptance"/> decides.</summary>
    public sealed record Ask : KnownMail;
}

/// <summary>
/// Looks many acceptances up at once, a few questions for all of them. Nearly every event is about a mail that its settle
/// has proven already; only the others are worth the questions that one proof takes.
/// </summary>
public static class KnownMails
{
    private sealed record Row(MailOwner Owner, RecipientState State, bool Plain);

    /// <param name="mails">Each with the accounts that whoever says so speaks for.</param>
    /// <returns>In the order of <paramref name="mails"/>.</returns>
    public static async Task<IReadOnlyList<KnownMail>> LookUpAsync(
        PortalDbContext context,
        IReadOnlyList<(IReadOnlyCollection<Guid> Accounts, Acceptance Acceptance)> mails,
        CancellationToken cancellation
    )
    {
        var tagged = await TaggedAsync(context, mails, cancellation);
        var byId = await ByIdAsync(context, mails, cancellation);
        var found = mails.Select(mail => Find(mail.Acceptance, tagged, byId)).ToList();
        var chunks = await ChunksAsync(context, mails, found, cancellation);
        return
        [
            .. mails.Zip(
                found,
                (mail, rows) =>
                    rows switch
                    {
                        [] => (KnownMail)new KnownMail.Nobody(),
                        [{ State: RecipientState.Accepted, Plain: true } row]
                            when chunks.IsProven(mail.Accounts, mail.Acceptance.Tags, row.Owner) =>
                            new KnownMail.Proven(row.Owner),
                        [var row]
                            when mail.Acceptance.Tags is null && !chunks.IsThrough(mail.Accounts, null, row.Owner) =>
                            new KnownMail.OtherAccount(),
                        _ => new KnownMail.Ask(),
                    }
            ),
        ];
    }

    private static IReadOnlyList<Row> Find(
        Acceptance acceptance,
        Dictionary<(Guid, int), Row> tagged,
        ILookup<string, Row> byId
    ) =>
        acceptance.Tags is not { } tags ? [.. byId[acceptance.EmailId]]
        : tagged.GetValueOrDefault((tags.CampaignId, tags.Recipient)) is { } row ? [row]
        : [];

    private static async Task<Dictionary<(Guid, int), Row>> TaggedAsync(
        PortalDbContext context,
        IReadOnlyList<(IReadOnlyCollection<Guid>, Acceptance Acceptance)> mails,
        CancellationToken cancellation
    )
    {
        var numbers = mails
            .Select(mail => mail.Acceptance.Tags)
            .OfType<MailTags>()
            .GroupBy(tags => tags.CampaignId)
            .ToDictionary(group => group.Key, group => group.Select(tags => tags.Recipient).Distinct().ToArray());
        var rows = new Dictionary<(Guid, int), Row>();
        if (numbers.Count == 0)
        {
            return rows;
        }

        // The tenants first: without them the ledger's key is no key.
        var campaigns = numbers.Keys.ToArray();
        var tenants = await context
            .Campaigns.Where(campaign => campaigns.Contains(campaign.Id))
            .Select(campaign => new { campaign.Id, campaign.TenantId })
            .ToListAsync(cancellation);
        foreach (var campaign in tenants)
        {
            var wanted = numbers[campaign.Id];
            var found = context.Recipients.Where(r =>
                r.TenantId == campaign.TenantId && r.CampaignId == campaign.Id && wanted.Contains(r.Number)
            );
            foreach (var row in await RowsAsync(found, cancellation))
            {
                rows[(campaign.Id, row.Owner.Number)] = row;
            }
        }

        return rows;
    }

    private static async Task<ILookup<string, Row>> ByIdAsync(
        PortalDbContext context,
        IReadOnlyList<(IReadOnlyCollection<Guid>, Acceptance Acceptance)> mails,
        CancellationToken cancellation
    )
    {
        var ids = mails
            .Where(mail => mail.Acceptance.Tags is null)
            .Select(mail => mail.Acceptance.EmailId)
            .Distinct()
            .ToArray();
        var rows =
            ids.Length == 0
                ? []
                : await RowsAsync(
                    context.Recipients.Where(r => r.ProviderEmailId != null && ids.Contains(r.ProviderEmailId)),
                    cancellation
                );
        return rows.ToLookup(row => row.Owner.ProviderEmailId!);
    }

    private static Task<List<Row>> RowsAsync(IQueryable<Recipient> recipients, CancellationToken cancellation) =>
        recipients
            .Select(r => new Row(
                new MailOwner(r.TenantId, r.CampaignId, r.Number, r.NormalizedEmail, r.ChunkNumber, r.ProviderEmailId),
                r.State,
                r.FailedChunk == null && r.AssumedBy == null
            ))
            .ToListAsync(cancellation);

    private static async Task<ProvenChunks> ChunksAsync(
        PortalDbContext context,
        IReadOnlyList<(IReadOnlyCollection<Guid>, Acceptance Acceptance)> mails,
        List<IReadOnlyList<Row>> found,
        CancellationToken cancellation
    )
    {
        var proven = new ProvenChunks();
        var groups = mails
            .Zip(found)
            .Where(pair => pair.Second.Count == 1)
            .Select(pair =>
                (pair.Second[0].Owner, Chunk: pair.First.Acceptance.Tags?.Chunk ?? pair.Second[0].Owner.ChunkNumber)
            )
            .Where(pair => pair.Chunk is not null)
            .GroupBy(pair => (pair.Owner.TenantId, pair.Owner.CampaignId));
        foreach (var group in groups)
        {
            var (tenantId, campaignId) = group.Key;
            var numbers = group.Select(pair => pair.Chunk!.Value).Distinct().ToArray();
            var attempts = await context
                .Attempts.Where(a =>
                    a.TenantId == tenantId && a.CampaignId == campaignId && numbers.Contains(a.ChunkNumber)
                )
                .Select(a => new
                {
                    a.ChunkNumber,
                    a.Generation,
                    a.AccountId,
                })
                .Distinct()
                .ToListAsync(cancellation);
            foreach (var attempt in attempts)
            {
                proven.Attempted.Add((campaignId, attempt.ChunkNumber, attempt.Generation, attempt.AccountId));
                proven.Attempted.Add((campaignId, attempt.ChunkNumber, null, attempt.AccountId));
            }

            var open = await context
                .Chunks.Where(c =>
                    c.TenantId == tenantId
                    && c.CampaignId == campaignId
                    && numbers.Contains(c.Number)
                    && (c.DoubtfulSince != null || c.State == ChunkState.Unknown)
                )
                .Select(c => new { c.Number, c.Generation })
                .ToListAsync(cancellation);
            proven.Open.UnionWith(open.Select(c => (campaignId, c.Number, c.Generation)));
        }

        return proven;
    }

    private sealed class ProvenChunks
    {
        public HashSet<(Guid, int, int?, Guid)> Attempted { get; } = [];
        public HashSet<(Guid, int, int)> Open { get; } = [];

        public bool IsProven(IReadOnlyCollection<Guid> accounts, MailTags? tags, MailOwner owner) =>
            IsThrough(accounts, tags, owner)
            && (tags is null || !Open.Contains((owner.CampaignId, tags.Chunk, tags.Generation)));

        public bool IsThrough(IReadOnlyCollection<Guid> accounts, MailTags? tags, MailOwner owner) =>
            (tags?.Chunk ?? owner.ChunkNumber) is { } chunk
            && accounts.Any(account => Attempted.Contains((owner.CampaignId, chunk, tags?.Generation, account)));
    }
}
