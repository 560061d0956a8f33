using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Outbox;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>The provider says that it has this mail: in an event, in its log, in its list.</summary>
/// <param name="Tags">Null where the mail is known by its id alone.</param>
/// <param name="To">Its recipient's address, where the provider names it.</param>
/// <param name="Source">For the log: <c>email.delivered</c>, <c>the provider's log</c>.</param>
public sealed record Acceptance(MailTags? Tags, string EmailId, string? To, string Source);

/// <summary>What an acceptance proved.</summary>
public abstract record ProofResult
{
    private ProofResult() { }

    /// <summary>This recipient's mail is with the provider, and so is its whole strict batch.</summary>
    /// <param name="History">It is about a mail that failed and was asked for once more: told, and nothing changes.</param>
    public sealed record Proven(MailOwner Owner, bool History) : ProofResult;

    public sealed record NoRecipient : ProofResult;

    /// <summary>The mail did not go through the account that says so; nothing has changed.</summary>
    public sealed record OtherAccount : ProofResult;
}

/// <summary>
/// Positive proof, wherever it comes from: it settles what our settle never did, and it is the only thing that does.
/// Absence proves nothing. Each proof touches only mail of the account that gave it.
/// </summary>
public static class ProveAcceptance
{
    private enum Match
    {
        None,

        /// <summary>An attempt of ours through that account is in the log: the whole batch is proven.</summary>
        Attempt,

        /// <summary>
        /// Only after a restore: the attempt was made after the backup that this database comes from. The mail itself, to this address, is proven
        /// and nobody else's, since who was in that batch is not known here.
        /// </summary>
        Address,
    }

    /// <summary>What the provider says of the mails of one call, in a transaction of its own.</summary>
    /// <param name="accountId">The account that the call went through.</param>
    /// <param name="found">With their tags.</param>
    /// <returns>How many mails it proves to be with the provider.</returns>
    public static async Task<int> CallAsync(
        PortalDb db,
        Guid tenantId,
        Guid accountId,
        IReadOnlyList<Acceptance> found,
        CampaignNotifier notifier,
        ILogger logger,
        CancellationToken cancellation
    )
    {
        var call = found[0].Tags!;
        var proven = await db.WriteAsync(
            TenantScope.For(tenantId),
            async (context, token) =>
            {
                await context.LockEventsAsync(token);
                var count = 0;
                var campaigns = new HashSet<(Guid TenantId, Guid CampaignId)>();
                foreach (var acceptance in found)
                {
                    var result = await ApplyAsync(
                        context,
                        [accountId],
                        acceptance,
                        campaigns,
                        db.Time.GetUtcNow(),
                        logger,
                        token
                    );
                    count += result is ProofResult.Proven { History: false } ? 1 : 0;
                }

                await FinishAsync(context, campaigns, db.Time.GetUtcNow(), token);
                context.AfterCommit(() => notifier.Publish(call.CampaignId));
                return count;
            },
            cancellation
        );
        if (proven > 0)
        {
            logger.LogInformation(
                "{Source} proves {Mails} mails of campaign {CampaignId}, chunk {Chunk}.",
                found[0].Source,
                proven,
                call.CampaignId,
                call.Chunk
            );
        }

        return proven;
    }

