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

/// <summary>
/// Draft → Preparing → Sending. The first step freezes content and sender and decides who of two wins; the second takes
/// the audience into the ledger. A crash between them is finished at the next start.
/// </summary>
public sealed class LaunchCampaign(
    PortalDb db,
    SendingSignal signal,
    CampaignNotifier notifier,
    ILogger<LaunchCampaign> logger,
    SendingOptions? options = null
)
{
    private readonly int _batchSize = (options ?? new SendingOptions()).BatchSize;

    /// <param name="atMost">
    /// To how many the person who pressed agreed; more, because an import goes on for one, are not taken. As many as there are
    /// when null.
    /// </param>
    public async Task<LaunchResult> ExecuteAsync(
        Caller caller,
        Guid campaignId,
        int version,
        CancellationToken cancellation,
        int? atMost = null
    )
    {
        var refused = await db.CommandAsync(
            caller,
            TenantRole.Admin,
            async (command, token) =>
                await GrownAsync(command.Db, campaignId, atMost, token)
                ?? await FreezeContentAsync(command, campaignId, version, token),
            cancellation
        );
        if (refused is not null)
        {
            return refused;
        }

        // From here on the launch has happened: whoever pressed may go away, the audience is taken all the same.
        return await PrepareAsync(caller.TenantId, campaignId, CancellationToken.None) is { } frozen
            ? new LaunchResult.Launched(frozen.Recipients, frozen.WillSend)
            : new LaunchResult.AlreadyLaunched(CampaignStatus.Preparing);
    }

    private static async Task<LaunchResult?> GrownAsync(
        PortalDbContext context,
        Guid campaignId,
        int? atMost,
        CancellationToken cancellation
    )
    {
        if (
            atMost is null
            || await context.Campaigns.AsNoTracking().SingleOrDefaultAsync(c => c.Id == campaignId, cancellation)
                is not { Status: CampaignStatus.Draft or CampaignStatus.Scheduled } campaign
        )
        {
            return null;
        }

        var (willSend, _) = await LaunchPreview.CountAsync(context, campaign, cancellation);
        return willSend > atMost ? new LaunchResult.Grown(willSend) : null;
    }

    /// <summary>Preparing → Sending; also called at the start for a launch that a crash cut in two.</summary>
    /// <returns>Null when the campaign is not in Preparing any more.</returns>
    public async Task<(int Recipients, int WillSend)?> PrepareAsync(
        Guid tenantId,
        Guid campaignId,
        CancellationToken cancellation
    )
    {
        var frozen = await db.WriteAsync(
            TenantScope.For(tenantId),
            async (context, token) =>
            {
                // Held before it is read: an old database that is noticed meanwhile makes it a draft before or after this,
                // and never in its middle (HoldSending).
                await context.LockCampaignAsync(campaignId, token);
                var campaign = await context.Campaigns.SingleAsync(c => c.Id == campaignId, token);
                if (campaign.Status != CampaignStatus.Preparing)
                {
                    return ((int, int)?)null;
                }

                var now = db.Time.GetUtcNow();
                var account = await SenderAccounts.OfSenderAsync(context, campaign.SenderId, token);
                campaign.CurrentRun = 1;
                var run = new Run
                {
                    TenantId = tenantId,
                    CampaignId = campaignId,
                    Number = 1,
                    Kind = RunKind.Launch,
                    AccountId = account,
                    StartedBy = campaign.LaunchedBy ?? "",
                    StartedAt = now,
                };
                context.Runs.Add(run);
                await context.SaveChangesAsync(token);
                // A follow-up's people stand in its ledger since it was made.
                (var recipients, run.Planned) = campaign.ContinuesId is null
                    ? await FreezeAudience.FreezeAsync(context, campaign, now, _batchSize, token)
                    : (
                        await FreezeAudience.KeepAsync(context, campaign, now, token),
                        await ChunkPlanner.PlanAsync(context, campaign, token, _batchSize)
                    );
                await context.SaveChangesAsync(token);
                if (
                    !await CampaignTransitions.TryMoveAsync(
                        context,
                        tenantId,
                        campaignId,
                        CampaignStatus.Preparing,
                        CampaignStatus.Sending,
                        now,
                        token
                    )
                )
                {
                    throw new InvalidOperationException("It is not being prepared any more; nobody was taken.");
                }

                await EventOutbox.RecipientsAsync(context, tenantId, campaignId, now, token);
                await CampaignCompletion.CheckAsync(context, tenantId, campaignId, now, token);
                if (campaign.ContinuesId is { } source)
                {
                    // It waited for this draft, whose people could still have come back to it.
                    await CampaignCompletion.CheckAsync(context, tenantId, source, now, token, _batchSize);
                    context.AfterCommit(() => notifier.Publish(source));
                }

                return (recipients, run.Planned);
            },
            cancellation
        );
        signal.Raise();
        notifier.Publish(campaignId);
        try
        {
            await db.AnalyzeAsync(cancellation);
        }
        catch (Exception exception) when (StorageFailures.IsTheDatabases(exception))
        {
            // It is being sent. The statements' plans are those of before until the database counts by itself.
            logger.LogWarning(
                exception,
                "After the launch of {CampaignId} the database could not count its rows.",
                campaignId
            );
        }

        return frozen;
    }

    /// <summary>From a draft, or from a scheduled campaign, whose content is frozen already.</summary>
    /// <returns>Null when it won.</returns>
    internal static async Task<LaunchResult?> FreezeContentAsync(
        Audit.CommandContext command,
        Guid campaignId,
        int version,
        CancellationToken cancellation
    )
    {
        var (campaign, refused) = await ScheduleCampaign.OpenAsync(command.Db, campaignId, version, cancellation);
        if (campaign is null)
        {
            return refused;
        }

        var sender = await SenderAsync(command.Db, campaign.SenderId, cancellation);
        var problems = await ProblemsAsync(command.Db, campaign, sender, cancellation);
        if (problems.Count > 0)
        {
            return new LaunchResult.NotLaunchable(problems);
        }

        if (campaign.Status == CampaignStatus.Draft)
        {
            FreezeSender(campaign, sender!);
        }

        campaign.LaunchedBy = command.Actor.Name;
        var details = await BeginAsync(command.Db, campaign, command.Now, cancellation);
        command.Audit("campaign.launched", "campaign", campaignId.ToString(), campaign.Name, details);
        return null;
    }

    internal static void FreezeSender(Campaign campaign, SenderIdentity sender)
    {
        campaign.FromHeader = SenderHeader.Of(sender);
        campaign.ReplyTo = sender.ReplyTo;
    }

    /// <summary>Draft or Scheduled → Preparing: from here on it has been launched.</summary>
    /// <param name="campaign">Tracked; with its content, its sender and who launches it.</param>
    /// <returns>What the audit log says of it.</returns>
    internal static async Task<object> BeginAsync(
        PortalDbContext context,
        Campaign campaign,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var from = campaign.Status;
        campaign.LaunchedAt = now;
        (campaign.StopReason, campaign.StopDetail) = (null, null);
        campaign.Version++;
        campaign.UpdatedAt = now;
        await context.SaveChangesAsync(cancellation);
        await CampaignTransitions.TryMoveAsync(
            context,
            campaign.TenantId,
            campaign.Id,
            from,
            CampaignStatus.Preparing,
            now,
            cancellation
        );
        return new
        {
            from = campaign.FromHeader,
            subject = campaign.Subject,
            audience = campaign.AudienceKind.ToString(),
            tag = campaign.AudienceTag,
            segment = campaign.AudienceSegmentId,
            left_out = campaign.LeavesOut,
            scheduled_at = campaign.ScheduledAt,
        };
    }

    internal static Task<SenderIdentity?> SenderAsync(
        PortalDbContext db,
        Guid? senderId,
        CancellationToken cancellation
    ) =>
        db
            .SenderIdentities.Include(sender => sender.Domain)
            .SingleOrDefaultAsync(sender => sender.Id == senderId, cancellation);

    /// <summary>What the pre-flight list shows before; here it is the wall.</summary>
    internal static async Task<List<string>> ProblemsAsync(
        PortalDbContext db,
        Campaign campaign,
        SenderIdentity? sender,
        CancellationToken cancellation
    )
    {
        var problems = ProblemsOf(campaign, sender);
        problems.AddRange(await LeftOutProblemsAsync(db, campaign.LeavesOut, cancellation));
        if (problems.Count == 0 && !await Audience(db, campaign).AnyAsync(cancellation))
        {
            problems.Add(
                campaign.ContinuesId is null
                    ? "Nobody is in this audience."
                    : "Nobody whom this campaign took over is left to be mailed."
            );
        }

        return problems;
    }

    /// <summary>
    /// While another's audience is being taken it is not known yet whom to leave out. Asked in the transaction that decides
    /// the launch, so that of two that leave out each other's recipients one comes second.
    /// </summary>
    internal static async Task<IEnumerable<string>> LeftOutProblemsAsync(
        PortalDbContext db,
        string? leavesOut,
        CancellationToken cancellation
    )
    {
        var campaigns = LeftOutCampaigns.Read(leavesOut);
        var preparing =
            campaigns.Count == 0
                ? []
                : await db
                    .Campaigns.Where(c => campaigns.Contains(c.Id) && c.Status == CampaignStatus.Preparing)
                    .Select(c => c.Name)
                    .ToListAsync(cancellation);
        return preparing.Select(name =>
            $"The audience of \u201c{name}\u201d, whose recipients are left out, is being taken just now; try again in a moment."
        );
    }

    /// <summary>What hinders a launch whoever is in the audience: the sender and the content.</summary>
    internal static List<string> ProblemsOf(Campaign campaign, SenderIdentity? sender)
    {
        var problems = new List<string>();
        if (ProblemOf(sender) is { } problem)
        {
            problems.Add(problem);
        }

        if (string.IsNullOrWhiteSpace(campaign.Subject))
        {
            problems.Add("Write a subject.");
        }

        problems.AddRange(ContentProblems(campaign));
        return problems;
    }

    internal static string? ProblemOf(SenderIdentity? sender) =>
        sender?.Domain is null ? "Choose who the mail comes from."
        : sender.Domain.Status != DomainStatus.Verified ? $"The domain {sender.Domain.Name} is not verified yet."
        : null;

    private static IEnumerable<string> ContentProblems(Campaign campaign)
    {
        if (string.IsNullOrWhiteSpace(campaign.Html))
        {
            return ["Write the mail."];
        }

        try
        {
            MailTemplate.Compile(campaign.Subject, campaign.Html, campaign.Text);
        }
        catch (TemplateException exception)
        {
            return [exception.Message];
        }

        return MailTemplate
            .UnknownFields(campaign.Subject, campaign.Html, campaign.Text)
            .Select(field => $"The field {{{{{field}}}}} does not exist.");
    }

    internal static IQueryable<Contacts.Contact> Audience(PortalDbContext db, Campaign campaign) =>
        CampaignAudience.Of(
            db,
            campaign.AudienceKind,
            campaign.AudienceTag,
            campaign.AudienceSegmentId,
            campaign.ContinuesId
        );
}
