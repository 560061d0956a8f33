using Npgsql;

namespace Ledgerpost.Data.PostgreSql;

/// <summary>
/// Which failures of a transaction say "once more": another transaction was in the way, or the connection went before the
/// commit was sent. A commit without an answer is never one of them.
/// </summary>
internal static class Again
{
    private const int MostRuns = 6;

    /// <summary>The process slept in the middle, and the server has undone the transaction (<c>PostgreSqlEngine.LongestPause</c>).</summary>
    private const string PausedTooLong = "25P03";

    public static bool IsWorthIt(Exception exception, int run) =>
        run < MostRuns
        && exception is not (CommitInDoubtException or OperationCanceledException)
        && Find(exception) switch
        {
            PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } => run < 3,
            PostgresException refused => IsConflict(refused.SqlState)
                || refused.SqlState == PausedTooLong
                || refused.IsTransient,
            NpgsqlException broken => broken.IsTransient,
            _ => false,
        };

    /// <summary>The database itself says that nothing of the transaction holds.</summary>
    public static bool IsRolledBack(Exception exception) =>
        exception is PostgresException refused
        && (
            IsConflict(refused.SqlState)
            || refused.SqlState.StartsWith("23", StringComparison.Ordinal)
            || refused.SqlState.StartsWith("25", StringComparison.Ordinal)
        );

    /// <summary>Only who set a patience is told so by the server.</summary>
    public static bool HasWaitedEnough(Exception exception) =>
        Find(exception) is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable };

    /// <summary>10 ms, doubled each time: the other transaction is over by then, a restart nearly.</summary>
    public static TimeSpan Pause(int run) => TimeSpan.FromMilliseconds(10 << (run * 2 - 2 > 8 ? 8 : run * 2 - 2));

    // Two who insert what both looked for and did not find: the second finds it the next time.
    private static bool IsConflict(string state) =>
        state is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected;

    private static NpgsqlException? Find(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is NpgsqlException found)
            {
                return found;
            }
        }

        return null;
    }
}
