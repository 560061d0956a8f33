using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Campaigns;

/// <summary>A new, empty draft. Where the tenant has only one sender, it is chosen.</summary>
public sealed class CreateCampaign(PortalDb database)
{
    public Task<CreateCampaignResult> ExecuteAsync(Caller caller, string? name, CancellationToken cancellation) =>
        database.CommandAsync<CreateCampaignResult>(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                var senders = await command.Db.SenderIdentities.Select(sender => sender.Id).Take(2).ToListAsync(token);
                var campaign = NewDraft.Of(
                    command,
                    new DraftContent(
                        string.IsNullOrWhiteSpace(name) ? "Untitled campaign" : name.Trim(),
                        senders.Count == 1 ? senders[0] : null,
                        "",
                        "",
                        AudienceKind.All,
                        null,
                        null
                    )
                );
                if (DraftContent.Of(campaign).Problems() is { Count: > 0 } problems)
                {
                    return new CreateCampaignResult.Invalid(problems);
                }

                command.Db.Campaigns.Add(campaign);
                command.Audit("campaign.created", "campaign", campaign.Id.ToString(), campaign.Name);
                return new CreateCampaignResult.Created(campaign.Id);
            },
            cancellation
        );
}

public abstract record CreateCampaignResult
{
    public sealed record Created(Guid Id) : CreateCampaignResult;

    public sealed record Invalid(IReadOnlyList<FieldProblem> Problems) : CreateCampaignResult;
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
                    .Db.Campaigns.AsNoTracking()
                    .SingleOrDefaultAsync(campaign => campaign.Id == campaignId, token);
                if (source is null)
                {
                    return null;
                }

                var content = DraftContent.Of(source);
                var name = $"Copy of {content.Name}";
                var copy = NewDraft.Of(
                    command,
                    content with
                    {
                        Name = name[..Math.Min(name.Length, DraftContent.MaxNameLength)],
                    }
                );
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
    public static Campaign Of(Audit.CommandContext command, DraftContent content)
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
}
