using System.Collections.Concurrent;
using System.Data;
using System.Globalization;
using Ledgerpost.Audit;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Ledgerpost.Data.PostgreSql;

/// <summary>
/// Many transactions at a time, from many processes: READ COMMITTED, locks where something was read first, and the whole
/// unit again when the database asks for it. Every transaction and every read takes a role that owns nothing and sees one
/// tenant (<see cref="RowSecurity"/>).
/// </summary>
internal sealed class PostgreSqlEngine : DatabaseEngine
{
    private const string Channel = "ledgerpost";

    /// <summary>
    /// So long may a transaction wait for its own process. One that is stopped in the middle (a machine that sleeps, a
    /// SIGSTOP) would hold its rows and locks for as long as it sleeps, and the other instances would stand before them;
    /// after this the server ends its session and undoes the transaction. A healthy one waits milliseconds.
    /// </summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    // A list is computed from left to right: the patience is set before the lock is asked for.
    private static readonly string EnterAlone = Enter(
        "set_config('lock_timeout', $4, true), pg_advisory_xact_lock(hashtextextended($3, 0))::text"
    );
    private static readonly string EnterBesideOthers = Enter("'', ''");

    private readonly NpgsqlDataSource _source;
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _queues = new(StringComparer.Ordinal);
    private readonly StorageFaults _faults;
    private readonly DatabaseTime? _clock;

    /// <param name="time">When it is a <see cref="DatabaseTime"/>, or counts from one, this database drives it.</param>
    /// <exception cref="DatabaseUnsafeException">The connection string keeps one caller's role for the next.</exception>
    public PostgreSqlEngine(
        string connectionString,
        TimeProvider time,
        AuditKeys auditKeys,
        StorageFaults faults,
        SafetyLog safety
    )
        : base(auditKeys, safety)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        if (settings.NoResetOnClose || settings.Multiplexing)
        {
            safety.Fired(SafetyMechanism.DatabaseUnsafe, "the connection string");
            throw new DatabaseUnsafeException(
                "ConnectionStrings:Portal holds No Reset On Close or Multiplexing. Either would hand one tenant's "
                    + "connection to another; remove it."
            );
        }

        if (settings.MaxAutoPrepare == 0)
        {
            settings.MaxAutoPrepare = 100;
        }

        if (settings is { TcpKeepAliveTime: 0, Host: { } host } && host.AsSpan().IndexOfAny(@"/\@") < 0)
        {
            // A server that is gone without a word is noticed after a minute or two, however long a statement may take. A
            // socket of this machine's own, which is a path, takes no such setting.
            (settings.TcpKeepAliveTime, settings.TcpKeepAliveInterval) = (30, 5);
        }

