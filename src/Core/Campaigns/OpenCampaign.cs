using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Segments;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Campaigns;

/// <summary>One campaign with what is chosen in it, in words.</summary>
/// <param name="From">Who it comes from; null while nobody is chosen, or the sender is gone.</param>
/// <param name="Audience">Whom it goes to, as a phrase.</param>
/// <param name="Continues">The campaign that this follow-up continues.</param>
/// <param name="ContinuedBy">The follow-up that took over whoever waited here.</param>
/// <param name="Continuable">No follow-up that can still send stands behind it: it may be resumed itself.</param>
public sealed record CampaignView(
    Campaign Campaign,
    string? From,
    string Audience,
    RelatedCampaign? Continues = null,
    RelatedCampaign? ContinuedBy = null,
    bool Continuable = true
);

/// <summary>The neighbour in a lineage.</summary>
public sealed record RelatedCampaign(Guid Id, string Name, CampaignStatus Status);

public sealed class OpenCampaign(PortalDb database)
{
    /// <returns>Null when the tenant has no such campaign.</returns>
    public async Task<CampaignView?> ExecuteAsync(TenantScope scope, Guid campaignId, CancellationToken cancellation)
    {
        await using var db = database.Read(scope);
        if (
            await db.Campaigns.Composed().SingleOrDefaultAsync(row => row.Id == campaignId, cancellation)
            is not { } campaign
        )
        {
            return null;
        }

        var from = campaign.FromHeader;
        if (from is null && campaign.SenderId is { } senderId)
        {
            var sender = await db
                .SenderIdentities.Include(row => row.Domain)
                .SingleOrDefaultAsync(row => row.Id == senderId, cancellation);
            from = sender is null ? null : SenderChoice.Of(sender).Shown;
        }

        var continues = await RelatedAsync(db, campaign.ContinuesId, cancellation);
        var audience = campaign.AudienceKind switch
        {
            _ when continues is not null => $"those who waited in \u201c{continues.Name}\u201d",
            AudienceKind.Tag => $"contacts tagged \u201c{campaign.AudienceTag}\u201d",
            AudienceKind.Segment => await SegmentNameAsync(db, campaign.AudienceSegmentId, cancellation),
            _ => "all contacts",
        };
        audience += await LeftOutAsync(db, campaign, cancellation);
        return new CampaignView(
            campaign,
            from,
            audience,
            continues,
            await RelatedAsync(db, campaign.ContinuedById, cancellation),
            await Lineage.NotContinued(db, db.Campaigns.Where(row => row.Id == campaignId)).AnyAsync(cancellation)
        );
    }

    private static async Task<RelatedCampaign?> RelatedAsync(PortalDbContext db, Guid? id, CancellationToken token) =>
        id is null
            ? null
            : await db
                .Campaigns.Where(row => row.Id == id)
                .Select(row => new RelatedCampaign(row.Id, row.Name, row.Status))
                .SingleOrDefaultAsync(token);

    private static async Task<string> LeftOutAsync(PortalDbContext db, Campaign campaign, CancellationToken token)
    {
        var ids = LeftOutCampaigns.Read(campaign.LeavesOut);
        if (ids.Count == 0)
        {
            return "";
        }

        var names = await db
            .Campaigns.Where(row => ids.Contains(row.Id))
            .OrderBy(row => row.Name)
            .Select(row => row.Name)
            .ToListAsync(token);
        return $", except recipients of {string.Join(", ", names.Select(name => $"\u201c{name}\u201d").DefaultIfEmpty("a deleted campaign"))}";
    }

    private static async Task<string> SegmentNameAsync(PortalDbContext db, Guid? id, CancellationToken token)
    {
        var name = await db.Segments.Where(row => row.Id == id).Select(row => row.Name).SingleOrDefaultAsync(token);
        return name is null ? "a segment that no longer exists" : $"the segment \u201c{name}\u201d";
    }
}

