using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Outbox;
using Ledgerpost.Recipients;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// What a person may do where the machine must not: say that a call whose fate is unknown counts as sent, or that its
/// people are sent to again although they may have the mail. The call's attempts stay in the log, and a proof that comes
/// later is still taken (docs/sending.md, rule 8).
/// </summary>
public sealed class DecideUnknown(
    PortalDb database,
    SendingSignal signal,
    CampaignNotifier notifier,
    SendingOptions? options = null
)
{
    private readonly int _batchSize = (options ?? new SendingOptions()).BatchSize;

    public async Task<DecisionResult> ExecuteAsync(
        Caller caller,
        Guid campaignId,
        int chunkNumber,
        UnknownDecision decision,
        CancellationToken cancellation
    )
    {
        var result = await database.CommandAsync(
            caller,
            TenantRole.Admin,
            (command, token) => DecideAsync(command, campaignId, chunkNumber, decision, token),
            cancellation
        );
        signal.Raise();
        notifier.Publish(campaignId);
        return result;
    }

    private async Task<DecisionResult> DecideAsync(
        CommandContext command,
        Guid campaignId,
        int chunkNumber,
        UnknownDecision decision,
        CancellationToken cancellation
    )
    {
        var db = command.Db;
        await db.LockCampaignAsync(campaignId, cancellation);
        var campaign = await CampaignAsync(db, campaignId, cancellation);
        var chunk = await ChunkAsync(db, campaignId, chunkNumber, cancellation);
        if (campaign is null || chunk is null)
        {
            return new DecisionResult.NotFound();
        }

        if (Refused(chunk) is { } refused)
        {
            db.Fired(SafetyMechanism.DecisionLost, chunk.Key);
            return refused;
        }

        var next = decision == UnknownDecision.SendAgain ? await NextNumberAsync(db, campaign, cancellation) : null;
        if (decision == UnknownDecision.SendAgain && next is null)
        {
            return new DecisionResult.CannotSendAgain(campaign.Status);
        }

        if (!await WinAsync(command, chunk, decision, cancellation))
        {
            db.Fired(SafetyMechanism.DecisionLost, chunk.Key);
            chunk = await ChunkAsync(db, campaignId, chunkNumber, cancellation);
            return Refused(chunk!) ?? new DecisionResult.NotUnknown();
        }

        var people = next is { } number
            ? await SendAgainAsync(command, campaign, chunk, number, cancellation)
            : await TreatAsSentAsync(command, chunk, cancellation);
        await EventOutbox.RecipientsAsync(
            db,
            campaign.TenantId,
            campaignId,
            command.Now,
            cancellation,
            chunk.FirstRecipient,
            chunk.LastRecipient
        );
        command.Audit(
            campaign.Kind.Audited(
                decision == UnknownDecision.SendAgain ? "campaign.sent_again" : "campaign.treated_as_sent"
            ),
            campaign.Kind.AuditedAs(),
            campaignId.ToString(),
            campaign.Name,
            new
            {
                chunk = chunkNumber,
                key = chunk.Key,
                people,
                new_chunk = next,
            }
        );
        await CampaignCompletion.CheckAsync(db, campaign.TenantId, campaignId, command.Now, cancellation, _batchSize);
        campaign = await CampaignAsync(db, campaignId, cancellation);
        return new DecisionResult.Decided(people, campaign!.Status);
    }

    private static Task<Campaign?> CampaignAsync(PortalDbContext db, Guid id, CancellationToken cancellation) =>
        db.Campaigns.AsNoTracking().SingleOrDefaultAsync(campaign => campaign.Id == id, cancellation);

    private static Task<Chunk?> ChunkAsync(PortalDbContext db, Guid id, int number, CancellationToken cancellation) =>
        db.Chunks.AsNoTracking().SingleOrDefaultAsync(c => c.CampaignId == id && c.Number == number, cancellation);

    /// <returns>Null while it can be decided.</returns>
    private static DecisionResult? Refused(Chunk chunk) =>
        chunk switch
        {
            { State: not ChunkState.Unknown } => new DecisionResult.NotUnknown(),
            { Decision: { } decision } => new DecisionResult.AlreadyDecided(decision, chunk.DecidedBy ?? ""),
            _ => null,
        };

    /// <summary>Also holds the campaign until this transaction's end: no cancel comes between.</summary>
    /// <returns>Null when the campaign sends to nobody any more.</returns>
    private static async Task<int?> NextNumberAsync(
        PortalDbContext db,
        Campaign campaign,
        CancellationToken cancellation
    )
    {
        var open = db.Campaigns.Where(c =>
            c.TenantId == campaign.TenantId
            && c.Id == campaign.Id
            && (
                c.Status == CampaignStatus.Sending
                || c.Status == CampaignStatus.Paused
                || c.Status == CampaignStatus.Partial
            )
        );
        return
            await open.ExecuteUpdateAsync(set => set.SetProperty(c => c.LastChunk, c => c.LastChunk + 1), cancellation)
            == 1
            ? await open.Select(c => c.LastChunk).SingleAsync(cancellation)
            : null;
    }

    /// <summary>Of two people who decide differently one wins: the statement that finds nothing decided.</summary>
    private static async Task<bool> WinAsync(
        CommandContext command,
        Chunk chunk,
        UnknownDecision decision,
        CancellationToken cancellation
    ) =>
        await command
            .Db.Chunks.Where(c =>
                c.TenantId == chunk.TenantId
                && c.CampaignId == chunk.CampaignId
                && c.Number == chunk.Number
                && c.State == ChunkState.Unknown
                && c.Decision == null
            )
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(c => c.Decision, decision)
                        .SetProperty(c => c.DecidedBy, command.Actor.Name)
                        .SetProperty(c => c.DecidedAt, command.Now),
                cancellation
            ) == 1;

    private static IQueryable<Recipient> Unknown(PortalDbContext db, Chunk chunk) =>
        Ledger
            .Members(db, chunk.TenantId, chunk.CampaignId, chunk.Number)
            .Where(recipient => recipient.State == RecipientState.Unknown);

    private static Task<int> TreatAsSentAsync(CommandContext command, Chunk chunk, CancellationToken cancellation) =>
        Unknown(command.Db, chunk)
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(recipient => recipient.State, RecipientState.Accepted)
                        .SetProperty(recipient => recipient.AssumedBy, command.Actor.Name)
                        .SetProperty(recipient => recipient.AcceptedAt, command.Now)
                        .SetProperty(recipient => recipient.AcceptedRun, chunk.RunNumber)
                        .SetProperty(recipient => recipient.UpdatedAt, command.Now),
                cancellation
            );

    /// <summary>A chunk of its own beside the old one: another number, hence another key.</summary>
    private static async Task<int> SendAgainAsync(
        CommandContext command,
        Campaign campaign,
        Chunk old,
        int number,
        CancellationToken cancellation
    )
    {
        var db = command.Db;
        db.Chunks.Add(
            new Chunk
            {
                TenantId = old.TenantId,
                CampaignId = old.CampaignId,
                Number = number,
                RunNumber = campaign.CurrentRun,
                FirstRecipient = old.FirstRecipient,
                LastRecipient = old.LastRecipient,
                State = ChunkState.Planned,
            }
        );
        await db.SaveChangesAsync(cancellation);
        var people = await Unknown(db, old)
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(recipient => recipient.State, RecipientState.Pending)
                        .SetProperty(recipient => recipient.ChunkNumber, number)
                        .SetProperty(recipient => recipient.UpdatedAt, command.Now),
                cancellation
            );
        // A campaign that stopped sends them with its next run, which counts them itself.
        if (campaign.Status != CampaignStatus.Partial)
        {
            await db
                .Runs.Where(run =>
                    run.TenantId == old.TenantId
                    && run.CampaignId == old.CampaignId
                    && run.Number == campaign.CurrentRun
                )
                .ExecuteUpdateAsync(
                    set => set.SetProperty(run => run.Planned, run => run.Planned + people),
                    cancellation
                );
        }

        return people;
    }

    /// <summary>
    /// The old call is proven after all: whoever was in it and has not been put into another call yet has the mail. Who
    /// is in another call already may get two; that was the risk, and both calls are in the log.
    /// </summary>
    /// <param name="old">Decided as <see cref="UnknownDecision.SendAgain"/>, and proven now.</param>
    internal static async Task ProveAsync(
        PortalDbContext db,
        Chunk old,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var ranges = await db
            .Attempts.Where(attempt =>
                attempt.TenantId == old.TenantId
                && attempt.CampaignId == old.CampaignId
                && attempt.ChunkNumber == old.Number
                && attempt.Generation == old.Generation
            )
            .OrderBy(attempt => attempt.Number)
            .Select(attempt => attempt.RecipientNumbers)
            .FirstOrDefaultAsync(cancellation);
        var numbers = NumberRanges.Expand(ranges ?? "").ToList();
        await db
            .Recipients.Where(recipient =>
                recipient.TenantId == old.TenantId
                && recipient.CampaignId == old.CampaignId
                && numbers.Contains(recipient.Number)
                && (
                    recipient.State == RecipientState.Pending
                    || (recipient.State == RecipientState.Excluded && recipient.Reason == Reasons.MovedToFollowUp)
                )
            )
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(recipient => recipient.State, RecipientState.Accepted)
                        .SetProperty(recipient => recipient.Reason, (string?)null)
                        .SetProperty(recipient => recipient.ChunkNumber, old.Number)
                        .SetProperty(recipient => recipient.AcceptedAt, now)
                        .SetProperty(recipient => recipient.AcceptedRun, old.RunNumber)
                        .SetProperty(recipient => recipient.UpdatedAt, now),
                cancellation
            );
    }
}
