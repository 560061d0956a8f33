using Ledgerpost;
using Ledgerpost.Data;
using Ledgerpost.Data.Sqlite;
using Ledgerpost.Identity;
using Ledgerpost.Sending;
using Microsoft.EntityFrameworkCore;

namespace AdminPortal.Hosting;

/// <summary>
/// <c>restore --from</c>: a backup in the database's place, and who unsubscribed since out of the one of before; on PostgreSQL
/// <c>restore --done</c>, after its own tool has put the backup there.
/// </summary>
public static partial class Verbs
{
    private const string NextStep =
        "Start the portal, sign in as operator and open “Sending”: it says what is unknown and what to do next.";

    private const string RestoreElsewhere =
        "Ledgerpost does not restore a PostgreSQL database itself. In this order:\n"
        + "  1. Stop every instance.\n"
        + "  2. As a superuser: pg_restore --clean --if-exists --dbname=DATABASE FILE\n"
        + "  3. AdminPortal restore --done   (with the settings of a start; it pauses all sending and makes unknown who was\n"
        + "     waiting or in doubt, because mail may have gone out since the backup)\n"
        + "  4. Start the portal, sign in as operator and open “Sending”.\n"
        + "Nothing was changed.";

    private static async Task<int> RestoreAsync(
        string[] args,
        TextWriter output,
        TextWriter messages,
        TimeProvider time
    )
    {
        if (VerbOptions.Read(args, [From], [Done, Json]) is not { } options)
        {
            return await MisuseAsync(messages);
        }

        var settings = Read(options.Settings);
        var (file, done) = (options.Value(From), options.Has(Done));
        var elsewhere = settings.Portal.Database == DatabaseProvider.PostgreSql;
        if (elsewhere && !done)
        {
            throw new StartRefusedException(RestoreElsewhere, Misused);
        }

        if (elsewhere ? file is not null : file is null || done)
        {
            return await MisuseAsync(messages);
        }

        using var directory = Take(settings.Portal, "A restore needs the portal stopped. Nothing was changed.");
        if (elsewhere)
        {
            await HoldAfterRestoreAsync(settings, time);
            return await DoneAsync(
                options,
                new RestoredShape(null, null, null),
                $"All sending is paused. {NextStep}",
                output
            );
        }

        var (restored, sentence) = await RestoreAsync(settings, Path.GetFullPath(file!), time);
        return await DoneAsync(options, restored, sentence, output);
    }

    private static async Task<(RestoredShape Restored, string Sentence)> RestoreAsync(
        PortalSettings settings,
        string from,
        TimeProvider time
    )
    {
        if (!File.Exists(from) || DatabaseFile.Check(from) is not { } info)
        {
            throw new StartRefusedException(
                $"{from} is no backup of Ledgerpost, or it is damaged. Nothing was changed."
            );
        }

        var keys = Keys(settings);
        try
        {
            new KeyRingSeal(keys).Demand(info.KeyRing);
        }
        catch (DatabaseUnsafeException closed)
        {
            throw new StartRefusedException($"{from} was not restored, and nothing was changed. {closed.Message}");
        }

        var now = time.GetUtcNow();
        var before = DatabaseFile.Replace(settings.Portal.ConnectionString, from, info.BackedUpAt, now);
        var ids = new Version7Ids(time);
        await using var db = new PortalDb(settings.Portal.ConnectionString, time, ids, keys);
        await db.MigrateAsync(CancellationToken.None);
        var made = info.BackedUpAt is { } at ? $"{at:u}" : "an unknown time";
        await HoldAsync(
            db,
            settings,
            $"A backup of {made} was put in place at {now:u}. What happened between the two is not known here."
        );
        var inPlace = $"The backup of {made} is in place, and all sending is paused.\n";
        if (before.Count == 0)
        {
            return (new RestoredShape(info.BackedUpAt, null, null), inPlace + NextStep);
        }

        // Of each: an earlier restore may have been cut off before this. Adding somebody once more does no harm. The newest comes
        // first: who was erased since an older one does not come back out of it.
        int? added = 0;
        foreach (var aside in before.Reverse())
        {
            var (more, said) = await ReplayAsync(db, aside, settings, time, ids);
            added += more;
            inPlace += $"A database of before lies at {aside}.\n{said}\n";
        }

        return (new RestoredShape(info.BackedUpAt, before[^1], added), inPlace + NextStep);
    }

    /// <returns>How many were taken over; null where that database cannot be read.</returns>
    private static async Task<(int? Added, string Said)> ReplayAsync(
        PortalDb db,
        string aside,
        PortalSettings settings,
        TimeProvider time,
        IIds ids
    )
    {
        try
        {
            await using var old = new PortalDb(DatabaseFile.Of(aside), time, ids, Keys(settings));
            try
            {
                await old.MigrateAsync(CancellationToken.None);
            }
            catch (DatabaseUnsafeException)
            {
                // Its secrets are under another audit key; who unsubscribed is not, and its tables are as they are now.
            }

            var replay = new ReplayUnsubscribes(db);
            var added = await replay.ExecuteAsync(old, CancellationToken.None);
            return (added, $"{added} unsubscribed or suppressed addresses were taken over from it.{Back(replay)}");
        }
        catch (Exception exception)
        {
            return (
                null,
                $"It cannot be read ({exception.GetBaseException().Message}): who unsubscribed since the backup is not known."
            );
        }
    }

    private static string Back(ReplayUnsubscribes replay) =>
        replay.BackCount == 0
            ? ""
            : $"\nErased since the backup, and in this database again: {replay.BackCount}. The suppression lists and audit logs "
                + "of their organisations name them; an admin there erases them once more.";

    private static async Task HoldAfterRestoreAsync(PortalSettings settings, TimeProvider time)
    {
        await using var db = new PortalDb(
            settings.Portal.ConnectionString,
            time,
            new Version7Ids(time),
            Keys(settings),
            provider: DatabaseProvider.PostgreSql
        );
        try
        {
            await db.MigrateAsync(CancellationToken.None);
            await using (var context = db.Read(TenantScope.None))
            {
                if (!await context.Installation.AnyAsync())
                {
                    throw new StartRefusedException(
                        "Sending could not be paused: this database is empty. Restore the backup into it first, and do not start the portal before."
                    );
                }
            }

            await HoldAsync(
                db,
                settings,
                $"A backup was put in place before {time.GetUtcNow():u}. What happened since it was made is not known here."
            );
        }
        catch (Exception exception)
            when (exception is DatabaseUnsafeException || StorageFailures.OfPostgreSql(exception) is not null)
        {
            throw new StartRefusedException(
                $"Sending could not be paused: {(StorageFailures.OfPostgreSql(exception) ?? exception).Message} Do not start the portal."
            );
        }
    }

    /// <param name="BackedUpAt">Null where that is not known, and on PostgreSQL.</param>
    /// <param name="Before">Where the database of before lies; null when there was none.</param>
    /// <param name="TakenOver">
    /// How many unsubscribed or suppressed addresses came out of it, and out of those of earlier restores; null when one could not be read.
    /// </param>
    private sealed record RestoredShape(DateTimeOffset? BackedUpAt, string? Before, int? TakenOver);
}
