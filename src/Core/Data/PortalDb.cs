using Ledgerpost.Audit;
using Ledgerpost.Data.PostgreSql;
using Ledgerpost.Data.Sqlite;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;

namespace Ledgerpost.Data;

/// <summary>
/// The door to the database. Reads get a context that cannot write; every write is one transaction, and commands check the
/// caller's membership and write their audit entry in it. What a database makes of that stands in its engine.
/// </summary>
public sealed class PortalDb : IAsyncDisposable
{
    private readonly DatabaseEngine _engine;
    private readonly IIds _ids;
    private readonly AuditKeys _auditKeys;

    /// <param name="connectionString">For SQLite its folder must exist; for PostgreSQL its database.</param>
    /// <param name="auditKeys">The first seals what this process writes to the audit logs.</param>
    /// <param name="scheduler">Where SQLite's one writer runs; the pool's when null.</param>
    /// <param name="safety">One of its own, without a log, when null.</param>
    /// <exception cref="DatabaseUnsafeException">The connection string would undo the wall between tenants.</exception>
    public PortalDb(
        string connectionString,
        TimeProvider time,
        IIds ids,
        AuditKeys auditKeys,
        StorageFaults? faults = null,
        DatabaseProvider provider = DatabaseProvider.Sqlite,
        TaskScheduler? scheduler = null,
        SafetyLog? safety = null
    )
    {
        _ids = ids;
        _auditKeys = auditKeys;
        Provider = provider;
        IsShared = provider == DatabaseProvider.PostgreSql;
        Safety = safety ?? new SafetyLog(time);
        Tally = new AuditTally(this, Safety.Logger);
        faults ??= new StorageFaults();
        _engine = provider switch
        {
            DatabaseProvider.PostgreSql => new PostgreSqlEngine(connectionString, time, auditKeys, faults, Safety),
            _ => new SqliteEngine(connectionString, time, auditKeys, faults, Safety, scheduler),
        };
    }

    public DatabaseProvider Provider { get; }

    /// <summary>Other instances may be at work on it. SQLite's data directory has a lock, and so one process.</summary>
    public bool IsShared { get; init; }

    /// <summary>How often each safety mechanism was needed on this database, by this process.</summary>
    public SafetyLog Safety { get; }

    /// <summary>What stands in the audit logs counted, because it may happen without end.</summary>
    public AuditTally Tally { get; }

    /// <summary>
    /// What time it is for leases, windows and stamps. With several instances its source is the database's clock
    /// (<see cref="DatabaseTime"/>), so that they agree.
    /// </summary>
    public TimeProvider Time => _engine.Time;

    public IIds Ids => _ids;

    /// <summary>A read-only context; saving through it fails in the database itself.</summary>
    public PortalDbContext Read(TenantScope scope) => _engine.Read(scope);

    /// <summary>
    /// The same for statements written as SQL that run for every chunk (<see cref="Statements"/>): on a connection that keeps
    /// them prepared.
    /// </summary>
    internal Task<T> ReadRowsAsync<T>(TenantScope scope, Func<PortalDbContext, Task<T>> query) =>
        _engine.ReadRowsAsync(scope, query);

    /// <summary>Several reads that must agree with each other: one snapshot of the database.</summary>
    public async Task<T> ReadSnapshotAsync<T>(
        TenantScope scope,
        Func<PortalDbContext, CancellationToken, Task<T>> query,
        CancellationToken cancellation
    )
    {
        await using var db = await _engine.ReadSnapshotAsync(scope, cancellation);
        return await query(db, cancellation);
    }

    /// <summary>
    /// One transaction; pending changes are saved at its end, and it is durable when the task completes. No other one of
    /// the same tenant (without a tenant: of the installation) runs beside it, so that what it read still holds when it
    /// writes. On PostgreSQL the work may run more than once; only its last run counts.
    /// </summary>
    /// <exception cref="CommitInDoubtException">The commit may hold or not.</exception>
    public Task<T> WriteAsync<T>(
        TenantScope scope,
        Func<PortalDbContext, CancellationToken, Task<T>> work,
        CancellationToken cancellation
    ) => WriteAsync(scope, alone: true, work, cancellation);

    public Task WriteAsync(
        TenantScope scope,
        Func<PortalDbContext, CancellationToken, Task> work,
        CancellationToken cancellation
    ) =>
        WriteAsync(
            scope,
            patience: null,
            async (db, token) =>
            {
                await work(db, token);
                return true;
            },
            cancellation,
            asked: work
        );

    /// <summary>The same for one that would rather be told than wait longer for another process.</summary>
    /// <param name="patience">For ever when null.</param>
    /// <exception cref="TenantBusyException">It is over; nothing was done.</exception>
    /// <param name="asked">The use case's own part of the work, whose name stands in the log when it is denied.</param>
    internal Task<T> WriteAsync<T>(
        TenantScope scope,
        TimeSpan? patience,
        Func<PortalDbContext, CancellationToken, Task<T>> work,
        CancellationToken cancellation,
        Delegate? asked = null
    ) => WriteAsync(scope, alone: true, work, cancellation, patience, asked);