    /// <summary>In the caller's transaction, which ends with <see cref="FinishAsync"/>.</summary>
    /// <param name="accounts">Those that whoever says so speaks for.</param>
    /// <param name="proven">The campaigns of which something was proven are added.</param>
    public static async Task<ProofResult> ApplyAsync(
        PortalDbContext context,
        IReadOnlyCollection<Guid> accounts,
        Acceptance acceptance,
        ISet<(Guid TenantId, Guid CampaignId)> proven,
        DateTimeOffset now,
        ILogger logger,
        CancellationToken cancellation
    )
    {
        if (await FindAsync(context, acceptance, cancellation) is not { } recipient)
        {
            return new ProofResult.NoRecipient();
        }

        var match = await MatchAsync(context, recipient, acceptance, accounts, cancellation);
        if (match == Match.None)
        {
            context.Fired(SafetyMechanism.ProofOfOtherAccount, acceptance.Source);
            return new ProofResult.OtherAccount();
        }

        if (acceptance.Tags?.Chunk <= recipient.FailedChunk && !HasArrived(recipient, acceptance.Source))
        {
            context.Fired(SafetyMechanism.ProofIsHistory, acceptance.Source);
            return new ProofResult.Proven(Owner(recipient), History: true);
        }

        if (match == Match.Attempt && acceptance.Tags is { } tags)
        {
            await ProveChunkAsync(context, recipient, tags, now, cancellation);
        }

        ProveRecipient(context, recipient, acceptance, match, now, logger);
        if (context.Entry(recipient).Property(row => row.AcceptedAt).IsModified)
        {
            await context.SaveChangesAsync(cancellation);
            await EventOutbox.RecipientsAsync(
                context,
                recipient.TenantId,
                recipient.CampaignId,
                now,
                cancellation,
                recipient.Number,
                recipient.Number
            );
        }

        await context.SaveChangesAsync(cancellation);
        proven.Add((recipient.TenantId, recipient.CampaignId));
        return new ProofResult.Proven(Owner(recipient), History: false);
    }

    /// <summary>
    /// A mail that failed and was asked for once more: what is reported of the old one changes nothing, unless it arrived
    /// after all while the new one has not begun, here or in the follow-up that the person was moved to. Then everything that
    /// shows it counts, whichever of it came first.
    /// </summary>
    private static bool HasArrived(Recipient recipient, string source) =>
        FailedAfterAcceptance.ProvesDelivery(source)
        && (
            recipient.State == RecipientState.Pending
            || recipient is { State: RecipientState.Excluded, Reason: Reasons.MovedToFollowUp }
            || (recipient.State == RecipientState.Accepted && recipient.ChunkNumber <= recipient.FailedChunk)
        );

    private static MailOwner Owner(Recipient recipient) =>
        new(
            recipient.TenantId,
            recipient.CampaignId,
            recipient.Number,
            recipient.NormalizedEmail,
            recipient.ChunkNumber,
            recipient.ProviderEmailId
        );

    /// <summary>Campaigns last: who settles one of their chunks holds that first and wants the campaign then.</summary>
    public static async Task FinishAsync(
        PortalDbContext context,
        ISet<(Guid TenantId, Guid CampaignId)> proven,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        foreach (var (tenantId, campaignId) in proven.Order())
        {
            await CampaignCompletion.CheckAsync(context, tenantId, campaignId, now, cancellation);
        }
    }

    private static async Task<Recipient?> FindAsync(
        PortalDbContext context,
        Acceptance acceptance,
        CancellationToken cancellation
    )
    {
        if (acceptance.Tags is not { } tags)
        {
            return await context.Recipients.SingleOrDefaultAsync(
                r => r.ProviderEmailId == acceptance.EmailId,
                cancellation
            );
        }

        // The tenant first: without it the ledger's key is no key, and a million rows would be read for one event.
        var tenantId = await context
            .Campaigns.Where(c => c.Id == tags.CampaignId)
            .Select(c => c.TenantId)
            .SingleOrDefaultAsync(cancellation);
        return await context.Recipients.SingleOrDefaultAsync(
            r => r.TenantId == tenantId && r.CampaignId == tags.CampaignId && r.Number == tags.Recipient,
            cancellation
        );
    }

