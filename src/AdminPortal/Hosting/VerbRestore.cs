using Ledgerpost;
using Ledgerpost.Data;
using Ledgerpost.Data.Sqlite;
using Ledgerpost.Identity;
using Ledgerpost.Sending;

namespace AdminPortal.Hosting;

/// <summary><c>restore --from</c>: a backup in the database's place, and who unsubscribed since out of the one of before.</summary>
public static partial class Verbs
{
    private static async Task RestoreAsync(PortalSettings settings, string from, TimeProvider time, TextWriter output)
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
        var aside = DatabaseFile.Replace(settings.Portal.ConnectionString, from, now);
        var ids = new Version7Ids(time);
        await using var db = new PortalDb(settings.Portal.ConnectionString, time, ids, keys);
        await db.MigrateAsync(CancellationToken.None);
        var made = info.BackedUpAt is { } at ? $"{at:u}" : "an unknown time";
        await HoldAsync(
            db,
            settings,
            $"A backup of {made} was put in place at {now:u}. What happened between the two is not known here."
        );
        await output.WriteLineAsync($"The backup of {made} is in place, and all sending is paused.");
        if (aside is not null)
        {
            await output.WriteLineAsync($"The database of before lies at {aside}.");
            await output.WriteLineAsync(await ReplayAsync(db, aside, settings, time, ids));
        }

        await output.WriteLineAsync(NextStep);
    }

    private static async Task<string> ReplayAsync(
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

            var added = await new ReplayUnsubscribes(db).ExecuteAsync(old, CancellationToken.None);
            return $"{added} unsubscribed or suppressed addresses were taken over from it.";
        }
        catch (Exception exception)
        {
            return $"It cannot be read ({exception.GetBaseException().Message}): who unsubscribed since the backup is not known.";
        }
    }
}
