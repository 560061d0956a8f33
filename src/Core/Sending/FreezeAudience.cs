using System.Runtime.CompilerServices;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Segments;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// Takes an audience into the ledger, set-based, in the caller's transaction. Raw SQL because EF Core has no
/// INSERT..SELECT; what differs between databases is nothing.
/// </summary>
public static partial class FreezeAudience
{
    /// <summary>
    /// A first launch: takes the audience, excludes whom nobody may mail, and cuts the others into chunks of the current
    /// run. What <see cref="TakeAsync"/> and <see cref="ChunkPlanner.PlanAsync"/> do one after the other, in one statement.
    /// </summary>
    /// <param name="campaign">Tracked, continues none, and has an empty ledger; its <see cref="Campaign.LastChunk"/> is raised.</param>
    /// <param name="most">Recipients of one chunk: <c>Sending:BatchSize</c>.</param>
    /// <returns>How many rows the ledger has, and how many of them were planned.</returns>
    public static async Task<(int Recipients, int Planned)> FreezeAsync(
        PortalDbContext db,
        Campaign campaign,
        DateTimeOffset now,
        int most,
        CancellationToken cancellation
    )
    {
        var size = ChunkPlanner.SizeFor(campaign, most);
        var last = await ChunkPlanner.LastAsync(db, campaign, cancellation);
        var sql = await SqlAsync(db, (_, leftOut) => Freeze(leftOut), campaign, now, cancellation, last, size);
        var recipients = await ChunkPlanner.ExecuteJoinAsync(db, sql, cancellation);
        if (campaign.HasOwnFields())
        {
            await FreezeFields.TakeAsync(db, campaign, behind: 0, cancellation);
        }

        var planned = await Pending(db, campaign).CountAsync(cancellation);
        await ChunkPlanner.AddAsync(db, campaign, last, planned, size, cancellation);
        return (recipients, planned);
    }

    /// <summary>Adds whoever is in the audience and not in the campaign's ledger, then excludes whom nobody may mail.</summary>
    /// <returns>How many rows were added.</returns>
    public static async Task<int> TakeAsync(
        PortalDbContext db,
        Campaign campaign,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var last =
            await db
                .Recipients.Where(r => r.TenantId == campaign.TenantId && r.CampaignId == campaign.Id)
                .MaxAsync(r => (int?)r.Number, cancellation)
            ?? 0;
        var added = await db.Database.ExecuteSqlAsync(
            await SqlAsync(db, (lineage, leftOut) => Insert(lineage + leftOut), campaign, now, cancellation, last),
            cancellation
        );
        if (campaign.HasOwnFields())
        {
            await FreezeFields.TakeAsync(db, campaign, last, cancellation);
        }

        await ExcludeAsync(db, campaign, now, cancellation);
        return added;
    }

    /// <summary>
    /// For a follow-up, whose ledger is there already: completes what its content needs of the people, and excludes whom
    /// nobody may mail.
    /// </summary>
    /// <returns>How many rows the ledger has.</returns>
    public static async Task<int> KeepAsync(
        PortalDbContext db,
        Campaign campaign,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var source = await db
            .Campaigns.AsNoTracking()
            .SingleAsync(c => c.TenantId == campaign.TenantId && c.Id == campaign.ContinuesId, cancellation);
        if (campaign.NeedsFieldsBeside(source))
        {
            await FreezeFields.TakeAsync(db, campaign, behind: 0, cancellation);
        }

        await ExcludeAsync(db, campaign, now, cancellation);
        return await db.Recipients.CountAsync(
            r => r.TenantId == campaign.TenantId && r.CampaignId == campaign.Id,
            cancellation
        );
    }

    public static async Task<int> ExcludeAsync(
        PortalDbContext db,
        Campaign campaign,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var others = await Lineage.OthersAsync(db, campaign.TenantId, campaign.Id, cancellation);
        return await Exclusions.ApplyAsync(db, Pending(db, campaign), others, now, cancellation);
    }

    /// <summary>
    /// Brings back the rows of people who were deleted while pending and are in the audience again, with the contact's own
    /// fields where none were frozen with the row.
    /// </summary>
    public static async Task<int> ReviveAsync(
        PortalDbContext db,
        Campaign campaign,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        if (campaign.HasOwnFields())
        {
            await db.Database.ExecuteSqlAsync(
                await SqlAsync(db, (lineage, _) => ReviveFields(lineage), campaign, now, cancellation),
                cancellation
            );
        }

        return await db.Database.ExecuteSqlAsync(
            await SqlAsync(db, (lineage, _) => Revive(lineage), campaign, now, cancellation),
            cancellation
        );
    }

    /// <summary>How many <see cref="ReviveAsync"/> would bring back and <see cref="TakeAsync"/> would add.</summary>
    public static async Task<int> CountJoinedAsync(
        PortalDbContext db,
        Campaign campaign,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        await db
            .Database.SqlQuery<int>(await SqlAsync(db, CountJoined, campaign, now, cancellation))
            .SingleAsync(cancellation);

    public static IQueryable<Recipient> Pending(PortalDbContext db, Campaign campaign) =>
        db.Recipients.Where(r =>
            r.TenantId == campaign.TenantId && r.CampaignId == campaign.Id && r.State == RecipientState.Pending
        );

    private static async Task<FormattableString> SqlAsync(
        PortalDbContext db,
        Func<string, string, string> sql,
        Campaign campaign,
        DateTimeOffset now,
        CancellationToken cancellation,
        int last = 0,
        int size = Chunk.MaxRecipients
    )
    {
        var needed = 1;
        var kind = campaign.AudienceKind.ToString();
        if (campaign.AudienceKind == AudienceKind.Segment)
        {
            var segment = await db
                .Segments.Where(s => s.TenantId == campaign.TenantId && s.Id == campaign.AudienceSegmentId)
                .Select(s => new { s.Match, Tags = s.Tags.Count })
                .SingleOrDefaultAsync(cancellation);
            // A segment that is gone, or has no tags, holds nobody: one tag is asked for and none is there.
            kind = segment is { Match: SegmentMatch.Named } ? nameof(SegmentMatch.Named) : kind;
            needed = segment is { Match: SegmentMatch.All } ? Math.Max(1, segment.Tags) : 1;
        }

        var others = await Lineage.OthersAsync(db, campaign.TenantId, campaign.Id, cancellation);
        var leftOut = LeftOutCampaigns.Read(campaign.LeavesOut);
        object[] arguments =
        [
            campaign.TenantId,
            campaign.Id,
            InstantConverter.ToMicroseconds(now),
            kind,
            campaign.AudienceTag ?? "",
            campaign.AudienceSegmentId ?? Guid.Empty,
            needed,
            last,
            campaign.LineageId,
            size,
        ];
        var places = Enumerable.Range(arguments.Length, leftOut.Count).Select(place => $"{{{place}}}");
        return FormattableStringFactory.Create(
            sql(others is null ? "" : NotInLineage, leftOut.Count == 0 ? "" : NotLeftOut)
                .Replace("{leftOut}", string.Join(", ", places), StringComparison.Ordinal),
            [.. arguments, .. leftOut]
        );
    }
}
