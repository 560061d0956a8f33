using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Campaigns;

/// <summary>A new draft, empty or with its content. Where the tenant has only one sender and none is named, it is chosen.</summary>
public sealed class CreateCampaign(PortalDb database)
{
    public Task<CreateCampaignResult> ExecuteAsync(Caller caller, string? name, CancellationToken cancellation) =>
        ExecuteAsync(
            caller,
            DraftContent.Empty with
            {
                Name = string.IsNullOrWhiteSpace(name) ? "Untitled campaign" : name.Trim(),
            },
            cancellation
        );

    /// <summary>All of it at once; a sender or a segment that is not the tenant's is refused.</summary>
    public Task<CreateCampaignResult> ExecuteAsync(
        Caller caller,
        DraftContent content,
        CancellationToken cancellation
    ) =>
        database.CommandAsync(
            caller,
            TenantRole.Editor,
            (command, token) => NewDraft.AddAsync(command, content, details: null, token),
            cancellation
        );
}

public abstract record CreateCampaignResult
{
    public sealed record Created(Guid Id) : CreateCampaignResult;

    public sealed record Invalid(IReadOnlyList<FieldError> Problems) : CreateCampaignResult;
}

/// <summary>A draft with the content of a campaign in any state; its ledger stays where it is.</summary>
public sealed class DuplicateCampaign(PortalDb database)
{
    /// <returns>The new draft's id, or null when there is no such campaign.</returns>
    public Task<Guid?> ExecuteAsync(Caller caller, Guid campaignId, CancellationToken cancellation) =>
        database.CommandAsync<Guid?>(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                var source = await command
                    .Db.Campaigns.Composed()
                    .AsNoTracking()
                    .SingleOrDefaultAsync(campaign => campaign.Id == campaignId, token);
                if (source is null)
                {
                    return null;
                }

                var content = DraftContent.Of(source);
                var name = $"Copy of {content.Name}";
                var copy = NewDraft.Of(command, content with { Name = KeptText.Cut(name, DraftContent.MaxNameLength) });
                command.Db.Campaigns.Add(copy);
                command.Audit(
                    "campaign.created",
                    "campaign",
                    copy.Id.ToString(),
                    copy.Name,
                    new { CopyOf = source.Id, CopyOfName = source.Name }
                );
                return copy.Id;
            },
            cancellation
        );
}

internal static class NewDraft
{
    /// <param name="details">Where it comes from, for the audit log.</param>
    public static async Task<CreateCampaignResult> AddAsync(
        CommandContext command,
        DraftContent content,
        object? details,
        CancellationToken cancellation
    )
    {
        if (content.SenderId is null)
        {
            var senders = await command
                .Db.SenderIdentities.Select(sender => sender.Id)
                .Take(2)
                .ToListAsync(cancellation);
            content = content with { SenderId = senders.Count == 1 ? senders[0] : null };
        }

        if (await ProblemsAsync(command.Db, content, before: null, self: null, cancellation) is { Count: > 0 } problems)
        {
            return new CreateCampaignResult.Invalid(problems);
        }

        var campaign = Of(command, content);
        command.Db.Campaigns.Add(campaign);
        command.Audit("campaign.created", "campaign", campaign.Id.ToString(), campaign.Name, details);
        return new CreateCampaignResult.Created(campaign.Id);
    }

    public static Campaign Of(CommandContext command, DraftContent content)
    {
        var campaign = new Campaign
        {
            TenantId = command.TenantId,
            Id = command.Ids.New(),
            Name = content.Name,
            Status = CampaignStatus.Draft,
            Version = 1,
            CreatedBy = command.Actor.Name,
            CreatedAt = command.Now,
            UpdatedAt = command.Now,
        };
        content.ApplyTo(campaign);
        return campaign;
    }

    /// <summary>What cannot be kept, and whom or what the tenant does not have; empty when there is nothing.</summary>
    /// <param name="before">Of a draft that is there: what it names already stays, also where that is gone since.</param>
    /// <param name="self">The draft that is there.</param>
    public static async Task<IReadOnlyList<FieldError>> ProblemsAsync(
        PortalDbContext db,
        DraftContent content,
        DraftContent? before,
        Guid? self,
        CancellationToken cancellation
    )
    {
        List<FieldError> problems = [.. content.Problems()];
        if (
            content.SenderId is { } senderId
            && senderId != before?.SenderId
            && !await db.SenderIdentities.AnyAsync(row => row.Id == senderId, cancellation)
        )
        {
            problems.Add(new("sender", "There is no such sender."));
        }

        if (
            content is { AudienceKind: AudienceKind.Segment, AudienceSegmentId: { } segmentId }
            && segmentId != before?.AudienceSegmentId
            && !await db.Segments.AnyAsync(row => row.Id == segmentId, cancellation)
        )
        {
            problems.Add(new("audience", "There is no such segment."));
        }

        return
        [
            .. problems,
            .. await LeftOutCampaigns.ProblemsAsync(db, content.LeavesOut, before?.LeavesOut, self, cancellation),
        ];
    }
}