/// <summary>Whom a campaign's three audience fields mean, before anybody is left out.</summary>
public static class CampaignAudience
{
    /// <param name="continuesId">Of a follow-up: those whom it has taken over, whatever the three fields say.</param>
    public static IQueryable<Contact> Of(
        PortalDbContext db,
        AudienceKind kind,
        string? tag,
        Guid? segmentId,
        Guid? continuesId
    ) =>
        kind switch
        {
            _ when continuesId is { } source => db.WaitingInFollowUp(source),
            AudienceKind.Tag => Segments.Audience.WithTag(db, tag ?? ""),
            AudienceKind.Segment => Segments.Audience.InSegment(db, segmentId ?? Guid.Empty),
            AudienceKind.Address => Segments.Audience.All(db).Where(_ => false),
            _ => Segments.Audience.All(db),
        };

    /// <summary>Of these, whom nothing but another campaign could keep from being mailed.</summary>
    public static IQueryable<Contact> NotSuppressed(PortalDbContext db, IQueryable<Contact> contacts) =>
        contacts.Where(contact =>
            !db.SuppressedAddresses.Any(row =>
                row.TenantId == contact.TenantId && row.NormalizedEmail == contact.NormalizedEmail
            )
        );
}

public sealed record SenderChoice(Guid Id, string Shown, string Domain, DomainStatus DomainStatus)
{
    public static SenderChoice Of(SenderIdentity sender)
    {
        var address = $"{sender.LocalPart}@{sender.Domain!.Name}";
        return new(
            sender.Id,
            sender.DisplayName is { Length: > 0 } name ? $"{name} <{address}>" : address,
            sender.Domain.Name,
            sender.Domain.Status
        );
    }
}

public sealed record TagChoice(string Tag, int People);

public sealed record SegmentChoice(Guid Id, string Name);

/// <summary>A campaign whose recipients may be left out.</summary>
public sealed record CampaignChoice(Guid Id, string Name, CampaignStatus Status, DateTimeOffset? LaunchedAt);

public sealed record ComposeChoices(
    IReadOnlyList<SenderChoice> Senders,
    IReadOnlyList<TagChoice> Tags,
    IReadOnlyList<SegmentChoice> Segments,
    IReadOnlyList<CampaignChoice> Campaigns,
    IReadOnlyList<string> Fields
);

/// <summary>What a campaign can be sent from and to.</summary>
public sealed class ListComposeChoices(PortalDb database)
{
    private const int MostCampaigns = 100;

    /// <param name="leavesOut">The draft's; they are among the campaigns however old they are.</param>
    public Task<ComposeChoices> ExecuteAsync(TenantScope scope, string? leavesOut, CancellationToken cancellation) =>
        database.ReadSnapshotAsync(
            scope,
            async (db, token) =>
            {
                var senders = await db.SenderIdentities.Include(row => row.Domain).ToListAsync(token);
                var tags = await db
                    .ContactTags.GroupBy(row => row.Tag)
                    .Select(group => new { Tag = group.Key, People = group.Count() })
                    .OrderBy(group => group.Tag)
                    .ToListAsync(token);
                var segments = await db
                    .Segments.OrderBy(row => row.Name)
                    .Select(row => new SegmentChoice(row.Id, row.Name))
                    .ToListAsync(token);
                var chosen = LeftOutCampaigns.Read(leavesOut);
                var campaigns = await db
                    .Campaigns.Composed()
                    .Where(row => row.LaunchedAt != null || chosen.Contains(row.Id))
                    .OrderByDescending(row => chosen.Contains(row.Id))
                    .ThenByDescending(row => row.CreatedAt)
                    .Take(MostCampaigns)
                    .Select(row => new CampaignChoice(row.Id, row.Name, row.Status, row.LaunchedAt))
                    .ToListAsync(token);
                return new ComposeChoices(
                    [
                        .. senders
                            .Select(SenderChoice.Of)
                            .OrderBy(choice => choice.Shown, StringComparer.OrdinalIgnoreCase),
                    ],
                    [.. tags.Select(row => new TagChoice(row.Tag, row.People))],
                    segments,
                    campaigns,
                    await ContactFields.NamesAsync(db, token)
                );
            },
            cancellation
        );
}
