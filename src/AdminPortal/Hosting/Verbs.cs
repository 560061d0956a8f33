using Ledgerpost;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Data.Sqlite;
using Ledgerpost.Sending;
using Microsoft.EntityFrameworkCore;

namespace AdminPortal.Hosting;

/// <summary>
/// What the binary does beside serving: <c>backup --to FILE</c> and <c>restore --from FILE</c>; on PostgreSQL, whose own tools
/// do both, only <c>restore --done</c> afterwards; <c>tenant create</c> and <c>apikey create</c> for scripts;
/// <c>verify-audit</c>; <c>migrate</c>. Those for scripts ask the portal that runs on the data directory.
/// </summary>
public static partial class Verbs
{
    private const string Done = "--done";

    private const string NextStep =
        "Start the portal, sign in as operator and open “Sending”: it says what is unknown and what to do next.";

    private const string BackupElsewhere =
        "Ledgerpost does not copy a PostgreSQL database itself. Use PostgreSQL's tool, as a role that may bypass row-level "
        + "security (a superuser, or one with BYPASSRLS):\n"
        + "  pg_dump --format=custom --file=FILE DATABASE\n"
        + "It may run beside the portal. Nothing was written.";

    private const string RestoreElsewhere =
        "Ledgerpost does not restore a PostgreSQL database itself. In this order:\n"
        + "  1. Stop every instance.\n"
        + "  2. As a superuser: pg_restore --clean --if-exists --dbname=DATABASE FILE\n"
        + "  3. AdminPortal restore --done   (with the settings of a start; it pauses all sending and makes unknown who was\n"
        + "     waiting or in doubt, because mail may have gone out since the backup)\n"
        + "  4. Start the portal, sign in as operator and open “Sending”.\n"
        + "Nothing was changed.";

    public static bool Knows(string[] args) =>
        args is ["migrate" or "backup" or "restore" or "tenant" or "apikey" or "verify-audit", ..];

    /// <param name="output">For what a script reads.</param>
    /// <param name="messages">For a person.</param>
    /// <returns>The process' exit code.</returns>
    /// <exception cref="StartRefusedException">A setting is wrong, a file is missing, or the portal runs.</exception>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter messages, TimeProvider time)
    {
        if (args is ["tenant" or "apikey", ..])
        {
            return await CreateAsync(args, output, messages, time);
        }

        if (args[0] == "verify-audit")
        {
            return await VerifyAuditAsync(args, output, messages, time);
        }

        if (args[0] == "migrate")
        {
            return await MigrateAsync(Read(args[1..]), output, time);
        }

        var done = args.Contains(Done);
        var settings = Read([.. args[1..].Where(arg => arg != Done)]);
        var now = time.GetUtcNow();
        if (settings.Portal.Database == DatabaseProvider.PostgreSql)
        {
            if (args[0] == "backup" || !done)
            {
                throw new StartRefusedException(args[0] == "backup" ? BackupElsewhere : RestoreElsewhere, exitCode: 2);
            }

            using var held = Take(settings.Portal, "A restore needs the portal stopped. Nothing was changed.");
            await HoldAfterRestoreAsync(settings, time, output);
            return 0;
        }

        if (args[0] == "backup")
        {
            await output.WriteLineAsync(Backup(settings.Portal, Path.GetFullPath(Needed(args, "--to")), now));
            return 0;
        }

        using var directory = Take(settings.Portal, "A restore needs the portal stopped. Nothing was changed.");
        await RestoreAsync(settings, Path.GetFullPath(Needed(args, "--from")), time, output);
        return 0;
    }

