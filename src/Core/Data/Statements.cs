using System.Data;
using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Ledgerpost.Data;

/// <summary>
/// SQL as it stands, for the few statements that run for every chunk: prepared once for each connection, where EF Core
/// spends 50 to 100 µs of processor time on building each anew (docs/performance.md). Query filters do not reach here:
/// each statement names its tenant itself, and PostgreSQL's row-level security stands behind it.
/// </summary>
/// <remarks>
/// Values are written as EF Core writes them: enums as their names, instants by <see cref="InstantConverter"/>. A statement's
/// text must be a constant apart from its values, because each text is kept prepared.
/// </remarks>
internal static class Statements
{
    /// <summary>Tells whoever listens of each statement, as EF Core does of its own; nobody does but tests and profilers.</summary>
    public const string DiagnosticName = "Ledgerpost.Statements";

    private static readonly DiagnosticListener Diagnostics = new(DiagnosticName);

    // For SQLite's connections that live as long as the process. Npgsql prepares by itself what comes again and again.
    private static readonly ConditionalWeakTable<DbConnection, Dictionary<string, SqliteCommand>> Prepared = new();

    /// <returns>How many rows it touched.</returns>
    public static async Task<int> ExecuteAsync(
        this PortalDbContext db,
        FormattableString sql,
        CancellationToken cancellation
    )
    {
        await OpenAsync(db, cancellation);
        var command = Command(db, sql);
        await using var _ = Owned(db, command);
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    public static async Task<List<T>> ListAsync<T>(
        this PortalDbContext db,
        FormattableString sql,
        Func<DbDataReader, T> read,
        CancellationToken cancellation
    )
    {
        await OpenAsync(db, cancellation);
        var command = Command(db, sql);
        await using var _ = Owned(db, command);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellation))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <returns>The first row; the default when there is none.</returns>
    public static async Task<T?> FirstAsync<T>(
        this PortalDbContext db,
        FormattableString sql,
        Func<DbDataReader, T> read,
        CancellationToken cancellation
    ) => (await db.ListAsync(sql, read, cancellation)).FirstOrDefault();

    /// <summary>True when there is a row.</summary>
    public static async Task<bool> AnyAsync(
        this PortalDbContext db,
        FormattableString sql,
        CancellationToken cancellation
    ) => (await db.ListAsync(sql, _ => 0, cancellation)).Count > 0;

    public static DateTimeOffset? InstantOrNull(this DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : InstantConverter.FromMicroseconds(row.GetInt64(column));

    // A reading context opens its connection with its first question; then it stays open until the context is gone.
    private static Task OpenAsync(PortalDbContext db, CancellationToken cancellation) =>
        db.Raw is not null || db.Database.GetDbConnection().State == ConnectionState.Open
            ? Task.CompletedTask
            : db.Database.OpenConnectionAsync(cancellation);

    private static DbCommand Command(PortalDbContext db, FormattableString sql)
    {
        var connection = db.Raw?.Connection ?? db.Database.GetDbConnection();
        var transaction = db.Raw is { } raw ? raw.Transaction : db.Database.CurrentTransaction?.GetDbTransaction();
        var keep = IsKept(db);
        var command = keep ? Kept((SqliteConnection)connection, sql) : Fill(connection.CreateCommand(), sql);
        command.Transaction = transaction;
        if ((db.Raw is { } its ? its.LongestStatement : db.Database.GetCommandTimeout()) is { } longest)
        {
            command.CommandTimeout = longest;
        }

        for (var i = 0; i < sql.ArgumentCount; i++)
        {
            command.Parameters[i].Value = sql.GetArgument(i) ?? DBNull.Value;
        }

        if (Diagnostics.IsEnabled())
        {
            Diagnostics.Write(nameof(DbCommand), command);
        }

        return command;
    }

    private static SqliteCommand Kept(SqliteConnection connection, FormattableString sql)
    {
        var commands = Prepared.GetOrCreateValue(connection);
        if (!commands.TryGetValue(sql.Format, out var command))
        {
            commands[sql.Format] = command = (SqliteCommand)Fill(connection.CreateCommand(), sql);
        }

        return command;
    }

    private static DbCommand Fill(DbCommand command, FormattableString sql)
    {
        var names = new object[sql.ArgumentCount];
        for (var i = 0; i < names.Length; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"p{i}");
            names[i] = "@" + parameter.ParameterName;
            command.Parameters.Add(parameter);
        }

        command.CommandText = string.Format(CultureInfo.InvariantCulture, sql.Format, names);
        return command;
    }

    // Connections of SQLite that EF Core does not open live as long as the process.
    private static bool IsKept(PortalDbContext db) => db.Raw?.Connection is SqliteConnection;

    // What is kept for the connection is not disposed of after each use.
    private static DbCommand? Owned(PortalDbContext db, DbCommand command) => IsKept(db) ? null : command;
}
