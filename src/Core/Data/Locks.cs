using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Ledgerpost.Data;

/// <summary>
/// What a transaction that runs beside others waits for. On SQLite the gate has made it alone already, and all of this is
/// nothing. Locks end with the transaction. Order, so that hardly anybody waits in a circle (who does is run again): the
/// tenant, then the events, then its sending (at the end of a tenant's deletion the events first: no command of it is left
/// that could hold the tenant and wait for them); all campaigns before one; for a chunk without doubt the campaign, then the
/// chunk; for one in doubt the chunk, the account, then the campaign; a campaign before its row, and of a lineage's rows the
/// source's before the follow-up's; the log last.
/// </summary>
public static class Locks
{
    internal const string ForUpdateTag = "ledgerpost: for update";

    private const string AllCampaigns = "campaigns";

    /// <summary>The campaign's status and run stay as they are until the end of this transaction; many may hold it.</summary>
    /// <returns>False where there is nobody to hold it against.</returns>
    public static Task<bool> HoldCampaignAsync(
        this PortalDbContext db,
        Guid campaignId,
        CancellationToken cancellation
    ) => TakeCampaignAsync(db, campaignId, shared: true, cancellation);

    /// <summary>The same for the whole tenant, before the campaign: its deletion has not begun, or it is seen.</summary>
    public static async Task HoldSendingAsync(
        this PortalDbContext db,
        Guid tenantId,
        Guid campaignId,
        CancellationToken cancellation
    )
    {
        if (db.IsPostgreSql)
        {
            await db.ExecuteAsync(
                $"""
                SELECT pg_advisory_xact_lock_shared(hashtextextended({$"sending/{tenantId:N}"}, 0)),
                    pg_advisory_xact_lock_shared(hashtextextended({AllCampaigns}, 0)),
                    pg_advisory_xact_lock_shared(hashtextextended({$"campaign/{campaignId:N}"}, 0))
                """,
                cancellation
            );
        }
    }

    /// <summary>
    /// Waits for the tenant's commands and for every intent of its that is being written; none begins before this
    /// transaction has ended. A command of the installation, behind which everybody's sign-in waits, waits five seconds at
    /// most for a launch or a resume that takes minutes.
    /// </summary>
    /// <exception cref="TenantBusyException">Of the whole transaction: the five seconds are over.</exception>
    public static async Task LockTenantAsync(this PortalDbContext db, Guid tenantId, CancellationToken cancellation)
    {
        if (db.IsPostgreSql && db.Scope.AllTenants)
        {
            // Who came with a patience of its own keeps it; 0 is none.
            await db.ExecuteAsync(
                $"""
                SELECT set_config('lock_timeout', CASE current_setting('lock_timeout') WHEN '0' THEN '5s'
                    ELSE current_setting('lock_timeout') END, true)
                """,
                cancellation
            );
        }

        // By the name under which its commands are alone.
        await TakeAsync(db, $"tenant/{tenantId:N}", shared: false, cancellation);
        await TakeAsync(db, $"sending/{tenantId:N}", shared: false, cancellation);
    }

    /// <summary>Waits for all who hold the campaign, and for whoever changes it; then its status may be changed.</summary>
    public static Task LockCampaignAsync(this PortalDbContext db, Guid campaignId, CancellationToken cancellation) =>
        TakeCampaignAsync(db, campaignId, shared: false, cancellation);

    /// <summary>
    /// The same as each campaign of the installation by one lock, since PostgreSQL cannot keep thousands: whoever holds or
    /// locks one holds this first, until the end of its transaction, and so nobody has any of them.
    /// </summary>
    public static async Task LockAllCampaignsAsync(this PortalDbContext db, CancellationToken cancellation) =>
        db.HasAllCampaigns = await TakeAsync(db, AllCampaigns, shared: false, cancellation);

    /// <summary>The numbers of a tenant's log are dense: one transaction at a time takes some.</summary>
    public static Task LockLogAsync(this PortalDbContext db, Guid tenantId, CancellationToken cancellation) =>
        TakeAsync(db, $"log/{tenantId:N}", shared: false, cancellation);

    /// <summary>Events are applied by one transaction at a time, whoever received them.</summary>
    public static Task LockEventsAsync(this PortalDbContext db, CancellationToken cancellation) =>
        TakeAsync(db, "events", shared: false, cancellation);

    /// <summary>The rows are locked as they are read, in their newest state; for a tracked read of rows not tracked yet.</summary>
    public static IQueryable<T> ForUpdate<T>(this IQueryable<T> query) => query.TagWith(ForUpdateTag);

    /// <summary>
    /// The same as the end of a statement written as SQL (<see cref="Statements"/>), passing over rows that somebody else
    /// has locked; empty on SQLite, and where nothing is about to be written.
    /// </summary>
    /// <param name="table">The name by which the statement calls the table whose rows are locked.</param>
    internal static string SkipLocked(this PortalDbContext db, string table) =>
        db.IsPostgreSql && db.Raw is { Transaction: not null } ? $" FOR NO KEY UPDATE OF {table} SKIP LOCKED" : "";

    private static async Task<bool> TakeCampaignAsync(
        PortalDbContext db,
        Guid campaignId,
        bool shared,
        CancellationToken cancellation
    )
    {
        if (!db.IsPostgreSql)
        {
            return false;
        }

        if (db.HasAllCampaigns)
        {
            return true;
        }

        var name = $"campaign/{campaignId:N}";
        // A list is computed from left to right.
        await db.ExecuteAsync(
            shared
                ? (FormattableString)
                    $"""
                    SELECT pg_advisory_xact_lock_shared(hashtextextended({AllCampaigns}, 0)),
                        pg_advisory_xact_lock_shared(hashtextextended({name}, 0))
                    """
                : $"""
                SELECT pg_advisory_xact_lock_shared(hashtextextended({AllCampaigns}, 0)),
                    pg_advisory_xact_lock(hashtextextended({name}, 0))
                """,
            cancellation
        );
        return true;
    }

    private static async Task<bool> TakeAsync(
        PortalDbContext db,
        string name,
        bool shared,
        CancellationToken cancellation
    )
    {
        if (!db.IsPostgreSql)
        {
            return false;
        }

        await db.ExecuteAsync(
            shared
                ? (FormattableString)$"SELECT pg_advisory_xact_lock_shared(hashtextextended({name}, 0))"
                : $"SELECT pg_advisory_xact_lock(hashtextextended({name}, 0))",
            cancellation
        );
        return true;
    }
}

/// <summary>PostgreSQL's locking clauses, which EF Core has no words for: asked for by a tag, written at the end.</summary>
internal sealed class LockingClauses : DbCommandInterceptor
{
    public static LockingClauses Instance { get; } = new();

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<DbDataReader> result,
        CancellationToken cancellationToken = default
    )
    {
        if (command.CommandText.StartsWith("-- " + Locks.ForUpdateTag, StringComparison.Ordinal))
        {
            command.CommandText += "\nFOR NO KEY UPDATE";
        }

        return new ValueTask<InterceptionResult<DbDataReader>>(result);
    }
}
