using Microsoft.Data.Sqlite;
using Npgsql;

namespace Ledgerpost.Data;

/// <summary>Tells a database in trouble from a row that it will never take.</summary>
public static class StorageFailures
{
    /// <summary>What PostgreSQL, or the way to it, said; null when it is about something else.</summary>
    public static NpgsqlException? OfPostgreSql(Exception? exception)
    {
        while (exception is not (null or NpgsqlException))
        {
            exception = exception.InnerException;
        }

        return (NpgsqlException?)exception;
    }

    /// <summary>SQLITE_CONSTRAINT, which comes again however often it is tried.</summary>
    private const int ConstraintFailed = 19;

    /// <summary>True for a full disk, a lost connection or a conflict: the same write may go well the next time.</summary>
    public static bool IsTheDatabases(Exception exception)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case SqliteException failed:
                    return failed.SqliteErrorCode != ConstraintFailed;
                case PostgresException refused:
                    // Class 22 is a value that does not fit, 23 a constraint.
                    return !refused.SqlState.StartsWith("22", StringComparison.Ordinal)
                        && !refused.SqlState.StartsWith("23", StringComparison.Ordinal);
                case NpgsqlException:
                    return true;
            }
        }

        return false;
    }
}
