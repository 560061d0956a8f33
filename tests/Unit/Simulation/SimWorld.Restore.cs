using Ledgerpost.Data;
using Microsoft.Data.Sqlite;
using UnitTests.Support;

namespace UnitTests.Simulation;

/// <summary>An older copy of the database comes back.</summary>
internal sealed partial class SimWorld
{
    /// <summary>The database as it is now, for a later <see cref="Restore"/>.</summary>
    public void BackUp()
    {
        if (Portal is not { Ready: true } || RestoredAt is not null)
        {
            return;
        }

        File.Delete(BackupFile);
        using var connection = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False;Mode=ReadOnly");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"VACUUM INTO '{BackupFile}'";
        command.ExecuteNonQuery();
        Trace.Add("the database is backed up");
    }

    /// <summary>The machine comes up with the older copy. Where not even the stamp tells, nobody could notice: not done then.</summary>
    public void Restore()
    {
        if (!Troubled || Portal is not { Ready: true } || !File.Exists(BackupFile))
        {
            return;
        }

        // Whichever instance starts first.
        var seen = Enumerable.Range(0, Plan.Instances).Min(slot => new StampFile(StampPath(slot)).Read()?.Number ?? 0);
        if (seen <= StampOf(BackupFile))
        {
            return;
        }

        CrashAll("an older database is put in its place");
        ClearPool();
        File.Delete(DatabaseFile + "-wal");
        File.Delete(DatabaseFile + "-shm");
        File.Move(BackupFile, DatabaseFile, overwrite: true);
        RestoredAt = Scheduler.Now;
        Barred.Clear();
        Deleted.Clear();
        LeftAccounts.Clear();
        Saw(SimDeed.Restored);
    }

    /// <summary>What the instance of that place remembers beside its data.</summary>
    public string StampPath(int slot) => $"{DatabaseFile}.{slot}.stamp";

    private string BackupFile => DatabaseFile + ".backup";

    private static long StampOf(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False;Mode=ReadOnly");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT \"Stamp\" FROM \"Installation\"";
        return (long)command.ExecuteScalar()!;
    }

    // None may be alive here, and one that is made only to be asked opens the file.
    private void ClearPool()
    {
        if (_readers is { } readers)
        {
            SqliteTemplate.ClearReaders(readers);
        }
    }
}