    /// <summary>What a start does with the database, without starting: for an update that is to be tried first.</summary>
    private static async Task<int> MigrateAsync(PortalSettings settings, TextWriter output, TimeProvider time)
    {
        using var directory = Take(
            settings.Portal,
            "A portal that runs has brought its database up to date at its start; stop it to update with another version. Nothing was changed."
        );
        await using var db = new PortalDb(
            settings.Portal.ConnectionString,
            time,
            new Version7Ids(time),
            Keys(settings),
            provider: settings.Portal.Database
        );
        try
        {
            await db.MigrateAsync(CancellationToken.None);
            await new EnsureInstallation(db).ExecuteAsync(CancellationToken.None);
        }
        catch (Exception exception)
            when (exception is DatabaseUnsafeException || StorageFailures.OfPostgreSql(exception) is not null)
        {
            throw new StartRefusedException(
                $"The database was not brought up to date: {(StorageFailures.OfPostgreSql(exception) ?? exception).Message}"
            );
        }

        await output.WriteLineAsync("The database is up to date.");
        return 0;
    }

    private static string Backup(PortalOptions portal, string target, DateTimeOffset now)
    {
        if (File.Exists(target))
        {
            throw new StartRefusedException($"{target} exists already; a backup never replaces a file.");
        }

        DataDirectory? directory = null;
        try
        {
            directory = DataDirectory.Take(portal.DataDirectory);
        }
        catch (StartRefusedException)
        {
            // A server runs on it. The copy is read beside it.
        }

        using (directory)
        {
            try
            {
                DatabaseFile.Copy(portal.ConnectionString, target, running: directory is null, now);
            }
            catch (Microsoft.Data.Sqlite.SqliteException exception)
            {
                throw new StartRefusedException($"The backup could not be written: {exception.Message}");
            }
        }

        return $"The database as it was at {now:u} is in {target}. It holds addresses and secrets: keep it where only you can read it.";
    }

    private static async Task HoldAfterRestoreAsync(PortalSettings settings, TimeProvider time, TextWriter output)
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

        await output.WriteLineAsync($"All sending is paused. {NextStep}");
    }

    private static async Task HoldAsync(PortalDb db, PortalSettings settings, string detail)
    {
        using var logs = LoggerFactory.Create(_ => { });
        await new HoldSending(
            db,
            new StampFile(Path.Combine(settings.Portal.DataDirectory, "portal.stamp")),
            logs.CreateLogger<HoldSending>(),
            settings.Sending
        ).HoldOldDatabaseAsync(HoldReason.Restored, detail, CancellationToken.None);
        await AnchorAsync(db, settings);
    }

    private static AuditKeys Keys(PortalSettings settings, bool mayMake = true) =>
        AuditKeyFile.Read(settings.Portal.DataDirectory, settings.Audit.Keys, mayMake);

    /// <summary>A restored log is shorter than the one that was anchored; from now on it is the one that counts.</summary>
    private static async Task AnchorAsync(PortalDb db, PortalSettings settings)
    {
        using var logs = LoggerFactory.Create(_ => { });
        var (keys, files) = (Keys(settings), PortalHosting.AnchorFiles(settings.Portal));
        await new AnchorAuditLogs(
            db,
            keys,
            files,
            new VerifyAuditLog(db, keys, files),
            logs.CreateLogger<AnchorAuditLogs>()
        ).AfterRestoreAsync(CancellationToken.None);
    }

    /// <param name="otherwise">What to do when a portal runs on the directory.</param>
    private static DataDirectory Take(PortalOptions portal, string otherwise)
    {
        try
        {
            return DataDirectory.Take(portal.DataDirectory);
        }
        catch (StartRefusedException refused)
        {
            throw new StartRefusedException($"{refused.Message} {otherwise}");
        }
    }

    private static string Needed(string[] args, string option) =>
        args.SkipWhile(arg => arg != option).Skip(1).FirstOrDefault()
        ?? args.FirstOrDefault(arg => arg.StartsWith(option + "=", StringComparison.Ordinal))?[(option.Length + 1)..]
        ?? throw new StartRefusedException($"{args[0]} needs {option} FILE.");

    private static PortalSettings Read(string[] args)
    {
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { Args = args, ContentRootPath = PortalApplication.ContentRoot(args) }
        );
        return PortalHosting.ReadSettings(builder);
    }
}
