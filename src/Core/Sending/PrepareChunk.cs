using System.Buffers;
using System.Collections.Concurrent;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Ledgerpost.Recipients;
using Ledgerpost.Unsubscribe;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>A chunk's request as it would go out now; nothing of it is promised before the intent is written.</summary>
/// <param name="Buffer">Holds the body until <see cref="PrepareChunk.Reuse"/>.</param>
/// <param name="Recipients">Numbers, ascending, in the order of the mails.</param>
public sealed record PreparedChunk(ArrayBufferWriter<byte> Buffer, IReadOnlyList<int> Recipients)
{
    public ReadOnlyMemory<byte> Body => Buffer.WrittenMemory;
}

/// <summary>
/// Renders a chunk from the frozen content; once the intent has found somebody who must not be mailed any more, without
/// them. Never called for a chunk that may have been accepted.
/// </summary>
public sealed class PrepareChunk(PortalDb db, UnsubscribeUrls urls)
{
    /// <summary>Compiled templates kept; more campaigns than this never send at one time for long.</summary>
    private const int MostTemplates = 64;

    /// <summary>Room for a hundred mails of 4 KB with their text part; it grows for larger ones.</summary>
    private const int InitialBytes = 1024 * 1024;

    /// <summary>As many as the provider may refuse one by one before it is everybody's fault.</summary>
    private const int CannotBeRenderedThatStop = 3;

    // Content never changes after the launch, so a compiled template is good for the campaign's life.
    private readonly ConcurrentDictionary<Guid, Lazy<CampaignMails>> _mails = new();

    // A megabyte for each chunk would be a large object each time, and a collection of the whole heap every few chunks.
    private readonly ConcurrentBag<ArrayBufferWriter<byte>> _buffers = [];

    /// <summary>
    /// Gives the bytes back, for another chunk to be written over them. Only for a request that the provider has accepted:
    /// whoever answers earlier may be answering while the rest is still on its way.
    /// </summary>
    public void Reuse(PreparedChunk sent)
    {
        sent.Buffer.ResetWrittenCount();
        _buffers.Add(sent.Buffer);
    }

    /// <param name="recheck">
    /// Takes out who must not be mailed any more. The intent looks for them in any case, in its own transaction, and asks for
    /// it when there is somebody: nearly always there is nobody.
    /// </param>
    /// <returns>Null when the claim is stale, or nobody was left and the chunk is closed.</returns>
    public async Task<PreparedChunk?> ExecuteAsync(ClaimedChunk claim, bool recheck, CancellationToken cancellation)
    {
        if (recheck && !await ExcludeAsync(claim, cancellation))
        {
            return null;
        }

        var members = await db.ReadRowsAsync(
            TenantScope.For(claim.TenantId),
            context => AddresseesAsync(context, claim, cancellation)
        );
        if (members.Count == 0)
        {
            return recheck ? null : await ExecuteAsync(claim, recheck: true, cancellation);
        }

        CampaignMails mails;
        try
        {
            mails = await MailsAsync(claim, cancellation);
        }
        catch (TemplateException exception)
        {
            // The launch has compiled it once: what fails now is nobody's data, and nobody is refused for it.
            await StopAsync(claim, exception.Message, cancellation);
            return null;
        }

        if (mails.HaveFields)
        {
            await using var context = db.Read(TenantScope.For(claim.TenantId));
            members = await FreezeFields.WithThemAsync(context, claim, members, cancellation);
        }

        var body = _buffers.TryTake(out var used) ? used : new ArrayBufferWriter<byte>(InitialBytes);
        body.Write("["u8);
        var broken = new List<(int Number, string Why)>();
        using var links = mails.HaveLinks ? await urls.ForTenantAsync(claim.TenantId, cancellation) : null;
        foreach (var member in members)
        {
            if (body.WrittenCount > 1)
            {
                body.Write(","u8);
            }

            try
            {
                mails.Write(body, member, links?.For(member.NormalizedEmail) ?? "", claim);
            }
            // Whatever it is, it is this person's: the others of the chunk must not wait for it for ever.
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                broken.Add((member.Number, exception.Message));
            }
        }

        if (broken.Count >= CannotBeRenderedThatStop && broken.Count == members.Count)
        {
            // Of so many nobody: the fault is the text's, or the data's of all, and nobody is refused for it.
            await StopAsync(claim, broken[0].Why, cancellation);
            return null;
        }

        if (broken.Count > 0)
        {
            await RefuseAsync(claim, broken, cancellation);
            // Once more without them, from the top: whether anybody is left is decided in one place.
            return await ExecuteAsync(claim, recheck: true, cancellation);
        }

