using Ledgerpost.Audit;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Data;

/// <summary>The contract's <c>Database:Provider</c>.</summary>
public enum DatabaseProvider
{
    Sqlite,
    PostgreSql,
}

/// <summary>
/// What differs between the databases, behind <see cref="PortalDb"/>: how connections are made, what a write transaction
/// is, and what keeps one from disturbing another (docs/decisions/0010).
/// </summary>
internal abstract class DatabaseEngine(AuditKeys auditKeys, SafetyLog safety) : IAsyncDisposable
{
    /// <summary>
    /// The usual half minute is too short for a million rows on PostgreSQL: what goes over a whole ledger would begin again for
    /// ever. For a transaction that is alone, which may do so and may wait for another that does; the engine's hot steps wait
    /// for their answer no longer than usual.
    /// </summary>
    internal static readonly TimeSpan LongestStatement = TimeSpan.FromMinutes(15);

    protected SafetyLog Safety => safety;

    /// <summary>The clock by which leases and windows are counted.</summary>
    public abstract TimeProvider Time { get; }

    public abstract PortalDbContext Read(TenantScope scope);

    /// <summary>A context whose reads are one snapshot, until it is disposed.</summary>
    public abstract Task<PortalDbContext> ReadSnapshotAsync(TenantScope scope, CancellationToken cancellation);

    /// <param name="alone">
    /// No other such transaction of the same tenant (or, without a tenant, of the installation) runs at the same time; false
    /// when the work takes the locks that it needs.
    /// </param>
    /// <param name="work">May run more than once; only its last run counts.</param>
    /// <param name="patience">
    /// How long one that is alone waits for another; for ever when null. SQLite's one writer keeps nobody that long.
    /// </param>
    /// <exception cref="TenantBusyException">Its patience is over; nothing was done.</exception>
    public abstract Task WriteAsync(
        TenantScope scope,
        bool alone,
        Func<PortalDbContext, Task> work,
        CancellationToken cancellation,
        TimeSpan? patience = null
    );

    public abstract PortalDbContext CreateForIdentity();

    public abstract Task MigrateAsync(CancellationToken cancellation);

    public abstract Task AnalyzeAsync(CancellationToken cancellation);

    /// <summary>What was deleted or overwritten is not left in a log beside the tables.</summary>
    public virtual Task EmptyLogAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Tells the other instances; at most 8000 bytes, and it may be lost.</summary>
    public virtual Task NotifyAsync(IReadOnlyList<string> messages, CancellationToken cancellation) =>
        Task.CompletedTask;

    /// <summary>Hears what other instances tell, until the connection breaks or it is cancelled.</summary>
    public virtual Task ListenAsync(Action listening, Action<string> heard, CancellationToken cancellation) =>
        Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);

    public abstract ValueTask DisposeAsync();

    /// <summary>For few statements that come again and again, written as SQL; what else is asked goes its usual way.</summary>
    public virtual async Task<T> ReadRowsAsync<T>(TenantScope scope, Func<PortalDbContext, Task<T>> query)
    {
        await using var db = Read(scope);
        return await query(db);
    }

    /// <summary>What every context of an engine has.</summary>
    protected static DbContextOptionsBuilder Options() =>
        new DbContextOptionsBuilder().AddInterceptors(ReadRows.Checked);

    protected PortalDbContext Create(TenantScope scope, DbContextOptions options, RawAccess? raw = null)
    {
        var context = scope.AllTenants
            ? new InstallationDbContext(options) { Raw = raw }
            : new PortalDbContext(options, scope) { Raw = raw };
        context.Safety = safety;
        context.AuditKeys = auditKeys;
        context.Time = Time;
        return context;
    }

    protected static void Announce(IReadOnlyList<Action> announcements)
    {
        foreach (var announce in announcements)
        {
            announce();
        }
    }
}
