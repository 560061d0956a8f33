using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Outbox;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <param name="ExpectedRun">The run that the preview showed: of two people who press, the second finds a newer one.</param>
/// <param name="IncludeJoined">Also take contacts who joined the audience since.</param>
/// <param name="IncludeFailed">Also send again what the provider accepted, failed to send, and never delivered.</param>
/// <param name="JoinedAtMost">Of how many who joined the preview told; as many as there are when null.</param>
public sealed record ResumeRequest(
    int ExpectedRun,
    bool IncludeJoined,
    bool IncludeFailed = false,
    int? JoinedAtMost = null
);

/// <summary>What became of a resume. A closed set.</summary>
public abstract record ResumeResult
{
    private ResumeResult() { }

    public sealed record Resumed(int Run, int WillSend) : ResumeResult;

    /// <summary>Not Partial, or somebody was first: it stands at <paramref name="Status"/> in run <paramref name="CurrentRun"/>.</summary>
    public sealed record NotResumable(CampaignStatus Status, int CurrentRun) : ResumeResult;

    /// <summary>More have joined than the preview told; nothing has changed.</summary>
    public sealed record MoreJoined(int Joined) : ResumeResult;

    public sealed record NotFound : ResumeResult;
}

/// <summary>
/// The button. In one transaction: Partial → Sending with a new run, every clean unfinished chunk abandoned, new chunks
/// from whoever is pending. Whoever may have been mailed is in the ledger as something else than pending, and is not
/// touched; a repeat of what is in doubt is the same request under the same key.
/// </summary>
public sealed class ResumeCampaign(
    PortalDb db,
    SendingSignal signal,
    CampaignNotifier notifier,
    ILogger<ResumeCampaign> logger,
    SendingOptions? options = null
)
{
    private readonly int _batchSize = (options ?? new SendingOptions()).BatchSize;

    public async Task<ResumeResult> ExecuteAsync(
        Caller caller,
        Guid campaignId,
        ResumeRequest request,
        CancellationToken cancellation
    )
    {
        Guid? through = null;
        var result = await db.CommandAsync(
            caller,
            TenantRole.Admin,
            (command, token) => ResumeAsync(command, campaignId, request, account => through = account, token),
            cancellation
        );
        if (through is { } accountId)
        {
            await TryNowAsync(caller, accountId);
        }

        signal.Raise();
        notifier.Publish(campaignId);
        return result;
    }

    private async Task<ResumeResult> ResumeAsync(
        CommandContext command,
        Guid campaignId,
        ResumeRequest request,
        Action<Guid> resumedThrough,
        CancellationToken cancellation
    )
    {
        var context = command.Db;
        if (request.IncludeFailed)
        {
            // A report that the mail arrived after all is applied before this, or sees afterwards that it is asked for again.
            await context.LockEventsAsync(cancellation);
        }

        // Before anything is read: a call in flight may be cutting a chunk in two.
        await context.LockCampaignAsync(campaignId, cancellation);
        if (await context.Campaigns.SingleOrDefaultAsync(c => c.Id == campaignId, cancellation) is not { } campaign)
        {
            return new ResumeResult.NotFound();
        }

        if (
            request is { IncludeJoined: true, JoinedAtMost: { } told }
            && campaign.Status == CampaignStatus.Partial
            && campaign.CurrentRun == request.ExpectedRun
            && await FreezeAudience.CountJoinedAsync(context, campaign, command.Now, cancellation) is var joined
            && joined > told
        )
        {
            return new ResumeResult.MoreJoined(joined);
        }

        if (
            campaign.Status != CampaignStatus.Partial
            || campaign.CurrentRun != request.ExpectedRun
            || !await CampaignTransitions.TryMoveAsync(
                context,
                campaign.TenantId,
                campaignId,
                CampaignStatus.Partial,
                CampaignStatus.Sending,
                command.Now,
                cancellation
            )
        )
        {
            context.Fired(
                campaign.CurrentRun != request.ExpectedRun ? SafetyMechanism.ResumeOldPreview
                    : campaign.Status != CampaignStatus.Partial ? SafetyMechanism.ResumeNotPartial
                    : SafetyMechanism.ResumeContinued,
                campaignId
            );
            return new ResumeResult.NotResumable(campaign.Status, campaign.CurrentRun);
        }

        var accountId = await SenderAccounts.OfSenderAsync(context, campaign.SenderId, cancellation);
        var run = await StartRunAsync(command, campaign, accountId, cancellation);
        await CleanChunks.AbandonAsync(context, campaign, cancellation);
        var failed = request.IncludeFailed
            ? await FailedAfterAcceptance.FreeAsync(context, campaign, command.Now, cancellation)
            : 0;
        if (request.IncludeJoined)
        {
            await FreezeAudience.ReviveAsync(context, campaign, command.Now, cancellation);
            await FreezeAudience.TakeAsync(context, campaign, command.Now, cancellation);
        }

        await FreezeAudience.ExcludeAsync(context, campaign, command.Now, cancellation);
        await EventOutbox.RecipientsAsync(context, campaign.TenantId, campaignId, command.Now, cancellation);
        run.Planned = await ChunkPlanner.PlanAsync(context, campaign, cancellation, _batchSize);
        await RepeatDoubtAtOnceAsync(context, campaign, cancellation);
        command.Audit(
            campaign.Kind.Audited("campaign.resumed"),
            campaign.Kind.AuditedAs(),
            campaignId.ToString(),
            campaign.Name,
            new
            {
                run = run.Number,
                will_send = run.Planned,
                joined = request.IncludeJoined,
                failed_sent_again = failed,
            }
        );
        await context.SaveChangesAsync(cancellation);
        await CampaignCompletion.CheckAsync(context, campaign.TenantId, campaignId, command.Now, cancellation);
        resumedThrough(accountId);
        return new ResumeResult.Resumed(run.Number, run.Planned);
    }

    /// <summary>
    /// <see cref="ProviderAccount.TryNow"/>, after the commit: every claim of every tenant stands in line for the account's row,
    /// which planning a large run would have held for minutes. A crash before it costs the pause that was there anyway.
    /// </summary>
    private async Task TryNowAsync(Caller caller, Guid accountId)
    {
        try
        {
            await db.WriteBesideOthersAsync(
                caller.Scope,
                async (context, token) =>
                {
                    var account = await AccountRow.LockAsync(context, accountId, token);
                    account.TryNow(db.Time.GetUtcNow());
                    return true;
                },
                CancellationToken.None
            );
        }
        catch (Exception exception) when (StorageFailures.IsTheDatabases(exception))
        {
            // It has been resumed all the same.
            logger.LogWarning(exception, "Account {AccountId} is not tried at once after a resume.", accountId);
        }
    }

    private static async Task<Run> StartRunAsync(
        CommandContext command,
        Campaign campaign,
        Guid accountId,
        CancellationToken cancellation
    )
    {
        var context = command.Db;
        campaign.CurrentRun++;
        campaign.StopReason = null;
        campaign.StopDetail = null;
        campaign.ResumeAfter = null;
        // Keeps the tracked row in step with the conditional statement that has just moved it.
        context.Entry(campaign).Property(c => c.Status).OriginalValue = CampaignStatus.Sending;
        campaign.Status = CampaignStatus.Sending;
        var run = new Run
        {
            TenantId = campaign.TenantId,
            CampaignId = campaign.Id,
            Number = campaign.CurrentRun,
            Kind = RunKind.Resume,
            AccountId = accountId,
            StartedBy = command.Actor.Name,
            StartedAt = command.Now,
        };
        context.Runs.Add(run);
        await context.SaveChangesAsync(cancellation);
        return run;
    }

    /// <summary>
    /// Of the whole lineage, and wherever it went: whose doubt is still in the source, or at an account that was left, waits
    /// for the same person's word.
    /// </summary>
    private static Task<int> RepeatDoubtAtOnceAsync(
        PortalDbContext context,
        Campaign campaign,
        CancellationToken cancellation
    ) =>
        context
            .Chunks.Where(chunk =>
                chunk.TenantId == campaign.TenantId
                && chunk.State == ChunkState.Planned
                && chunk.DoubtfulSince != null
                && context.Campaigns.Any(member =>
                    member.TenantId == chunk.TenantId
                    && member.Id == chunk.CampaignId
                    && member.LineageId == campaign.LineageId
                )
            )
            .ExecuteUpdateAsync(set => set.SetProperty(chunk => chunk.NotBefore, (DateTimeOffset?)null), cancellation);
}