    /// <summary>By the attempts of the chunk: they remember the account even after a refused generation has let it go.</summary>
    private static async Task<Match> MatchAsync(
        PortalDbContext context,
        Recipient recipient,
        Acceptance acceptance,
        IReadOnlyCollection<Guid> accounts,
        CancellationToken cancellation
    )
    {
        var tags = acceptance.Tags;
        var chunk = tags?.Chunk ?? recipient.ChunkNumber;
        var attempted = await context
            .Attempts.Where(attempt =>
                attempt.TenantId == recipient.TenantId
                && attempt.CampaignId == recipient.CampaignId
                && attempt.ChunkNumber == chunk
                && (tags == null || attempt.Generation == tags.Generation)
            )
            .Select(attempt => attempt.AccountId)
            .Distinct()
            .ToListAsync(cancellation);
        if (attempted.Count > 0)
        {
            return attempted.Exists(accounts.Contains) ? Match.Attempt : Match.None;
        }

        return
            (recipient.State == RecipientState.Unknown || recipient.ProviderEmailId == acceptance.EmailId)
            && tags is not null
            && string.Equals(acceptance.To, recipient.Email, StringComparison.OrdinalIgnoreCase)
            && await context.Installation.AnyAsync(installation => installation.Epoch > 1, cancellation)
            && await context.Runs.AnyAsync(
                run =>
                    run.TenantId == recipient.TenantId
                    && run.CampaignId == recipient.CampaignId
                    && accounts.Contains(run.AccountId),
                cancellation
            )
            ? Match.Address
            : Match.None;
    }

    private static async Task ProveChunkAsync(
        PortalDbContext context,
        Recipient recipient,
        MailTags tags,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var chunk = await context
            .Chunks.Where(c =>
                c.TenantId == recipient.TenantId
                && c.CampaignId == tags.CampaignId
                && c.Number == tags.Chunk
                && c.Generation == tags.Generation
                && (c.DoubtfulSince != null || c.State == ChunkState.Unknown)
            )
            .ForUpdate()
            .SingleOrDefaultAsync(cancellation);
        if (chunk is not null)
        {
            context.Fired(SafetyMechanism.DoubtProven, chunk.Key);
            chunk.CloseAccepted();
            chunk.Epoch++;
            await context.SaveChangesAsync(cancellation);
            await Ledger.AcceptAsync(
                Ledger.Members(context, recipient.TenantId, tags.CampaignId, tags.Chunk),
                chunk.RunNumber,
                now,
                cancellation
            );
            if (chunk.Decision == UnknownDecision.SendAgain)
            {
                await DecideUnknown.ProveAsync(context, chunk, now, cancellation);
            }

            await EventOutbox.RecipientsAsync(
                context,
                chunk.TenantId,
                chunk.CampaignId,
                now,
                cancellation,
                chunk.FirstRecipient,
                chunk.LastRecipient
            );
        }

        // The statement above went past the change tracker.
        recipient.State = await context
            .Recipients.Where(r =>
                r.TenantId == recipient.TenantId && r.CampaignId == recipient.CampaignId && r.Number == recipient.Number
            )
            .Select(r => r.State)
            .SingleAsync(cancellation);
    }

    private static void ProveRecipient(
        PortalDbContext context,
        Recipient recipient,
        Acceptance acceptance,
        Match match,
        DateTimeOffset now,
        ILogger logger
    )
    {
        if (recipient.State is not RecipientState.Accepted)
        {
            context.Fired(match == Match.Address ? SafetyMechanism.ProofByAddress : SafetyMechanism.ProofContradicts);
            // Its own mail is with the provider although its chunk says otherwise: the provider's word on what it took
            // beats its word on what it refused, and nobody is mailed again.
            logger.Log(
                match == Match.Address ? LogLevel.Warning : LogLevel.Critical,
                "Recipient {Recipient} of campaign {CampaignId} was {State} and {Source} shows the mail: it counts as accepted now.",
                recipient.Number,
                recipient.CampaignId,
                recipient.State,
                acceptance.Source
            );
            recipient.State = RecipientState.Accepted;
            recipient.Reason = null;
            recipient.MovedToId = null;
            recipient.AcceptedAt = now;
            // The old mail of a failed one that arrived after all is its mail now.
            recipient.ChunkNumber = acceptance.Tags?.Chunk <= recipient.FailedChunk ? acceptance.Tags.Chunk : null;
        }

        // Of two mails to one person the row names the one that it counts as sent with.
        if (recipient.ProviderEmailId is null || acceptance.Tags?.Chunk == recipient.ChunkNumber)
        {
            recipient.ProviderEmailId = acceptance.EmailId;
        }
    }
}
