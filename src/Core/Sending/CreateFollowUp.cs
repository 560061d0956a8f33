using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Recipients;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>What became of a follow-up. A closed set.</summary>
public abstract record FollowUpResult
{
    private FollowUpResult() { }

    /// <param name="People">Who waited in the source and waits in the draft now.</param>
    public sealed record Created(Guid Id, int People) : FollowUpResult;

    /// <summary>Somebody was first: <paramref name="Id"/> continues it.</summary>
    public sealed record AlreadyFollowed(Guid Id) : FollowUpResult;

    /// <summary>Only a Partial campaign can be continued.</summary>
    public sealed record NotPartial(CampaignStatus Status) : FollowUpResult;

    /// <summary>Nobody is waiting, so there is nobody to write to; nothing has changed.</summary>
    public sealed record NobodyWaits : FollowUpResult;

    public sealed record NotFound : FollowUpResult;
}

/// <summary>
/// A new campaign that continues a Partial one. In one transaction the source is marked as continued (of all who press one
/// wins), its clean chunks are abandoned, and whoever is pending moves to the new draft. What may have been mailed stays
/// in the source and is found there by everything that looks through the lineage (docs/decisions/0012).
/// </summary>
public sealed class CreateFollowUp(PortalDb database, CampaignNotifier notifier)
{
    /// <param name="name">Null for the source's own with "continued" behind it.</param>
    public Task<FollowUpResult> ExecuteAsync(
        Caller caller,
        Guid sourceId,
        string? name,
        CancellationToken cancellation
    ) =>
        database.CommandAsync(
            caller,
            TenantRole.Admin,
            (command, token) => CreateAsync(command, sourceId, name, token),
            cancellation
        );

    /// <summary>The same within another command.</summary>
    internal async Task<FollowUpResult> CreateAsync(
        CommandContext command,
        Guid sourceId,
        string? name,
        CancellationToken cancellation
    )
    {
        var db = command.Db;
        await db.LockCampaignAsync(sourceId, cancellation);
        var source = await ReadAsync(db, sourceId, cancellation);
        if (source is null)
        {
            return new FollowUpResult.NotFound();
        }

        if (source.ContinuedById is { } first)
        {
            db.Fired(SafetyMechanism.FollowUpLost, sourceId);
            return new FollowUpResult.AlreadyFollowed(first);
        }

        if (source.Status != CampaignStatus.Partial)
        {
            db.Fired(SafetyMechanism.FollowUpLost, sourceId);
            return new FollowUpResult.NotPartial(source.Status);
        }

        var pending = FreezeAudience.Pending(db, source);
        var others = await Lineage.OthersAsync(db, source.TenantId, sourceId, cancellation);
        if (
            await pending.CountAsync(cancellation)
            <= await CountAsync(Exclusions.CountAsync(db, pending, others, cancellation))
        )
        {
            return new FollowUpResult.NobodyWaits();
        }

        var followUp = Draft(command, source, name);
        if (!await WinAsync(db, source, followUp.Id, command.Now, cancellation))
        {
            db.Fired(SafetyMechanism.FollowUpLost, sourceId);
            source = await ReadAsync(db, sourceId, cancellation);
            return source?.ContinuedById is { } winner
                ? new FollowUpResult.AlreadyFollowed(winner)
                : new FollowUpResult.NotPartial(source?.Status ?? CampaignStatus.Cancelled);
        }

        db.Campaigns.Add(followUp);
        await db.SaveChangesAsync(cancellation);
        // The chunks first: an intent that is being written holds its chunk, and its people are pending no more after it.
        await CleanChunks.AbandonAsync(db, source, cancellation);
        await Exclusions.ApplyAsync(db, pending, others, command.Now, cancellation);
        var people = await TakeOver.MoveAsync(db, source, followUp, command.Now, cancellation);
        command.Audit(
            "campaign.continued_by",
            "campaign",
            sourceId.ToString(),
            source.Name,
            new
            {
                follow_up = followUp.Id,
                name = followUp.Name,
                people,
            }
        );
        command.Audit(
            "campaign.created",
            "campaign",
            followUp.Id.ToString(),
            followUp.Name,
            new
            {
                continues = sourceId,
                continues_name = source.Name,
                people,
            }
        );
        db.AfterCommit(() => notifier.Publish(sourceId));
        return new FollowUpResult.Created(followUp.Id, people);
    }

    private static Task<Campaign?> ReadAsync(PortalDbContext db, Guid id, CancellationToken cancellation) =>
        db.Campaigns.Composed().AsNoTracking().SingleOrDefaultAsync(campaign => campaign.Id == id, cancellation);

    private static async Task<int> CountAsync(Task<IReadOnlyList<ReasonCount>> reasons) =>
        (await reasons).Sum(reason => reason.Count);

    private static async Task<bool> WinAsync(
        PortalDbContext db,
        Campaign source,
        Guid followUpId,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        await db
            .Campaigns.Where(campaign =>
                campaign.TenantId == source.TenantId
                && campaign.Id == source.Id
                && campaign.Status == CampaignStatus.Partial
                && campaign.ContinuedById == null
            )
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(campaign => campaign.ContinuedById, followUpId)
                        .SetProperty(campaign => campaign.UpdatedAt, now),
                cancellation
            ) == 1;

    private static Campaign Draft(CommandContext command, Campaign source, string? name)
    {
        var content = DraftContent.Of(source);
        var shown = string.IsNullOrWhiteSpace(name) ? $"{source.Name}, continued" : name.Trim();
        var followUp = new Campaign
        {
            TenantId = source.TenantId,
            Id = command.Ids.New(),
            LineageId = source.LineageId,
            LineagePlace = source.LineagePlace + 1,
            ContinuesId = source.Id,
            Name = source.Name,
            Status = CampaignStatus.Draft,
            Version = 1,
            CreatedBy = command.Actor.Name,
            CreatedAt = command.Now,
            UpdatedAt = command.Now,
            // Whom the source was for: who joins that audience later can be taken by a resume.
            AudienceKind = source.AudienceKind,
            AudienceTag = source.AudienceTag,
            AudienceSegmentId = source.AudienceSegmentId,
            // Whom the source left out is excluded there, and nothing else would keep them from joining.
            LeavesOut = source.LeavesOut,
        };
        (content with { Name = KeptText.Cut(shown, DraftContent.MaxNameLength) }).ApplyTo(followUp);
        return followUp;
    }
}