        settings.ApplicationName ??= "Ledgerpost";
        _source = NpgsqlDataSource.Create(settings);
        _faults = faults;
        _clock = (time as EffectiveTime)?.Source as DatabaseTime ?? time as DatabaseTime;
        Time = time;
    }

    public override TimeProvider Time { get; }

    public override PortalDbContext Read(TenantScope scope) =>
        Create(
            scope,
            Options(_source.CreateConnection(), new ScopedConnection(scope, readOnly: true))
                .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
                .Options
        );

    public override async Task<PortalDbContext> ReadSnapshotAsync(TenantScope scope, CancellationToken cancellation)
    {
        var db = Read(scope);
        // A preview counts over a whole ledger.
        db.Database.SetCommandTimeout(LongestStatement);
        await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation);
        return db;
    }

    public override async Task WriteAsync(
        TenantScope scope,
        bool alone,
        Func<PortalDbContext, Task> work,
        CancellationToken cancellation,
        TimeSpan? patience = null
    )
    {
        if (!alone)
        {
            Announce(await RunAsync(scope, alone, work, patience, cancellation));
            return;
        }

        // Who waits for another transaction of this process waits here, without a connection: the pool is for all.
        var mine = _queues.GetOrAdd(LockName(scope), _ => new SemaphoreSlim(1, 1));
        var began = TimeProvider.System.GetTimestamp();
        if (!await mine.WaitAsync(patience ?? Timeout.InfiniteTimeSpan, cancellation))
        {
            throw Busy(scope);
        }

        IReadOnlyList<Action> announcements;
        try
        {
            announcements = await RunAsync(
                scope,
                alone,
                work,
                patience - TimeProvider.System.GetElapsedTime(began),
                cancellation
            );
        }
        finally
        {
            mine.Release();
        }

        Announce(announcements);
    }

    private async Task<IReadOnlyList<Action>> RunAsync(
        TenantScope scope,
        bool alone,
        Func<PortalDbContext, Task> work,
        TimeSpan? patience,
        CancellationToken cancellation
    )
    {
        for (var run = 1; ; run++)
        {
            try
            {
                return await RunOnceAsync(scope, alone, work, patience, cancellation);
            }
            catch (Exception exception) when (Again.HasWaitedEnough(exception))
            {
                throw Busy(scope);
            }
            catch (Exception exception) when (Again.IsWorthIt(exception, run))
            {
                Safety.Fired(SafetyMechanism.TransactionAgain, exception.Message);
                await Task.Delay(Again.Pause(run), TimeProvider.System, cancellation);
            }
        }
    }

    private TenantBusyException Busy(TenantScope scope)
    {
        Safety.Fired(SafetyMechanism.TenantBusy, LockName(scope));
        return new TenantBusyException();
    }

    public override PortalDbContext CreateForIdentity() =>
        Create(
            TenantScope.None,
            Options(_source.CreateConnection(), new ScopedConnection(TenantScope.None, readOnly: false)).Options
        );

    public override async Task MigrateAsync(CancellationToken cancellation)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellation);
        try
        {
            await new Schema(connection).PrepareAsync(cancellation);
        }
        catch (DatabaseUnsafeException exception)
        {
            Safety.Fired(SafetyMechanism.DatabaseUnsafe, exception.Message);
            throw;
        }
    }

    public override async Task AnalyzeAsync(CancellationToken cancellation)
    {
        // As the login, who owns the tables; a login that does not gets a warning, and autovacuum does it later.
        await using var command = _source.CreateCommand("""ANALYZE "Recipients", "Chunks";""");
        await command.ExecuteNonQueryAsync(cancellation);
    }

    public override async Task NotifyAsync(IReadOnlyList<string> messages, CancellationToken cancellation)
    {
        await using var command = _source.CreateCommand(
            $"SELECT pg_notify('{Channel}', message) FROM unnest($1) AS message"
        );
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. messages] });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    public override async Task ListenAsync(Action listening, Action<string> heard, CancellationToken cancellation)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellation);
        connection.Notification += (_, told) => heard(told.Payload);
        await using (var command = new NpgsqlCommand($"LISTEN {Channel}", connection))
        {
            await command.ExecuteNonQueryAsync(cancellation);
        }

        listening();
        while (true)
        {
            await connection.WaitAsync(cancellation);
        }
    }

    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    private async Task<IReadOnlyList<Action>> RunOnceAsync(
        TenantScope scope,
        bool alone,
        Func<PortalDbContext, Task> work,
        TimeSpan? patience,
        CancellationToken cancellation
    )
    {
        await using var connection = await _source.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(
            IsolationLevel.ReadCommitted,
            cancellation
        );
        await EnterAsync(connection, scope, alone, patience, cancellation);
        int? longest = alone ? Seconds(LongestStatement) : null;
        await using var db = Create(
            scope,
            Options(connection, longest).Options,
            new RawAccess(connection, transaction, longest)
        );
        await work(db);
        await db.SaveChangesAsync(CancellationToken.None);
        try
        {
            _faults.BeforeCommit();
            await transaction.CommitAsync(CancellationToken.None);
            _faults.AfterCommit();
        }
        catch (Exception exception) when (!Again.IsRolledBack(exception))
        {
            Safety.Fired(SafetyMechanism.CommitInDoubt, exception.Message);
            throw new CommitInDoubtException(exception);
        }

        return [.. db.AfterCommitActions];
    }

    /// <summary>Role, tenant, lock, clock and the longest pause in one statement; all but the clock end with the transaction.</summary>
    private async Task EnterAsync(
        NpgsqlConnection connection,
        TenantScope scope,
        bool alone,
        TimeSpan? patience,
        CancellationToken cancellation
    )
    {
        var sent = TimeProvider.System.GetTimestamp();
        await using var command = connection.CreateCommand();
        command.CommandText = alone ? EnterAlone : EnterBesideOthers;
        RowSecurity.Add(command, scope);
        if (alone)
        {
            command.CommandTimeout = Seconds(LongestStatement);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = LockName(scope) });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Milliseconds(patience) });
        }

        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        var answered = TimeProvider.System.GetTimestamp();
        // A wait for the lock lies before the clock is read, and says nothing of the way back.
        _clock?.Sample(reader.GetInt64(4), alone ? answered : sent, answered);
    }

    private static string Enter(string taken) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"SELECT {RowSecurity.Enter("true")}, {taken}, {DatabaseTime.Sql}, set_config('idle_in_transaction_session_timeout', '{LongestPause.TotalMilliseconds}', true)"
        );

    /// <summary>As PostgreSQL takes a timeout; 0 is none, so what is all used up is 1.</summary>
    private static string Milliseconds(TimeSpan? patience) =>
        (patience is { } given ? Math.Max(1, given.TotalMilliseconds) : 0).ToString("F0", CultureInfo.InvariantCulture);

    private static int Seconds(TimeSpan span) => (int)span.TotalSeconds;

    private static string LockName(TenantScope scope) =>
        scope.TenantId == Guid.Empty ? "installation" : $"tenant/{scope.TenantId:N}";

    private static DbContextOptionsBuilder Options(NpgsqlConnection connection, ScopedConnection scoped) =>
        Options().UseNpgsql(connection, contextOwnsConnection: true).AddInterceptors(scoped, LikeWithoutCase.Instance);

    private static DbContextOptionsBuilder Options(NpgsqlConnection connection, int? longest) =>
        Options()
            .UseNpgsql(connection, npgsql => npgsql.CommandTimeout(longest))
            .AddInterceptors(LockingClauses.Instance, LikeWithoutCase.Instance);
}
