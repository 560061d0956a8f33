using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Ledgerpost.Data.Sqlite;

/// <summary>What a database file says of itself.</summary>
/// <param name="KeyRing">Its data-protection keys, as they are stored.</param>
public sealed record DatabaseInfo(int Epoch, DateTimeOffset? BackedUpAt, IReadOnlyList<string> KeyRing);

/// <summary>The file as a whole: a consistent copy of it, and another one in its place.</summary>
public static class DatabaseFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>
    /// One snapshot of the database, as a file of its own. It only reads, through a connection that cannot write or
    /// checkpoint, so that a server may go on beside it (docs/decisions/0003).
    /// </summary>
    /// <param name="running">A server has the database open; without one it is opened for writing, to see its last commits.</param>
    public static void Copy(string connectionString, string target, bool running, DateTimeOffset now)
    {
        using (var source = Open(connectionString, running ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWrite))
        {
            using var copy = source.CreateCommand();
            copy.CommandText = "VACUUM INTO @target";
            copy.Parameters.AddWithValue("@target", target);
            copy.ExecuteNonQuery();
        }

        if (!OperatingSystem.IsWindows())
        {
            // It holds addresses and secrets.
            File.SetUnixFileMode(target, OwnerOnly);
        }

        using var written = Open(Of(target), SqliteOpenMode.ReadWrite);
        using var note = written.CreateCommand();
        note.CommandText = """UPDATE "Installation" SET "BackedUpAt" = @now""";
        note.Parameters.AddWithValue("@now", InstantConverter.ToMicroseconds(now));
        note.ExecuteNonQuery();
    }

    /// <returns>Null when it is no database of this program, or a damaged one.</returns>
    public static DatabaseInfo? Check(string path)
    {
        try
        {
            using var connection = Open(Of(path), SqliteOpenMode.ReadOnly);
            using var check = connection.CreateCommand();
            check.CommandText = "PRAGMA quick_check";
            if (check.ExecuteScalar() as string != "ok")
            {
                return null;
            }

            var ring = new List<string>();
            using var keys = connection.CreateCommand();
            keys.CommandText = """SELECT "Xml" FROM "DataProtectionKeys" """;
            using (var key = keys.ExecuteReader())
            {
                while (key.Read())
                {
                    ring.Add(key.GetString(0));
                }
            }

            using var read = connection.CreateCommand();
            read.CommandText = """SELECT "Epoch", "BackedUpAt" FROM "Installation" """;
            using var row = read.ExecuteReader();
            return row.Read() ? new DatabaseInfo(row.GetInt32(0), row.InstantOrNull(1), ring) : null;
        }
        catch (SqliteException)
        {
            return null;
        }
    }

    /// <summary>Another database in this one's place; the one of before is moved aside.</summary>
    /// <param name="since">When the other one was made; null where that is not known.</param>
    /// <returns>
    /// What was in use since then, the oldest first: the database of before, and those of earlier restores, which may have been cut
    /// off before anything was taken over from them.
    /// </returns>
    public static IReadOnlyList<string> Replace(
        string connectionString,
        string with,
        DateTimeOffset? since,
        DateTimeOffset now
    )
    {
        var path = Path.GetFullPath(new SqliteConnectionStringBuilder(connectionString).DataSource);
        var aside = File.Exists(path) ? NextAside(path, now) : CutOff(path) ?? NextAside(path, now);
        foreach (var part in (string[])["", "-wal", "-shm"])
        {
            if (File.Exists(path + part))
            {
                File.Move(path + part, aside + part);
            }
        }

        // Under another name first: what a cut leaves of a copy is never taken for the database.
        var copy = path + ".restoring";
        File.Copy(with, copy, overwrite: true);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(copy, OwnerOnly);
        }

        File.Move(copy, path);
        var first = since is { } made ? Aside(path, made) : "";
        return [.. Asides(path).Where(one => one == aside || string.CompareOrdinal(one, first) >= 0)];
    }

    public static string Of(string path) => new SqliteConnectionStringBuilder { DataSource = path }.ToString();

    /// <summary>Of two restores within a second the later one's name is a second later.</summary>
    private static string NextAside(string path, DateTimeOffset now)
    {
        while (File.Exists(Aside(path, now)))
        {
            now += TimeSpan.FromSeconds(1);
        }

        return Aside(path, now);
    }

    private static string Aside(string path, DateTimeOffset now) =>
        string.Create(CultureInfo.InvariantCulture, $"{path}.before-restore-{now.UtcDateTime:yyyyMMddHHmmss}");

    private static IEnumerable<string> Asides(string path) =>
        Directory
            .EnumerateFiles(
                Path.GetDirectoryName(path)!,
                $"{Path.GetFileName(path)}.before-restore-{new string('?', "yyyyMMddHHmmss".Length)}"
            )
            .Order(StringComparer.Ordinal);

    /// <summary>Whose log lies here without it: the restore that moved it away was cut off between the two.</summary>
    private static string? CutOff(string path) =>
        Asides(path).LastOrDefault() is { } last
        && string.CompareOrdinal(Aside(path, new DateTimeOffset(File.GetLastWriteTimeUtc(path + "-wal"))), last) <= 0
            ? last
            : null;

    private static SqliteConnection Open(string connectionString, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder(connectionString) { Mode = mode, Pooling = false }.ToString()
        );
        connection.Open();
        return connection;
    }
}
