using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace ResendEmulator.Storage;

/// <summary>
/// SQLite behind one writer. Writes that wait together are committed together (one fsync for all), and a write's task
/// completes only after its commit is on disk: that is what lets an answer promise that the mail is accepted.
/// Without a directory everything lives in memory, and reads go through the writer too.
/// </summary>
public sealed class Database : IAsyncDisposable
{
    private const int MostJobsPerCommit = 64;

    private readonly Channel<Job> _jobs = Channel.CreateUnbounded<Job>(
        new UnboundedChannelOptions { SingleReader = true }
    );
    private readonly SqlSession _writer;
    private readonly string? _readOnly;
    private readonly FileStream? _directoryLock;
    private readonly Task _loop;

    private Database(SqlSession writer, string? readOnly, FileStream? directoryLock, TaskScheduler? scheduler)
    {
        _directoryLock = directoryLock;
        _writer = writer;
        _readOnly = readOnly;
        _loop = Task
            .Factory.StartNew(
                WriteLoopAsync,
                CancellationToken.None,
                TaskCreationOptions.DenyChildAttach,
                scheduler ?? TaskScheduler.Default
            )
            .Unwrap();
    }

    /// <summary>Opens or creates <c>emulator.db</c> in the directory; <c>null</c> keeps everything in memory.</summary>
    /// <param name="scheduler">Where the one writer runs; the pool's when null.</param>
    public static Database Open(string? directory, TaskScheduler? scheduler = null)
    {
        SQLitePCL.Batteries_V2.Init();
        string? file = null;
        FileStream? directoryLock = null;
        if (directory is not null)
        {
            Directory.CreateDirectory(directory);
            file = Path.Combine(directory, "emulator.db");
            // Two writers on one file would be two emulators that do not know of each other's keys.
            directoryLock = new FileStream(
                Path.Combine(directory, "emulator.lock"),
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None
            );
        }

        var source = new SqliteConnectionStringBuilder { DataSource = file ?? ":memory:", Pooling = false };
        var connection = new SqliteConnection(source.ToString());
        connection.Open();
        var writer = new SqlSession(connection);
        writer.Run("PRAGMA journal_mode=WAL");
        writer.Run("PRAGMA synchronous=FULL");
        // Its indexes are beyond SQLite's own 2 MB soon, and a checkpoint writes a page once that many batches changed.
        writer.Run("PRAGMA cache_size=-32768");
        writer.Run("PRAGMA wal_autocheckpoint=4000");
        writer.Run(Schema.Create);
        var readOnly = file is null
            ? null
            : new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly }.ToString();
        return new Database(writer, readOnly, directoryLock, scheduler);
    }

    /// <summary>Runs the work in a transaction; completes after the commit. A failure undoes this work alone.</summary>
    public Task<T> WriteAsync<T>(Func<SqlSession, T> work)
    {
        var job = new Job<T>(work);
        return _jobs.Writer.TryWrite(job)
            ? job.Task
            : Task.FromException<T>(new ObjectDisposedException(nameof(Database)));
    }

    public Task WriteAsync(Action<SqlSession> work) =>
        WriteAsync(sql =>
        {
            work(sql);
            return true;
        });

    /// <summary>Sees everything committed before the call.</summary>
    public Task<T> ReadAsync<T>(Func<SqlSession, T> work)
    {
        if (_readOnly is null)
        {
            return WriteAsync(work);
        }

        return Task.Run(() =>
        {
            var connection = new SqliteConnection(_readOnly);
            connection.Open();
            using var session = new SqlSession(connection);
            return work(session);
        });
    }

    public async ValueTask DisposeAsync()
    {
        _jobs.Writer.TryComplete();
        await _loop;
        if (_readOnly is not null)
        {
            using var pool = new SqliteConnection(_readOnly);
            SqliteConnection.ClearPool(pool);
        }

        _writer.Dispose();
        if (_directoryLock is not null)
        {
            await _directoryLock.DisposeAsync();
        }
    }

    private async Task WriteLoopAsync()
    {
        var batch = new List<Job>();
        while (await _jobs.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < MostJobsPerCommit && _jobs.Reader.TryRead(out var job))
            {
                batch.Add(job);
            }

            Commit(batch);
        }
    }

    private void Commit(List<Job> batch)
    {
        try
        {
            _writer.Run("BEGIN IMMEDIATE");
            foreach (var job in batch)
            {
                RunOne(job);
            }

            _writer.Run("COMMIT");
        }
        catch (SqliteException fault)
        {
            Undo();
            batch.ForEach(job => job.Fail(fault));
            return;
        }

        batch.ForEach(job => job.Complete());
    }

    private void RunOne(Job job)
    {
        _writer.Run("SAVEPOINT job");
        try
        {
            job.Run(_writer);
        }
        catch (Exception fault)
        {
            _writer.Run("ROLLBACK TO job");
            job.Fail(fault);
        }

        _writer.Run("RELEASE job");
    }

    private void Undo()
    {
        try
        {
            _writer.Run("ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite has already rolled back by itself (full disk, I/O error); there is nothing left to undo.
        }
    }

    private abstract class Job
    {
        public abstract void Run(SqlSession sql);
        public abstract void Complete();
        public abstract void Fail(Exception fault);
    }

    private sealed class Job<T>(Func<SqlSession, T> work) : Job
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;

        public Task<T> Task => _done.Task;

        public override void Run(SqlSession sql) => _result = work(sql);

        public override void Complete() => _done.TrySetResult(_result!);

        public override void Fail(Exception fault) => _done.TrySetException(fault);
    }
}