        body.Write("]"u8);
        return new PreparedChunk(body, [.. members.Select(member => member.Number)]);
    }

    // The workers come for a new campaign all at once, and compiling takes longer than sending a chunk: one does it.
    private async Task<CampaignMails> MailsAsync(ClaimedChunk claim, CancellationToken cancellation)
    {
        var campaignId = claim.CampaignId;
        if (!_mails.TryGetValue(campaignId, out var mails))
        {
            await using var context = db.Read(TenantScope.For(claim.TenantId));
            var campaign = await context.Campaigns.SingleAsync(c => c.Id == campaignId, cancellation);
            if (campaign.Kind == CampaignKind.Email)
            {
                // Read once and sent once: it would only push the campaigns out.
                return new CampaignMails(campaign);
            }

            if (_mails.Count >= MostTemplates)
            {
                _mails.Clear();
            }

            mails = _mails.GetOrAdd(campaignId, _ => new Lazy<CampaignMails>(() => new CampaignMails(campaign)));
        }

        try
        {
            return mails.Value;
        }
        catch
        {
            // What failed once is tried anew for the next chunk.
            _mails.TryRemove(campaignId, out _);
            throw;
        }
    }

    private static Task<List<Addressee>> AddresseesAsync(
        PortalDbContext context,
        ClaimedChunk claim,
        CancellationToken cancellation
    ) =>
        context.ListAsync(
            $"""
            SELECT "Number", "Email", "NormalizedEmail", "FirstName", "LastName" FROM "Recipients"
            WHERE "TenantId" = {claim.TenantId} AND "CampaignId" = {claim.CampaignId}
                AND "ChunkNumber" = {claim.Number} AND "State" = 'Pending'
            ORDER BY "Number"
            """,
            row => new Addressee(
                row.GetInt32(0),
                row.GetString(1),
                row.GetString(2),
                row.IsDBNull(3) ? null : row.GetString(3),
                row.IsDBNull(4) ? null : row.GetString(4)
            ),
            cancellation
        );

    /// <summary>Who would go out: the chunk's members that are still pending.</summary>
    public static IQueryable<Recipient> Members(PortalDbContext context, ClaimedChunk claim) =>
        Ledger
            .Members(context, claim.TenantId, claim.CampaignId, claim.Number)
            .Where(recipient => recipient.State == RecipientState.Pending);

    /// <returns>False when the claim is stale or nobody is left.</returns>
    private Task<bool> ExcludeAsync(ClaimedChunk claim, CancellationToken cancellation) =>
        db.WriteBesideOthersAsync(
            TenantScope.For(claim.TenantId),
            async (context, token) =>
            {
                var mine = await ClaimFence
                    .Mine(context, claim)
                    .Select(chunk => new { chunk.FirstRecipient, chunk.LastRecipient })
                    .SingleOrDefaultAsync(token);
                if (mine is null)
                {
                    context.Fired(SafetyMechanism.PrepareStale, claim);
                    return false;
                }

                var now = db.Time.GetUtcNow();
                var others = await Lineage.OthersAsync(context, claim.TenantId, claim.CampaignId, token);
                if (await Exclusions.ApplyAsync(context, Members(context, claim), others, now, token) > 0)
                {
                    context.Fired(SafetyMechanism.RecheckExcluded, claim);
                    await EventOutbox.RecipientsAsync(
                        context,
                        claim.TenantId,
                        claim.CampaignId,
                        now,
                        token,
                        mine.FirstRecipient,
                        mine.LastRecipient
                    );
                }

                if (await Members(context, claim).AnyAsync(token))
                {
                    return true;
                }

                await context.LockCampaignAsync(claim.CampaignId, token);
                await Chunks.CloseAsync(ClaimFence.Mine(context, claim), ChunkState.Abandoned, token);
                // Without the size of a chunk: nobody became pending by this, so nobody is cut into chunks here. What it
                // asks ends at the first row that it finds, however many of the campaign are excluded.
                await CampaignCompletion.CheckAsync(context, claim.TenantId, claim.CampaignId, now, token);
                return false;
            },
            cancellation
        );

    private Task<bool> StopAsync(ClaimedChunk claim, string why, CancellationToken cancellation) =>
        db.WriteAsync(
            TenantScope.For(claim.TenantId),
            async (context, token) =>
                await Chunks.ReleaseAsync(ClaimFence.Mine(context, claim), why, token) == 1
                && await CampaignCompletion.StopAsync(
                    context,
                    claim.TenantId,
                    claim.CampaignId,
                    StopReason.ContentBroken,
                    why,
                    null,
                    db.Time.GetUtcNow(),
                    token
                ),
            cancellation
        );

    // Their chunk's number stays in the row, like that of whoever the provider refuses. No request has them: what a repeat
    // sends are stored bytes, what a settle moves are the numbers of its attempt, and the sums ask for the state alone.
    private Task RefuseAsync(
        ClaimedChunk claim,
        List<(int Number, string Why)> broken,
        CancellationToken cancellation
    ) =>
        db.WriteAsync(
            TenantScope.For(claim.TenantId),
            async (context, token) =>
            {
                if (!await ClaimFence.Mine(context, claim).AnyAsync(token))
                {
                    return;
                }

                context.Fired(SafetyMechanism.CannotBeRendered, claim);
                var now = db.Time.GetUtcNow();
                foreach (var (number, why) in broken)
                {
                    await Ledger.MoveAsync(
                        Members(context, claim).Where(recipient => recipient.Number == number),
                        RecipientState.Pending,
                        RecipientState.Refused,
                        now,
                        token,
                        Reasons.CannotBeRendered,
                        why
                    );
                }

                await EventOutbox.RecipientsAsync(
                    context,
                    claim.TenantId,
                    claim.CampaignId,
                    now,
                    token,
                    broken.Min(one => one.Number),
                    broken.Max(one => one.Number)
                );
            },
            cancellation
        );
}
