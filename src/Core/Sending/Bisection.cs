using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// Finds whose fault a refusal is (docs/sending.md, rule 5): a refused chunk goes on as two halves, each a chunk of its own
/// with its own number and so its own key, until the recipient who was refused is alone. Three of those in a row with one
/// message, whomever it names, are not to blame: then the fault hits everybody, and the campaign stops.
/// </summary>
internal sealed class Bisection(PortalDbContext context, ClaimedChunk claim, Intent intent, DateTimeOffset now)
{
    private const int RefusedAloneThatStop = 3;

    private IQueryable<Chunk> Own => Chunks.Numbered(context, claim.TenantId, claim.CampaignId, claim.Number);

    private IQueryable<Recipient> InDoubt =>
        Ledger
            .Members(context, claim.TenantId, claim.CampaignId, claim.Number)
            .Where(recipient => recipient.State == RecipientState.InDoubt);

    /// <summary>
    /// True while the last that this run heard of a request's content was a no. Then one call at a time finds out what is
    /// wrong: eight that look for the same fault would find it eight times.
    /// </summary>
    public static async Task<bool> IsSearchingAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        int run,
        CancellationToken cancellation
    ) =>
        await Decisive(db, tenantId, campaignId, run)
            .Select(attempt => attempt.Outcome)
            .FirstOrDefaultAsync(cancellation) == AttemptOutcome.Refused;

    public async Task RefuseAsync(string message, CancellationToken cancellation)
    {
        if (intent.Recipients.Count == 1)
        {
            await RefuseAloneAsync(message, cancellation);
            return;
        }

        var numbers = await InDoubt.OrderBy(r => r.Number).Select(r => r.Number).ToListAsync(cancellation);
        var halves = numbers.Count > 1 ? 2 : 0;
        var campaign = await HeldCampaign.HoldAsync(context, claim.TenantId, claim.CampaignId, halves, cancellation);
        if (halves == 0 || campaign.Status == CampaignStatus.Cancelled)
        {
            // The others of the request were proven one by one, and who is left has not been refused alone yet.
            await Chunks.EndGenerationAsync(Own, InDoubt, RecipientState.InDoubt, campaign, now, cancellation);
            return;
        }

        context.Fired(SafetyMechanism.Bisected, claim);
        await Chunks.CloseAsync(Own, ChunkState.Bisected, cancellation);
        // Every other one: a run of bad neighbours, as imports bring them, is spread over the halves and does not look
        // like a fault of all. The smaller half has the higher number, which ClaimChunk gives out first.
        await AddHalfAsync(campaign, campaign.LastChunk - 1, [.. numbers.Where((_, i) => i % 2 == 0)], cancellation);
        await AddHalfAsync(campaign, campaign.LastChunk, [.. numbers.Where((_, i) => i % 2 == 1)], cancellation);
    }

    private async Task AddHalfAsync(
        HeldCampaign campaign,
        int number,
        List<int> members,
        CancellationToken cancellation
    )
    {
        context.Chunks.Add(
            new Chunk
            {
                TenantId = claim.TenantId,
                CampaignId = claim.CampaignId,
                Number = number,
                ParentNumber = claim.Number,
                RunNumber = campaign.CurrentRun,
                FirstRecipient = members[0],
                LastRecipient = members[^1],
                State = ChunkState.Planned,
            }
        );
        await context.SaveChangesAsync(cancellation);
        var half = InDoubt.Where(recipient => members.Contains(recipient.Number));
        await half.ExecuteUpdateAsync(set => set.SetProperty(r => r.ChunkNumber, number), cancellation);
        await Ledger.MoveAsync(
            Ledger.Members(context, claim.TenantId, claim.CampaignId, number),
            RecipientState.InDoubt,
            RecipientState.Pending,
            now,
            cancellation
        );
    }

    private async Task RefuseAloneAsync(string message, CancellationToken cancellation)
    {
        // Held first: of two workers whose single recipients are refused at once, the second sees the first.
        var campaign = await HeldCampaign.HoldAsync(context, claim.TenantId, claim.CampaignId, 0, cancellation);
        var before = await RefusedAloneJustBeforeAsync(message, cancellation);
        if (before.Count < RefusedAloneThatStop - 1)
        {
            await Chunks.CloseAsync(Own, ChunkState.Refused, cancellation);
            await Ledger.MoveAsync(
                InDoubt,
                RecipientState.InDoubt,
                RecipientState.Refused,
                now,
                cancellation,
                Reasons.RefusedByProvider,
                message
            );
            return;
        }

        context.Fired(SafetyMechanism.RefusedForAll, claim);
        // The fault hits everybody: those refused before return to Pending, and nobody else is asked. Their chunks wait
        // with them, so that nobody is left without one where the campaign is paused and not stopped.
        foreach (var number in before)
        {
            var members = Ledger
                .Members(context, claim.TenantId, claim.CampaignId, number)
                .Where(r => r.Reason == Reasons.RefusedByProvider);
            var chunk = Chunks.Numbered(context, claim.TenantId, claim.CampaignId, number);
            await Chunks.EndGenerationAsync(chunk, members, RecipientState.Refused, campaign, now, cancellation);
        }

        await Chunks.EndGenerationAsync(Own, InDoubt, RecipientState.InDoubt, campaign, now, cancellation);
        await CampaignCompletion.StopAsync(
            context,
            claim.TenantId,
            claim.CampaignId,
            StopReason.RefusedForAll,
            message,
            null,
            now,
            cancellation
        );
    }

    /// <summary>
    /// The chunks of single recipients that this run heard of last, as far as they were all refused for this fault. What
    /// was refused in company says nothing here; an acceptance ends the row.
    /// </summary>
    private async Task<List<int>> RefusedAloneJustBeforeAsync(string message, CancellationToken cancellation)
    {
        var last = await Decisive(context, claim.TenantId, claim.CampaignId, claim.RunNumber)
            .Where(a => a.ChunkNumber != claim.Number && (a.Outcome == AttemptOutcome.Accepted || a.Mails == 1))
            .Take(RefusedAloneThatStop - 1)
            .Select(a => new
            {
                a.ChunkNumber,
                a.Outcome,
                a.Message,
            })
            .ToListAsync(cancellation);
        if (!last.TrueForAll(a => a.Outcome == AttemptOutcome.Refused && RefusalWords.SameFault(a.Message, message)))
        {
            return [];
        }

        // Only what still stands refused: a chunk that has gone out again since may be in doubt under its next key.
        var numbers = last.Select(a => a.ChunkNumber).Distinct().ToList();
        return await context
            .Chunks.Where(c =>
                c.TenantId == claim.TenantId
                && c.CampaignId == claim.CampaignId
                && numbers.Contains(c.Number)
                && c.State == ChunkState.Refused
            )
            .Select(c => c.Number)
            .ToListAsync(cancellation);
    }

    /// <summary>The attempts of a run that said yes or no to a request's content, the last one first.</summary>
    private static IQueryable<Attempt> Decisive(PortalDbContext db, Guid tenantId, Guid campaignId, int run) =>
        db
            .Attempts.Where(a =>
                a.TenantId == tenantId
                && a.CampaignId == campaignId
                && a.RunNumber == run
                && a.CompletedAt != null
                && (a.Outcome == AttemptOutcome.Accepted || a.Outcome == AttemptOutcome.Refused)
            )
            .OrderByDescending(a => a.CompletedAt)
            .ThenByDescending(a => a.ChunkNumber);
}
