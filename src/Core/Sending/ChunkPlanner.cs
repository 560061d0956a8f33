using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>Cuts a campaign's pending recipients into chunks of the current run, set-based, in the caller's transaction.</summary>
public static class ChunkPlanner
{
    /// <summary>Our own limit for one request; the provider publishes none (docs/decisions/0004).</summary>
    private const int MaxRequestBytes = 9 * 1024 * 1024;

    /// <summary>Room for address, headers, tags and the text part's markup around one mail's HTML.</summary>
    private const int OverheadBytes = 4 * 1024;

    /// <summary>As many as fit: 100, or fewer when the mail is so large that 100 would not go into one request.</summary>
    public static int SizeFor(Campaign campaign) =>
        Math.Clamp(
            MaxRequestBytes / (((campaign.Html.Length + (campaign.Text?.Length ?? 0)) * 3) + OverheadBytes),
            1,
            Chunk.MaxRecipients
        );

    public static int SizeFor(Campaign campaign, int most) => Math.Min(SizeFor(campaign), most);

    /// <param name="most">Recipients of one chunk: <c>Sending:BatchSize</c>.</param>
    /// <param name="campaign">Tracked; its <see cref="Campaign.LastChunk"/> is raised.</param>
    /// <returns>How many recipients were planned.</returns>
    public static async Task<int> PlanAsync(
        PortalDbContext db,
        Campaign campaign,
        CancellationToken cancellation,
        int most = Chunk.MaxRecipients
    )
    {
        var size = SizeFor(campaign, most);
        var last = await LastAsync(db, campaign, cancellation);
        var planned = await ExecuteJoinAsync(
            db,
            $"""
            UPDATE "Recipients" SET "ChunkNumber" = {last} + 1 + (x."Position" - 1) / {size}
            FROM (
                SELECT "Number" AS "Member", ROW_NUMBER() OVER (ORDER BY "Number") AS "Position"
                FROM "Recipients"
                WHERE "TenantId" = {campaign.TenantId} AND "CampaignId" = {campaign.Id}
                    AND "State" = 'Pending' AND "ChunkNumber" IS NULL
            ) AS x
            WHERE "TenantId" = {campaign.TenantId} AND "CampaignId" = {campaign.Id} AND "Number" = x."Member"
            """,
            cancellation
        );
        await AddAsync(db, campaign, last, planned, size, cancellation);
        return planned;
    }

    /// <summary>
    /// The chunk numbers that are taken. Read again: a bisection may have taken some before the caller's first statement
    /// held the campaign's row.
    /// </summary>
    internal static Task<int> LastAsync(PortalDbContext db, Campaign campaign, CancellationToken cancellation) =>
        db
            .Campaigns.Where(c => c.TenantId == campaign.TenantId && c.Id == campaign.Id)
            .Select(c => c.LastChunk)
            .SingleAsync(cancellation);

    /// <summary>The chunks whose numbers stand with their recipients already.</summary>
    internal static async Task AddAsync(
        PortalDbContext db,
        Campaign campaign,
        int last,
        int planned,
        int size,
        CancellationToken cancellation
    )
    {
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO "Chunks" (
                "TenantId", "CampaignId", "Number", "RunNumber", "FirstRecipient", "LastRecipient",
                "Generation", "Epoch", "State", "Attempts", "Failures", "Mails")
            SELECT "TenantId", "CampaignId", "ChunkNumber", {campaign.CurrentRun}, MIN("Number"), MAX("Number"),
                1, 0, 'Planned', 0, 0, 0
            FROM "Recipients"
            WHERE "TenantId" = {campaign.TenantId} AND "CampaignId" = {campaign.Id} AND "ChunkNumber" > {last}
            GROUP BY "TenantId", "CampaignId", "ChunkNumber"
            """,
            cancellation
        );
        campaign.LastChunk = last + ((planned + size - 1) / size);
    }

    /// <summary>
    /// A table that PostgreSQL has no statistics of yet looks empty to it, and it would compare everybody with everybody.
    /// </summary>
    /// <returns>How many rows it touched.</returns>
    internal static async Task<int> ExecuteJoinAsync(
        PortalDbContext db,
        FormattableString sql,
        CancellationToken cancellation
    )
    {
        // For what is left of this transaction too, also of one beside others: it goes over the whole ledger.
        db.Database.SetCommandTimeout(DatabaseEngine.LongestStatement);
        await NestedLoopsAsync(db, "off", cancellation);
        var touched = await db.Database.ExecuteSqlAsync(sql, cancellation);
        await NestedLoopsAsync(db, "on", cancellation);
        return touched;
    }

    private static Task<int> NestedLoopsAsync(PortalDbContext db, string setting, CancellationToken cancellation) =>
        db.Database.IsNpgsql()
            ? db.Database.ExecuteSqlAsync($"SELECT set_config('enable_nestloop', {setting}, true)", cancellation)
            : Task.FromResult(0);
}
