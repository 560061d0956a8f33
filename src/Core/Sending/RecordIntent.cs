using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>What a written intent allows: one POST of these bytes under this key.</summary>
public sealed record Intent(
    int Attempt,
    string Key,
    string BaseUrl,
    ReadOnlyMemory<byte> Body,
    string PayloadHash,
    IReadOnlyList<int> Recipients,
    bool CleanHistory
);

/// <summary>What became of the intent. A closed set.</summary>
public abstract record IntentResult
{
    private IntentResult() { }

    public sealed record Written(Intent Intent) : IntentResult;

    /// <summary>Somebody must not be mailed since the chunk was prepared: prepare it again.</summary>
    public sealed record AudienceChanged : IntentResult;

    /// <summary>The sender is not the tenant's own verified one any more.</summary>
    public sealed record SenderLost : IntentResult;

    /// <summary>The statement touched no row: stale claim, paused, cancelled, another run, another account, window over.</summary>
    public sealed record Fenced : IntentResult;
}

/// <summary>
/// The write before every POST (docs/sending.md, rule 2): one fenced UPDATE whose WHERE holds every condition under
/// which this request may go out. What it did not commit is not sent.
/// </summary>
public sealed class RecordIntent(PortalDb db, SendingOptions options)
{
    /// <param name="prepared">Null for a repeat: the stored bytes go out again.</param>
    public async Task<IntentResult> ExecuteAsync(
        ClaimedChunk claim,
        PreparedChunk? prepared,
        Guid accountId,
        string baseUrl,
        CancellationToken cancellation
    )
    {
        try
        {
            return await db.WriteBesideOthersAsync(
                TenantScope.For(claim.TenantId),
                (context, token) => WriteAsync(context, claim, prepared, accountId, baseUrl, token),
                cancellation
            );
        }
        catch (CommitInDoubtException)
        {
            // Whether it holds is read again, by epoch; what cannot be read is not sent.
            db.Safety.Fired(SafetyMechanism.IntentCommitInDoubt, claim);
            return await ReadBackAsync(claim, cancellation) ?? new IntentResult.Fenced();
        }
    }

    private async Task<IntentResult> WriteAsync(
        PortalDbContext context,
        ClaimedChunk claim,
        PreparedChunk? prepared,
        Guid accountId,
        string baseUrl,
        CancellationToken cancellation
    )
    {
        // A pause, a cancel, a stop or a new run comes wholly before this transaction or wholly after it.
        await context.HoldCampaignAsync(claim.CampaignId, cancellation);
        var now = db.Time.GetUtcNow();
        // After the instant was read: one from a clock that is ahead must not be written into an intent.
        if (prepared is null ? db.Time.MayNotRepeat() : db.Time.MayNotSend())
        {
            context.Fired(SafetyMechanism.IntentClock, claim);
            return new IntentResult.Fenced();
        }

        if (prepared is not null && await AudienceChangedAsync(context, claim, prepared, cancellation))
        {
            context.Fired(SafetyMechanism.IntentAudienceChanged, claim);
            return new IntentResult.AudienceChanged();
        }

        var touched = prepared is null
            ? await RepeatAsync(context, claim, accountId, baseUrl, now, cancellation)
            : await FirstAsync(context, claim, prepared, accountId, baseUrl, now, cancellation);
        if (touched == 0)
        {
            var why = await WhyFenced.ReadAsync(
                context,
                claim,
                repeat: prepared is null,
                accountId,
                baseUrl,
                LastRepeat(now),
                now,
                cancellation
            );
            context.Fired(why, claim);
            return await SenderHoldsAsync(context, claim, cancellation)
                ? new IntentResult.Fenced()
                : new IntentResult.SenderLost();
        }

        if (prepared is not null)
        {
            await PutInDoubtAsync(context, claim, prepared, now, cancellation);
        }

        return new IntentResult.Written(await AddAttemptAsync(context, claim, prepared, now, cancellation));
    }

