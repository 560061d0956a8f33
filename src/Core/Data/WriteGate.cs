using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace Ledgerpost.Data;

/// <summary>
/// Every write and every checkpoint of the process goes through here, one transaction at a time on one connection.
/// SQLite has a corruption bug with two writers at the same instant (docs/decisions/0003), and ungated writers starve
/// each other. Waiting units share one commit (group commit); each has a savepoint of its own, so that one that fails
/// takes nobody with it.
/// </summary>
public sealed class WriteGate : IAsyncDisposable
{
    /// <summary>Most units that share one commit; bounds how long the first of them waits for the last.</summary>
    private const int GroupLimit = 64;

    private readonly Channel<Unit> _queue = Channel.CreateUnbounded<Unit>(new() { SingleReader = true });
    private readonly SqliteConnection _connection;
    private readonly StorageFaults _faults;
    private readonly SafetyLog _safety;
    private readonly Task _loop;

    /// <param name="scheduler">Where the one writer runs: the pool's in production, a test's own in the simulation.</param>
    public WriteGate(
        SqliteConnection connection,
        StorageFaults faults,
        SafetyLog safety,
        TaskScheduler? scheduler = null
    )
    {
        _connection = connection;
        _faults = faults;
        _safety = safety;
        _loop = Task
            .Factory.StartNew(
                RunAsync,
                CancellationToken.None,
                TaskCreationOptions.DenyChildAttach,
                scheduler ?? TaskScheduler.Default
            )
            .Unwrap();
    }

    /// <summary>Runs inside a transaction that other units may share; completes when it is committed.</summary>
    /// <exception cref="CommitInDoubtException">The commit itself failed: whether it holds must be read again.</exception>
    public Task RunAsync(
        Func<SqliteConnection, SqliteTransaction, Task> work,
        Action committed,
        CancellationToken cancellation
    ) => EnqueueAsync(new Unit(work, Alone: null, committed, cancellation));

    /// <summary>Runs between transactions, for a caller that brings its own connection (Identity) or a checkpoint.</summary>
    public Task RunAloneAsync(Func<Task> work, CancellationToken cancellation) =>
        EnqueueAsync(new Unit(Shared: null, work, () => { }, cancellation));

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop;
        await _connection.DisposeAsync();
    }

    private Task EnqueueAsync(Unit unit)
    {
        ObjectDisposedException.ThrowIf(!_queue.Writer.TryWrite(unit), this);
        return unit.Done.Task;
    }

    private async Task RunAsync()
    {
        Unit? carried = null;
        while (carried is not null || await _queue.Reader.WaitToReadAsync())
        {
            if (carried is null && !_queue.Reader.TryRead(out carried))
            {
                continue;
            }

            var first = carried;
            carried = null;
            if (first.Alone is not null)
            {
                await RunAloneAsync(first);
            }
            else
            {
                carried = await RunGroupAsync(first);
            }
        }
    }

    private static async Task RunAloneAsync(Unit unit)
    {
        if (unit.Cancellation.IsCancellationRequested)
        {
            unit.Done.TrySetCanceled(unit.Cancellation);
            return;
        }

        try
        {
            await unit.Alone!();
            unit.Done.TrySetResult();
        }
        catch (Exception exception)
        {
            unit.Done.TrySetException(exception);
        }
    }

    /// <returns>A unit that was read but cannot share this transaction, or null.</returns>
    private async Task<Unit?> RunGroupAsync(Unit first)
    {
        var done = new List<Unit>();
        Unit? next = first;
        try
        {
            await using var transaction = (SqliteTransaction)await _connection.BeginTransactionAsync();
            while (next is { Shared: not null } && done.Count < GroupLimit)
            {
                var unit = next;
                next = null;
                if (await RunOneAsync(unit, transaction))
                {
                    done.Add(unit);
                }

                _queue.Reader.TryRead(out next);
            }

            _faults.BeforeCommit();
            await transaction.CommitAsync();
            _faults.AfterCommit();
        }
        catch (Exception exception)
        {
            if (done.Count > 0)
            {
                _safety.Fired(SafetyMechanism.CommitInDoubt, exception.Message);
            }

            foreach (var unit in done)
            {
                unit.Done.TrySetException(new CommitInDoubtException(exception));
            }

            // BEGIN itself failed: the unit never ran.
            if (done.Count == 0 && ReferenceEquals(next, first))
            {
                first.Done.TrySetException(exception);
                next = null;
            }

            return next;
        }

        foreach (var unit in done)
        {
            unit.Complete();
        }

        return next;
    }

    private async Task<bool> RunOneAsync(Unit unit, SqliteTransaction transaction)
    {
        if (unit.Cancellation.IsCancellationRequested)
        {
            unit.Done.TrySetCanceled(unit.Cancellation);
            return false;
        }

        try
        {
            await transaction.SaveAsync("unit");
            await unit.Shared!(_connection, transaction);
            await transaction.ReleaseAsync("unit");
            return true;
        }
        catch (Exception exception)
        {
            try
            {
                await transaction.RollbackAsync("unit");
                await transaction.ReleaseAsync("unit");
                _safety.Fired(SafetyMechanism.UnitRolledBack, exception.Message);
            }
            catch (Exception lost)
            {
                _safety.Fired(SafetyMechanism.TransactionLost, lost.Message);
                throw;
            }
            finally
            {
                // Also when there is nothing to go back to: on a full disk SQLite has rolled back the whole transaction,
                // and whoever waits for this unit would wait for ever.
                unit.Done.TrySetException(exception);
            }

            return false;
        }
    }

    private sealed record Unit(
        Func<SqliteConnection, SqliteTransaction, Task>? Shared,
        Func<Task>? Alone,
        Action Committed,
        CancellationToken Cancellation
    )
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Complete()
        {
            try
            {
                Committed();
                Done.TrySetResult();
            }
            catch (Exception exception)
            {
                // The transaction holds; only the announcement failed, and its caller must hear of it.
                Done.TrySetException(exception);
            }
        }
    }
}

/// <summary>The commit was sent and its answer is not known: whoever depends on it reads the row again.</summary>
public sealed class CommitInDoubtException(Exception inner)
    : Exception("The database did not confirm a commit; it may hold or not.", inner);

/// <summary>Where tests make the storage fail; inert in production.</summary>
public class StorageFaults
{
    public virtual void BeforeCommit() { }

    public virtual void AfterCommit() { }
}
