using System.Globalization;
using Ledgerpost.Sending;

namespace Force;

/// <summary>
/// A power cut on SQLite: the process dies with its second call written down and not made, and of the write-ahead log only
/// what had to be durable by then is sure to be there, namely the first call's intent; of what came after it, any part may
/// be. The portal is started on a copy with each such part, and with the provider as it was.
/// </summary>
internal static class TornLog
{
    /// <param name="most">How many parts are started, spread evenly; every one is opened and looked at.</param>
    public static async Task RunAsync(Table table, int most)
    {
        await using var world = await World.CreateAsync(null, 300);
        await using (var portal = world.Start(new PortalSettings(1, $"{CrashPoints.BeforePost}#2")))
        {
            await portal.WaitForEndAsync();
        }

        var log = WriteAheadLog.Read(Path.Combine(world.Installation.Folder, "portal.db-wal"));
        var lengths = await PossibleLengthsAsync(world, log);
        var emulator = world.Emulator.Port;
        await world.StopEmulatorAsync();
        for (var i = 0; i < Math.Min(most, lengths.Count); i++)
        {
            var length = lengths[(int)((long)i * (lengths.Count - 1) / Math.Max(1, Math.Min(most, lengths.Count) - 1))];
            await StartOnAsync(world, table, length, emulator);
        }
    }

    /// <summary>From the commit of the first intent on: after each frame, and in the middle of each.</summary>
    private static async Task<List<long>> PossibleLengthsAsync(World world, WriteAheadLog log)
    {
        // Where each commit stands, read by SQLite itself from a copy that ends there.
        var states = new Dictionary<int, string>();
        foreach (var commit in log.Commits.Prepend(0))
        {
            states[commit] = await LookAsync(world, log.LengthOf(commit));
        }

        var first = log.Commits.First(commit => !states[commit].StartsWith("0 ", StringComparison.Ordinal));
        var lengths = new List<long>();
        for (var frames = first; frames <= log.Frames; frames++)
        {
            var last = log.Commits.Last(commit => commit <= frames);
            foreach (var length in new[] { log.LengthOf(frames), log.LengthOf(frames) + (log.PageSize / 2) })
            {
                if (length > log.LengthOf(log.Frames))
                {
                    continue;
                }

                var state = await LookAsync(world, length);
                if (state != states[last])
                {
                    throw new InvalidOperationException(
                        $"Cut at {length} the log shows \u201c{state}\u201d and not its last commit, \u201c{states[last]}\u201d."
                    );
                }

                lengths.Add(length);
            }
        }

        return lengths;
    }

    /// <returns>Calls written down, the integrity check's word, and all chunks, in a copy whose log has this length.</returns>
    private static async Task<string> LookAsync(World world, long length)
    {
        var folder = Directory.CreateTempSubdirectory("ledgerpost-force-look-").FullName;
        try
        {
            var copy = Copy(world.Installation, folder, length);
            var calls = await Ledger.RowsAsync(copy, "SELECT COUNT(*) FROM \"Attempts\"", row => row.GetInt64(0));
            var whole = await Ledger.RowsAsync(copy, "PRAGMA integrity_check", row => row.GetString(0));
            var rows = await Ledger.FingerprintAsync(copy);
            return string.Create(CultureInfo.InvariantCulture, $"{calls[0]} {string.Join(',', whole)} {rows}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task StartOnAsync(World world, Table table, long length, int emulatorPort)
    {
        var folder = Directory.CreateTempSubdirectory("ledgerpost-force-").FullName;
        try
        {
            CopyFolder(Path.Combine(world.Folder, "emulator"), Path.Combine(folder, "emulator"));
            var copy = Copy(world.Installation, Path.Combine(folder, "data"), length);
            await using var emulator = await Emulator.StartAsync(folder, emulatorPort);
            await using (var portal = Portal.Start(copy, emulator, new PortalSettings(Concurrency: 2)))
            {
                await Wait.UntilAsync(
                    "the campaign is sent",
                    async () => await Ledger.StatusAsync(copy) == "Sent",
                    portal.ThrowIfEnded
                );
            }

            table.Add(
                "SQLite: power cut, started on each part of the log after the last call's intent",
                1,
                await Verdict.ReadAsync(copy, emulator)
            );
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Installation Copy(Installation installation, string folder, long length)
    {
        Directory.CreateDirectory(folder);
        // Without the shared memory and the lock: they do not outlive a machine.
        foreach (var name in new[] { "portal.db", "portal.db-wal", "portal.stamp" })
        {
            var source = Path.Combine(installation.Folder, name);
            if (File.Exists(source))
            {
                File.Copy(source, Path.Combine(folder, name));
            }
        }

        using var log = new FileStream(Path.Combine(folder, "portal.db-wal"), FileMode.Open);
        log.SetLength(length);
        return installation.At(folder);
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }
}