    private async Task<int> FirstAsync(
        PortalDbContext context,
        ClaimedChunk claim,
        PreparedChunk prepared,
        Guid accountId,
        string baseUrl,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var epoch = await context.Installation.Select(row => row.Epoch).SingleAsync(cancellation);
        var key = KeyFor(epoch, claim);
        var payload = MailBatch.Compress(prepared.Body.Span);
        var hash = MailBatch.Hash(prepared.Body.Span);
        return await MayGoOut(context, claim, accountId)
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
                        .SetProperty(chunk => chunk.Payload, payload)
                        .SetProperty(chunk => chunk.PayloadHash, hash)
                        .SetProperty(chunk => chunk.Mails, prepared.Recipients.Count)
                        .SetProperty(chunk => chunk.AccountId, accountId)
                        .SetProperty(chunk => chunk.BaseUrl, baseUrl)
                        .SetProperty(chunk => chunk.Attempts, chunk => chunk.Attempts + 1)
                        .SetProperty(chunk => chunk.FirstAttemptAt, now)
                        .SetProperty(chunk => chunk.DoubtfulSince, now),
                cancellation
            );
    }

    /// <summary>Same bytes, same key, same account and address, within the window; also in a Partial campaign, and of any run.</summary>
    private Task<int> RepeatAsync(
        PortalDbContext context,
        ClaimedChunk claim,
        Guid accountId,
        string baseUrl,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var lastRepeat = LastRepeat(now);
        return MayGoOut(context, claim, accountId)
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
    }

    private DateTimeOffset LastRepeat(DateTimeOffset now) => now - (options.KeyWindow - options.KeyWindowMargin);

    private static IQueryable<Chunk> MayGoOut(PortalDbContext context, ClaimedChunk claim, Guid accountId) =>
        ClaimFence
            .Mine(context, claim)
            .Where(chunk =>
                chunk.Generation == claim.Generation
                && context.Installation.Any(installation => installation.Hold == null)
                && context.ProviderAccounts.Any(account => account.Id == accountId && account.IsCurrent)
                && context.Campaigns.Any(campaign =>
                    campaign.TenantId == chunk.TenantId
                    && campaign.Id == chunk.CampaignId
                    && context.SenderIdentities.Any(sender =>
                        sender.TenantId == campaign.TenantId
                        && sender.Id == campaign.SenderId
                        && sender.Domain!.Status == DomainStatus.Verified
                    )
                )
            );

    private static async Task<bool> SenderHoldsAsync(
        PortalDbContext context,
        ClaimedChunk claim,
        CancellationToken cancellation
    ) =>
        await context.Campaigns.AnyAsync(
            campaign =>
                campaign.Id == claim.CampaignId
                && context.SenderIdentities.Any(sender =>
                    sender.Id == campaign.SenderId && sender.Domain!.Status == DomainStatus.Verified
                ),
            cancellation
        );

    // A person who unsubscribed between the rendering and this statement is found here, in the same transaction.
    private static async Task<bool> AudienceChangedAsync(
        PortalDbContext context,
        ClaimedChunk claim,
        PreparedChunk prepared,
        CancellationToken cancellation
    )
    {
        var members = PrepareChunk.Members(context, claim);
        var numbers = await members.Select(r => r.Number).OrderBy(number => number).ToListAsync(cancellation);
        var others = await Lineage.OthersAsync(context, claim.TenantId, claim.CampaignId, cancellation);
        return !numbers.SequenceEqual(prepared.Recipients)
            || await Exclusions.AnyAsync(context, members, others, cancellation);
    }

    private static async Task PutInDoubtAsync(
        PortalDbContext context,
        ClaimedChunk claim,
        PreparedChunk prepared,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var moved = await Ledger.MoveAsync(
            PrepareChunk.Members(context, claim),
            RecipientState.Pending,
            RecipientState.InDoubt,
            now,
            cancellation
        );
        if (moved != prepared.Recipients.Count)
        {
            context.Safety?.Fired(SafetyMechanism.IntentMembersChanged, claim);
            throw new InvalidOperationException($"{moved} recipients in doubt for {prepared.Recipients.Count} mails.");
        }
    }

    private async Task<Intent> AddAttemptAsync(
        PortalDbContext context,
        ClaimedChunk claim,
        PreparedChunk? prepared,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        // The bytes are read only when they go out again.
        var mine = ClaimFence.Mine(context, claim).AsNoTracking();
        var chunk = await (prepared is null ? mine : WithoutPayload(mine)).SingleAsync(cancellation);
        // Who is in the frozen bytes stands in the attempt that froze them; a member may have been proven since.
        var recipients =
            prepared?.Recipients
            ?? NumberRanges.Expand(
                await context
                    .Attempts.Where(a =>
                        a.CampaignId == claim.CampaignId
                        && a.ChunkNumber == claim.Number
                        && a.Generation == chunk.Generation
                    )
                    .OrderBy(a => a.Number)
                    .Select(a => a.RecipientNumbers)
                    .FirstAsync(cancellation)
            );
        context.Attempts.Add(
            new Attempt
            {
                TenantId = claim.TenantId,
                CampaignId = claim.CampaignId,
                ChunkNumber = claim.Number,
                Number = chunk.Attempts,
                RunNumber = chunk.RunNumber,
                Generation = chunk.Generation,
                Epoch = claim.Epoch,
                Key = chunk.Key!,
                PayloadHash = chunk.PayloadHash!,
                RecipientNumbers = NumberRanges.Format(recipients),
                Mails = recipients.Count,
                AccountId = chunk.AccountId!.Value,
                CleanHistory = prepared is not null,
                StartedAt = now,
            }
        );
        // What was compressed in this very transaction is not unpacked again to be sure of it.
        return prepared is null
            ? Read(chunk, recipients, cleanHistory: false)
            : new Intent(
                chunk.Attempts,
                chunk.Key!,
                chunk.BaseUrl!,
                prepared.Body,
                chunk.PayloadHash!,
                recipients,
                CleanHistory: true
            );
    }

    private static IQueryable<Chunk> WithoutPayload(IQueryable<Chunk> chunks) =>
        chunks.Select(chunk => new Chunk
        {
            TenantId = chunk.TenantId,
            CampaignId = chunk.CampaignId,
            Number = chunk.Number,
            RunNumber = chunk.RunNumber,
            FirstRecipient = chunk.FirstRecipient,
            LastRecipient = chunk.LastRecipient,
            State = chunk.State,
            Generation = chunk.Generation,
            Attempts = chunk.Attempts,
            Key = chunk.Key,
            PayloadHash = chunk.PayloadHash,
            AccountId = chunk.AccountId,
            BaseUrl = chunk.BaseUrl,
        });

    private async Task<IntentResult?> ReadBackAsync(ClaimedChunk claim, CancellationToken cancellation)
    {
        await using var context = db.Read(TenantScope.For(claim.TenantId));
        var chunk = await ClaimFence.Mine(context, claim).SingleOrDefaultAsync(cancellation);
        var attempt = chunk is null
            ? null
            : await context.Attempts.SingleOrDefaultAsync(
                a =>
                    a.CampaignId == claim.CampaignId
                    && a.ChunkNumber == claim.Number
                    && a.Number == chunk.Attempts
                    && a.Epoch == claim.Epoch
                    && a.Outcome == null,
                cancellation
            );
        return attempt is null
            ? null
            : new IntentResult.Written(
                Read(chunk!, NumberRanges.Expand(attempt.RecipientNumbers), attempt.CleanHistory)
            );
    }

    private Intent Read(Chunk chunk, IReadOnlyList<int> recipients, bool cleanHistory)
    {
        var body = MailBatch.Decompress(chunk.Payload!);
        if (MailBatch.Hash(body) == chunk.PayloadHash)
        {
            return new Intent(
                chunk.Attempts,
                chunk.Key!,
                chunk.BaseUrl!,
                body,
                chunk.PayloadHash,
                recipients,
                cleanHistory
            );
        }

        db.Safety.Fired(SafetyMechanism.IntentBytesChanged, chunk.Key);
        throw new InvalidOperationException("The stored request is not the one that was frozen; it is not sent.");
    }

    /// <summary>At most 256 characters; names the installation's epoch, campaign, run, chunk and generation.</summary>
    private static string KeyFor(int epoch, ClaimedChunk claim) =>
        $"{epoch}/{claim.CampaignId:N}/{claim.RunNumber}/{claim.Number}/{claim.Generation}";
}
