using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ResendEmulator.Storage;

/// <summary>
/// Rows into one table, many to a statement, bound one value after the other. What a row costs through a command and its
/// parameters is several times what it costs SQLite.
/// </summary>
internal sealed class BulkInsert(sqlite3 db, string table, params string[] columns) : IDisposable
{
    private const int RowsAtOnce = 20;

    private readonly sqlite3_stmt _many = Prepare(db, table, columns, RowsAtOnce);
    private readonly sqlite3_stmt _one = Prepare(db, table, columns, 1);
    private byte[] _text = new byte[1024];
    private sqlite3_stmt? _open;
    private int _left;
    private int _bound;
    private int _values;

    /// <summary>Exactly that many rows follow, each with all its columns in order.</summary>
    public void Begin(int rows)
    {
        _left = rows;
        Choose();
    }

    public BulkInsert Add(long value)
    {
        Check(raw.sqlite3_bind_int64(_open, ++_bound, value));
        return Bound();
    }

    public BulkInsert Add(long? value) => value is { } some ? Add(some) : AddNull();

    public BulkInsert Add(string? value)
    {
        if (value is null)
        {
            return AddNull();
        }

        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (_text.Length < most)
        {
            _text = new byte[most];
        }

        var length = Encoding.UTF8.GetBytes(value, _text);
        Check(raw.sqlite3_bind_text(_open, ++_bound, _text.AsSpan(0, length)));
        return Bound();
    }

    public void Dispose()
    {
        _many.Dispose();
        _one.Dispose();
    }

    private BulkInsert AddNull()
    {
        Check(raw.sqlite3_bind_null(_open, ++_bound));
        return Bound();
    }

    private void Choose()
    {
        (_open, _values) = _left >= RowsAtOnce ? (_many, columns.Length * RowsAtOnce) : (_one, columns.Length);
        _bound = 0;
    }

    private BulkInsert Bound()
    {
        if (_bound < _values)
        {
            return this;
        }

        var result = raw.sqlite3_step(_open);
        // The reset says again what went wrong; a statement that is not reset would hold the transaction open.
        _ = raw.sqlite3_reset(_open);
        if (result != raw.SQLITE_DONE)
        {
            Check(result);
        }

        _left -= _values / columns.Length;
        Choose();
        return this;
    }

    private void Check(int result) => SqliteException.ThrowExceptionForRC(result, db);

    private static sqlite3_stmt Prepare(sqlite3 db, string table, string[] columns, int rows)
    {
        var row = $"({string.Join(',', Enumerable.Repeat('?', columns.Length))})";
        var sql =
            $"INSERT INTO {table}({string.Join(',', columns)}) VALUES {string.Join(',', Enumerable.Repeat(row, rows))}";
        SqliteException.ThrowExceptionForRC(
            raw.sqlite3_prepare_v3(db, sql, raw.SQLITE_PREPARE_PERSISTENT, out var statement),
            db
        );
        return statement;
    }
}