    /// <summary>
    /// For the engine's hot steps: one transaction beside others, also of the same tenant. It decides by conditional
    /// statements, or takes the locks of <see cref="Locks"/> first.
    /// </summary>
    /// <exception cref="CommitInDoubtException">The commit may hold or not.</exception>
    public Task<T> WriteBesideOthersAsync<T>(
        TenantScope scope,
        Func<PortalDbContext, CancellationToken, Task<T>> work,
        CancellationToken cancellation
    ) => WriteAsync(scope, alone: false, work, cancellation);

    /// <summary>A person's or program's command: membership and audit entry stand in the same transaction.</summary>
    /// <exception cref="AccessDeniedException">The caller has no such role in this tenant, or not any more.</exception>
    /// <exception cref="TenantBusyException">The patience of the caller's record is over; nothing was done.</exception>
    public Task<T> CommandAsync<T>(
        Caller caller,
        TenantRole atLeast,
        Func<CommandContext, CancellationToken, Task<T>> work,
        CancellationToken cancellation
    ) =>
        WriteAsync(
            caller.Scope,
            caller.Record?.Patience,
            async (db, token) =>
            {
                await Permissions.DemandAsync(db, caller, atLeast, token);
                var command = new CommandContext(db, caller.Actor, Time.GetUtcNow(), _ids);
                return await command.RunAsync(caller.Record, work, token);
            },
            cancellation,
            asked: work
        );

    /// <summary>Identity's stores save by themselves; each save of their context is a transaction of its own.</summary>
    public PortalDbContext CreateForIdentity() => _engine.CreateForIdentity();

    /// <summary>Brings the schema and the key ring up to date; several processes may do it at the same time.</summary>
    /// <exception cref="DatabaseUnsafeException">
    /// The database would let one tenant see another's rows, or its secrets are under an audit key that is not here.
    /// </exception>
    public async Task MigrateAsync(CancellationToken cancellation)
    {
        await _engine.MigrateAsync(cancellation);
        await SealAsync(cancellation);
    }

    /// <summary>The key ring alone.</summary>
    /// <exception cref="DatabaseUnsafeException">It is under an audit key that is not here.</exception>
    public Task SealAsync(CancellationToken cancellation) => StoredKeys.SealAsync(this, _auditKeys, cancellation);

    /// <summary>
    /// Tells the query planner how the data lies, from a sample: without it a count over a partial index reads the whole
    /// ledger (2 s instead of 30 ms with a million recipients). Milliseconds, whatever the size.
    /// </summary>
    public Task AnalyzeAsync(CancellationToken cancellation) => _engine.AnalyzeAsync(cancellation);

    /// <summary>
    /// After something was erased: SQLite's write-ahead log, which holds pages as they were, is put back into the file and
    /// emptied, as far as no reader needs it. PostgreSQL overwrites what is dead when it vacuums.
    /// </summary>
    public Task EmptyLogAsync(CancellationToken cancellation) => _engine.EmptyLogAsync(cancellation);

    /// <summary>A hint to the other instances on this database, which may be lost; nothing on SQLite, where there is none.</summary>
    public Task NotifyAsync(IReadOnlyList<string> messages, CancellationToken cancellation) =>
        _engine.NotifyAsync(messages, cancellation);

    /// <summary>Hears the hints of all instances, its own too, until the connection breaks or it is cancelled.</summary>
    /// <param name="listening">Called once nothing more is missed.</param>
    public Task ListenAsync(Action listening, Action<string> heard, CancellationToken cancellation) =>
        _engine.ListenAsync(listening, heard, cancellation);

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        Safety.Dispose();
    }

    private async Task<T> WriteAsync<T>(
        TenantScope scope,
        bool alone,
        Func<PortalDbContext, CancellationToken, Task<T>> work,
        CancellationToken cancellation,
        TimeSpan? patience = null,
        Delegate? asked = null
    )
    {
        T result = default!;
        try
        {
            await _engine.WriteAsync(
                scope,
                alone,
                async db => result = await work(db, cancellation),
                cancellation,
                patience
            );
        }
        catch (AccessDeniedException denied) when (denied.Denial is { } denial)
        {
            // In a transaction of its own: the one that was denied is rolled back.
            await Tally.NoteAsync(Happening.Denied(denial, asked ?? work));
            throw;
        }

        return result;
    }
}

/// <summary>Another process holds the tenant's writes for longer than the caller would wait; nothing was done.</summary>
public sealed class TenantBusyException() : Exception("Another command of this organisation is being carried out.");

/// <summary>The portal does not start on this database; the message says what to change.</summary>
public sealed class DatabaseUnsafeException(string message) : Exception(message);
