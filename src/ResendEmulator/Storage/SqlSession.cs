using Microsoft.Data.Sqlite;

namespace ResendEmulator.Storage;

/// <summary>Prepared statements over one connection; not safe for two threads. Parameters are @0, @1, ...</summary>
public sealed class SqlSession(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, SqliteCommand> _prepared = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BulkInsert> _inserts = new(StringComparer.Ordinal);

    public int Run(string sql, params object?[] args) => Command(sql, args).ExecuteNonQuery();

    public T? Scalar<T>(string sql, params object?[] args)
    {
        var value = Command(sql, args).ExecuteScalar();
        return value is null or DBNull ? default : (T)value;
    }

    public long Count(string sql, params object?[] args) => Scalar<long>(sql, args);

    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> map, params object?[] args)
    {
        using var reader = Command(sql, args).ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(map(reader));
        }

        return rows;
    }

    /// <summary>Many rows into a table; the columns are always the same for a table.</summary>
    internal BulkInsert Into(string table, params string[] columns)
    {
        if (!_inserts.TryGetValue(table, out var insert))
        {
            insert = new BulkInsert(connection.Handle!, table, columns);
            _inserts.Add(table, insert);
        }

        return insert;
    }

    public void Dispose()
    {
        foreach (var insert in _inserts.Values)
        {
            insert.Dispose();
        }

        foreach (var command in _prepared.Values)
        {
            command.Dispose();
        }

        connection.Dispose();
    }

    private SqliteCommand Command(string sql, object?[] args)
    {
        if (!_prepared.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
#pragma warning disable CA2100 // every statement is a constant of this project; values are parameters
            command.CommandText = sql;
#pragma warning restore CA2100
            for (var i = 0; i < args.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = $"@{i}" });
            }

            _prepared.Add(sql, command);
        }

        for (var i = 0; i < args.Length; i++)
        {
            command.Parameters[i].Value = args[i] ?? DBNull.Value;
        }

        return command;
    }
}
