using Ledgerpost.Audit;
using Ledgerpost.Tenancy;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Data;

/// <summary>
/// The door to the database. Reads get a context on a read-only connection; every write is one transaction behind the
/// <see cref="WriteGate"/>, and commands check the caller's membership and write their audit entry in it.
/// </summary>
public sealed class PortalDb : IAsyncDisposable
{
    private readonly string _connectionString;
    private readonly WriteGate _gate;
    private readonly TimeProvider _time;
    private readonly IIds _ids;

    /// <param name="connectionString">SQLite; its folder must exist.</param>
    /// <param name="scheduler">Where the write gate runs; the pool's when null.</param>
    public PortalDb(
        string connectionString,
        TimeProvider time,
        IIds ids,
        StorageFaults? faults = null,
        TaskScheduler? scheduler = null
    )
    {
        _connectionString = connectionString;
        _time = time;
        _ids = ids;
        var connection = new SqliteConnection(WithMode(SqliteOpenMode.ReadWriteCreate, pooling: false));
        connection.Open();
        using (var command = connection.CreateCommand())
        {
            // FULL, because NORMAL may roll committed transactions back on power loss: an intent must survive it.
            command.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;";
            command.ExecuteNonQuery();
        }

        _gate = new WriteGate(connection, faults ?? new StorageFaults(), scheduler);
    }

    public TimeProvider Time => _time;

    public IIds Ids => _ids;

    /// <summary>A read-only context; saving through it fails in the database itself.</summary>
    public PortalDbContext Read(TenantScope scope) =>
        Create(
            scope,
            new DbContextOptionsBuilder().UseSqlite(WithMode(SqliteOpenMode.ReadOnly, pooling: true)),
            tracking: false
        );

    /// <summary>Several reads that must agree with each other: one snapshot of the database.</summary>
    public async Task<T> ReadSnapshotAsync<T>(
        TenantScope scope,
        Func<PortalDbContext, CancellationToken, Task<T>> query,
        CancellationToken cancellation
    )
    {
        await using var db = Read(scope);
        await db.Database.OpenConnectionAsync(cancellation);
        var connection = (SqliteConnection)db.Database.GetDbConnection();
        await using var transaction = connection.BeginTransaction(deferred: true);
        await db.Database.UseTransactionAsync(transaction, cancellation);
        return await query(db, cancellation);
    }

    /// <summary>One transaction; pending changes are saved at its end, and it is durable when the task completes.</summary>
    /// <exception cref="CommitInDoubtException">The commit may hold or not.</exception>
    public async Task<T> WriteAsync<T>(
        TenantScope scope,
        Func<PortalDbContext, CancellationToken, Task<T>> work,
        CancellationToken cancellation
    )
    {
        T result = default!;
        IReadOnlyList<Action> announcements = [];
        await _gate.RunAsync(
            async (connection, transaction) =>
            {
                await using var db = Create(scope, new DbContextOptionsBuilder().UseSqlite(connection), tracking: true);
                db.Database.AutoSavepointsEnabled = false;
                await db.Database.UseTransactionAsync(transaction, CancellationToken.None);
                result = await work(db, cancellation);
                await db.SaveChangesAsync(CancellationToken.None);
                announcements = [.. db.AfterCommitActions];
            },
            () =>
            {
                foreach (var announce in announcements)
                {
                    announce();
                }
            },
            cancellation
        );
        return result;
    }

    public Task WriteAsync(
        TenantScope scope,
        Func<PortalDbContext, CancellationToken, Task> work,
        CancellationToken cancellation
    ) =>
        WriteAsync(
            scope,
            async (db, token) =>
            {
                await work(db, token);
                return true;
            },
            cancellation
        );

    /// <summary>A person's or program's command: membership and audit entry stand in the same transaction.</summary>
    /// <exception cref="AccessDeniedException">The caller has no such role in this tenant, or not any more.</exception>
    public Task<T> CommandAsync<T>(
        Caller caller,
        TenantRole atLeast,
        Func<CommandContext, CancellationToken, Task<T>> work,
        CancellationToken cancellation
    ) =>
        WriteAsync(
            caller.Scope,
            async (db, token) =>
            {
                await Permissions.DemandAsync(db, caller, atLeast, token);
                var command = new CommandContext(db, caller.Actor, _time.GetUtcNow(), _ids);
                var result = await work(command, token);
                await command.WriteAuditAsync(token);
                return result;
            },
            cancellation
        );

    /// <summary>Identity's stores save by themselves; their context enters the gate inside SaveChanges.</summary>
    public PortalDbContext CreateForIdentity() =>
        new GatedDbContext(
            new DbContextOptionsBuilder().UseSqlite(WithMode(SqliteOpenMode.ReadWrite, pooling: true)).Options,
            _gate
        );

    public async Task MigrateAsync(CancellationToken cancellation)
    {
        await using var db = Create(
            TenantScope.Installation,
            new DbContextOptionsBuilder().UseSqlite(WithMode(SqliteOpenMode.ReadWriteCreate, pooling: false)),
            tracking: true,
            migrating: true
        );
        await _gate.RunAloneAsync(() => db.Database.MigrateAsync(cancellation), cancellation);
    }

    /// <summary>
    /// Tells the query planner how the data lies, from a sample: without it a count over a partial index reads the whole
    /// ledger (2 s instead of 30 ms with a million recipients). Milliseconds, whatever the size.
    /// </summary>
    public Task AnalyzeAsync(CancellationToken cancellation) =>
        _gate.RunAsync(
            async (connection, transaction) =>
            {
                await using var command = connection.CreateCommand();
                command.Transaction = transaction;
                command.CommandText = "PRAGMA analysis_limit=1000; ANALYZE;";
                await command.ExecuteNonQueryAsync(cancellation);
            },
            () => { },
            cancellation
        );

    public ValueTask DisposeAsync() => _gate.DisposeAsync();

    private static PortalDbContext Create(
        TenantScope scope,
        DbContextOptionsBuilder options,
        bool tracking,
        bool migrating = false
    )
    {
        options.UseQueryTrackingBehavior(tracking ? QueryTrackingBehavior.TrackAll : QueryTrackingBehavior.NoTracking);
        // Migrations are found by the context type that they were made for.
        return scope.AllTenants && !migrating
            ? new InstallationDbContext(options.Options)
            : new PortalDbContext(options.Options, scope);
    }

    private string WithMode(SqliteOpenMode mode, bool pooling) =>
        new SqliteConnectionStringBuilder(_connectionString)
        {
            Mode = mode,
            Pooling = pooling,
            ForeignKeys = true,
        }.ToString();

    private sealed class GatedDbContext(DbContextOptions options, WriteGate gate)
        : PortalDbContext(options, TenantScope.None)
    {
        public override async Task<int> SaveChangesAsync(
            bool acceptAllChangesOnSuccess,
            CancellationToken cancellationToken = default
        )
        {
            var saved = 0;
            await gate.RunAloneAsync(
                async () => saved = await base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken),
                cancellationToken
            );
            return saved;
        }
    }
}
