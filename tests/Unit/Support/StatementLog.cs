using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace UnitTests.Support;

/// <summary>
/// Every statement that this process sends to one database, EF Core's and those written by hand, as text without values: what
/// was asked, and how often.
/// </summary>
public sealed class StatementLog : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private static readonly string OfEntityFramework = RelationalEventId.CommandExecuting.Name!;

    private readonly string _database;
    private readonly ConcurrentQueue<string> _heard = new();
    private readonly ConcurrentBag<IDisposable> _subscriptions = [];

    private StatementLog(string database) => _database = database;

    /// <param name="connectionString">Other tests ask their own databases at the same time.</param>
    public static StatementLog Of(string connectionString)
    {
        var log = new StatementLog(
            PostgreSqlServer.IsChosen
                ? new Npgsql.NpgsqlConnectionStringBuilder(connectionString).Database!
                : new SqliteConnectionStringBuilder(connectionString).DataSource
        );
        log._subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(log));
        return log;
    }

    /// <summary>Runs with each statement's text just before it is sent, in the flow that sends it.</summary>
    public Action<string>? Before { get; set; }

    /// <summary>What was heard since the last time, in the order of its text: pages ask for several things at once.</summary>
    public IReadOnlyList<string> Take()
    {
        var taken = new List<string>();
        while (_heard.TryDequeue(out var statement))
        {
            taken.Add(statement);
        }

        taken.Sort(StringComparer.Ordinal);
        return taken;
    }

    public void Dispose()
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.Dispose();
        }
    }

    void IObserver<DiagnosticListener>.OnNext(DiagnosticListener value)
    {
        if (value.Name == DbLoggerCategory.Name)
        {
            _subscriptions.Add(value.Subscribe(this, name => name == OfEntityFramework));
        }
        else if (value.Name == "Ledgerpost.Statements")
        {
            _subscriptions.Add(value.Subscribe(this));
        }
    }

    void IObserver<KeyValuePair<string, object?>>.OnNext(KeyValuePair<string, object?> value)
    {
        var command = value.Value switch
        {
            CommandEventData ofEntityFramework => ofEntityFramework.Command,
            DbCommand byHand => byHand,
            _ => null,
        };
        if (command?.Connection is { } connection && IsOurs(connection))
        {
            _heard.Enqueue(command.CommandText);
            Before?.Invoke(command.CommandText);
        }
    }

    void IObserver<DiagnosticListener>.OnCompleted() { }

    void IObserver<DiagnosticListener>.OnError(Exception error) { }

    void IObserver<KeyValuePair<string, object?>>.OnCompleted() { }

    void IObserver<KeyValuePair<string, object?>>.OnError(Exception error) { }

    private bool IsOurs(DbConnection connection) =>
        (connection is SqliteConnection ? connection.DataSource : connection.Database) == _database;
}
