using System.Runtime.CompilerServices;
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
        // Before the transaction, which others wait for.
        var frozen = prepared is null ? null : FrozenRequest.Of(prepared);
        try
        {
            return await db.WriteBesideOthersAsync(
                TenantScope.For(claim.TenantId),
                (context, token) => WriteAsync(context, claim, frozen, accountId, baseUrl, token),
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
        FrozenRequest? frozen,
        Guid accountId,
        string baseUrl,
        CancellationToken cancellation
    )
    {
        // A deletion, a pause, a cancel, a stop or a new run comes wholly before this transaction or wholly after it.
        await context.HoldSendingAsync(claim.TenantId, claim.CampaignId, cancellation);
        var now = db.Time.GetUtcNow();
        // After the instant was read: one from a clock that is ahead must not be written into an intent.
        if (frozen is null ? db.Time.MayNotRepeat() : db.Time.MayNotSend())
        {
            context.Fired(SafetyMechanism.IntentClock, claim);
            return new IntentResult.Fenced();
        }

        if (frozen is not null && await AudienceChangedAsync(context, claim, frozen.Recipients, cancellation))
        {
            context.Fired(SafetyMechanism.IntentAudienceChanged, claim);
            return new IntentResult.AudienceChanged();
        }

        var statement = new IntentStatement(context, claim, accountId, baseUrl, now);
        var touched = frozen is null
            ? await statement.RepeatAsync(LastRepeat(now), cancellation)
            : await statement.FirstAsync(frozen, await KeyAsync(context, claim, cancellation), cancellation);
        if (touched == 0)
        {
            var why = await WhyFenced.ReadAsync(
                context,
                claim,
                repeat: frozen is null,
                accountId,
                baseUrl,
                LastRepeat(now),
                now,
                cancellation
            );
            context.Fired(why, claim);
            return await statement.SenderHoldsAsync(cancellation)
                ? new IntentResult.Fenced()
                : new IntentResult.SenderLost();
        }

        if (frozen is null)
        {
            return new IntentResult.Written(await RepeatedAsync(context, claim, now, cancellation));
        }

        await PutInDoubtAsync(context, claim, frozen.Recipients, now, cancellation);
        var attempt = await AddAttemptAsync(
            context,
            claim,
            NumberRanges.Format(frozen.Recipients),
            frozen.Recipients.Count,
            cleanHistory: true,
            now,
            cancellation
        );
        // What was compressed a moment ago is not unpacked again to be sure of it.
        return new IntentResult.Written(
            new Intent(
                attempt.Number,
                attempt.Key,
                baseUrl,
                frozen.Body,
                frozen.Hash,
                frozen.Recipients,
                CleanHistory: true
            )
        );
    }

    // A person who unsubscribed between the rendering and this statement is found here, in the same transaction.
    private static async Task<bool> AudienceChangedAsync(
        PortalDbContext context,
        ClaimedChunk claim,
        IReadOnlyList<int> recipients,
        CancellationToken cancellation
    )
    {
        var members = await context.ListAsync(
            FormattableStringFactory.Create(
                $$"""
                SELECT r."Number", CASE WHEN {{Exclusions.MustNotBeMailed}} THEN 1 ELSE 0 END FROM "Recipients" AS r
                WHERE r."TenantId" = {0} AND r."CampaignId" = {1} AND r."ChunkNumber" = {2} AND r."State" = 'Pending'
                ORDER BY r."Number"
                """,
                claim.TenantId,
                claim.CampaignId,
                claim.Number
            ),
            row => (Number: row.GetInt32(0), MayBeMailed: row.GetInt32(1) == 0),
            cancellation
        );
        return !members.Select(member => member.Number).SequenceEqual(recipients)
            || members.Any(member => !member.MayBeMailed)
            || (
                await Lineage.OthersAsync(context, claim.TenantId, claim.CampaignId, cancellation) is { } others
                && await Exclusions.AnyAsync(context, PrepareChunk.Members(context, claim), others, cancellation)
            );
    }

    private static async Task PutInDoubtAsync(
        PortalDbContext context,
        ClaimedChunk claim,
        IReadOnlyList<int> recipients,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var moved = await context.ExecuteAsync(
            $"""
            UPDATE "Recipients" SET "State" = 'InDoubt', "Reason" = NULL, "Detail" = NULL,
                "UpdatedAt" = {InstantConverter.ToMicroseconds(now)}
            WHERE "TenantId" = {claim.TenantId} AND "CampaignId" = {claim.CampaignId}
                AND "ChunkNumber" = {claim.Number} AND "State" = 'Pending'
            """,
            cancellation
        );
        if (moved != recipients.Count)
        {
            context.Safety?.Fired(SafetyMechanism.IntentMembersChanged, claim);
            throw new InvalidOperationException($"{moved} recipients in doubt for {recipients.Count} mails.");
        }
    }

    /// <summary>The stored bytes, which go out again.</summary>
    private async Task<Intent> RepeatedAsync(
        PortalDbContext context,
        ClaimedChunk claim,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var chunk = await ClaimFence.Mine(context, claim).AsNoTracking().SingleAsync(cancellation);
        // Who is in the frozen bytes stands in the attempt that froze them; a member may have been proven since.
        var recipients = await context
            .Attempts.Where(a =>
                a.CampaignId == claim.CampaignId && a.ChunkNumber == claim.Number && a.Generation == chunk.Generation
            )
            .OrderBy(a => a.Number)
            .Select(a => a.RecipientNumbers)
            .FirstAsync(cancellation);
        var numbers = NumberRanges.Expand(recipients);
        await AddAttemptAsync(context, claim, recipients, numbers.Count, cleanHistory: false, now, cancellation);
        return Read(chunk, numbers, cleanHistory: false);
    }

    private static async Task<(int Number, string Key)> AddAttemptAsync(
        PortalDbContext context,
        ClaimedChunk claim,
        string recipients,
        int mails,
        bool cleanHistory,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        await context.FirstAsync(
            $"""
            INSERT INTO "Attempts" (
                "TenantId", "CampaignId", "ChunkNumber", "Number", "RunNumber", "Generation", "Epoch", "Key",
                "PayloadHash", "AccountId", "RecipientNumbers", "Mails", "CleanHistory", "StartedAt")
            SELECT c."TenantId", c."CampaignId", c."Number", c."Attempts", c."RunNumber", c."Generation", c."Epoch",
                c."Key", c."PayloadHash", c."AccountId", {recipients}, {mails}, {cleanHistory},
                {InstantConverter.ToMicroseconds(now)}
            FROM "Chunks" AS c
            WHERE c."TenantId" = {claim.TenantId} AND c."CampaignId" = {claim.CampaignId}
                AND c."Number" = {claim.Number}
            RETURNING "Number", "Key"
            """,
            row => (row.GetInt32(0), row.GetString(1)),
            cancellation
        );

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

    private DateTimeOffset LastRepeat(DateTimeOffset now) => now - (options.KeyWindow - options.KeyWindowMargin);

    /// <summary>
    /// At most 256 characters; names the installation's epoch, campaign, run, chunk and generation. A transactional mail's
    /// has no epoch: its id is made of what its caller called it (<see cref="EmailId"/>), and so the request that comes
    /// again after a restore has forgotten it is the same one to the provider too.
    /// </summary>
    private static async Task<string> KeyAsync(
        PortalDbContext context,
        ClaimedChunk claim,
        CancellationToken cancellation
    )
    {
        var prefix = await context.FirstAsync(
            $"""
            SELECT i."Epoch", m."Kind" FROM "Installation" AS i CROSS JOIN "Campaigns" AS m
            WHERE m."TenantId" = {claim.TenantId} AND m."Id" = {claim.CampaignId}
            """,
            row => row.GetInt32(1) == (int)CampaignKind.Email ? EmailId.KeyPrefix : $"{row.GetInt32(0)}",
            cancellation
        );
        return $"{prefix}/{claim.CampaignId:N}/{claim.RunNumber}/{claim.Number}/{claim.Generation}";
    }
}
