using System.Collections.Concurrent;
using Ledgerpost.Audit;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Data.Sqlite;

/// <summary>One file in WAL: reads on read-only connections, every write through the <see cref="WriteGate"/>.</summary>
internal sealed class SqliteEngine : DatabaseEngine
{
    private readonly string _connectionString;
    private readonly WriteGate _gate;

    // As many as ever read at one time: one for each worker.
    private readonly ConcurrentBag<SqliteConnection> _readers = [];

    // Made once: a context for each of a chunk's steps would spend much of its time on them.
    private readonly DbContextOptions _reading;
    private readonly DbContextOptions _writing;

    /// <param name="connectionString">Its folder must exist.</param>
    public SqliteEngine(
        string connectionString,
        TimeProvider time,
        AuditKeys auditKeys,
        StorageFaults faults,
        SafetyLog safety,
        TaskScheduler? scheduler = null
    )
        : base(auditKeys, safety)
    {
        _connectionString = connectionString;
        Time = time;
        var connection = new SqliteConnection(WithMode(SqliteOpenMode.ReadWriteCreate, pooling: false));
        connection.Open();
        using (var command = connection.CreateCommand())
        {
            // FULL, because NORMAL may roll committed transactions back on power loss: an intent must survive it.
            // What is deleted is overwritten with zeros, as far as that needs no further page to be written.
            command.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=FAST;";
            command.ExecuteNonQuery();
        }

        _gate = new WriteGate(connection, faults, safety, scheduler);
        _writing = Options().UseSqlite(connection).Options;
        _reading = Options()
            .UseSqlite(WithMode(SqliteOpenMode.ReadOnly, pooling: true))
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
            .Options;
    }

    public override TimeProvider Time { get; }

    public override PortalDbContext Read(TenantScope scope) => Create(scope, _reading);

    public override async Task<T> ReadRowsAsync<T>(TenantScope scope, Func<PortalDbContext, Task<T>> query)
    {
        if (!_readers.TryTake(out var connection))
        {
            connection = new SqliteConnection(WithMode(SqliteOpenMode.ReadOnly, pooling: false));
            connection.Open();
        }

        T result;
        try
        {
            await using var db = Create(scope, _reading, new RawAccess(connection, Transaction: null));
            result = await query(db);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        _readers.Add(connection);
        return result;
    }

    public override async Task<PortalDbContext> ReadSnapshotAsync(TenantScope scope, CancellationToken cancellation)
    {
        var db = Read(scope);
        await db.Database.OpenConnectionAsync(cancellation);
        var connection = (SqliteConnection)db.Database.GetDbConnection();
        await db.Database.UseTransactionAsync(connection.BeginTransaction(deferred: true), cancellation);
        return db;
    }

    /// <summary>The gate makes each alone, whatever is asked for; several share one commit. There is no other process.</summary>
    public override async Task WriteAsync(
        TenantScope scope,
        bool alone,
        Func<PortalDbContext, Task> work,
        CancellationToken cancellation,
        TimeSpan? patience = null
    )
    {
        IReadOnlyList<Action> announcements = [];
        await _gate.RunAsync(
            async (connection, transaction) =>
            {
                await using var db = Create(scope, _writing, new RawAccess(connection, transaction));
                await work(db);
                await db.SaveChangesAsync(CancellationToken.None);
                announcements = [.. db.AfterCommitActions];
            },
            () => Announce(announcements),
            cancellation
        );
    }

    public override PortalDbContext CreateForIdentity() =>
        new GatedDbContext(Options().UseSqlite(WithMode(SqliteOpenMode.ReadWrite, pooling: true)).Options, _gate);

    public override async Task MigrateAsync(CancellationToken cancellation)
    {
        // Migrations are found by the context type that they were made for.
        await using var db = new PortalDbContext(
            new DbContextOptionsBuilder().UseSqlite(WithMode(SqliteOpenMode.ReadWriteCreate, pooling: false)).Options,
            TenantScope.Installation
        );
        await _gate.RunAloneAsync(() => db.Database.MigrateAsync(cancellation), cancellation);
    }

    public override Task AnalyzeAsync(CancellationToken cancellation) =>
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

    public override Task EmptyLogAsync(CancellationToken cancellation) =>
        _gate.RunAloneAsync(
            async () =>
            {
                await using var connection = new SqliteConnection(WithMode(SqliteOpenMode.ReadWrite, pooling: false));
                await connection.OpenAsync(cancellation);
                await using var command = connection.CreateCommand();
                command.CommandText = "PRAGMA busy_timeout=200; PRAGMA wal_checkpoint(TRUNCATE);";
                await command.ExecuteNonQueryAsync(cancellation);
            },
            cancellation
        );

    public override async ValueTask DisposeAsync()
    {
        foreach (var mode in (SqliteOpenMode[])[SqliteOpenMode.ReadOnly, SqliteOpenMode.ReadWrite])
        {
            // What is pooled stays open otherwise, for as long as the process lives.
            await using var pooled = new SqliteConnection(WithMode(mode, pooling: true));
            SqliteConnection.ClearPool(pooled);
        }

        // The writer is closed last: the last one puts the log back into the file, and only it may.
        while (_readers.TryTake(out var connection))
        {
            await connection.DisposeAsync();
        }

        await _gate.DisposeAsync();
    }

    private string WithMode(SqliteOpenMode mode, bool pooling) =>
        new SqliteConnectionStringBuilder(_connectionString)
        {
            Mode = mode,
            Pooling = pooling,
            ForeignKeys = true,
            // Else INSERT OR REPLACE takes a row away without asking the trigger that keeps the log.
            RecursiveTriggers = true,
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
