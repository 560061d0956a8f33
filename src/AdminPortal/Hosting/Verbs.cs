using System.Text.Json;
using AdminPortal.Api;
using Ledgerpost;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Data.Sqlite;
using Ledgerpost.Sending;

namespace AdminPortal.Hosting;

/// <summary>
/// What the binary does beside serving: <c>backup --to FILE</c> and <c>restore --from FILE</c>; on PostgreSQL, whose own tools
/// do both, only <c>restore --done</c> afterwards; <c>tenant create</c> and <c>apikey create</c> for scripts;
/// <c>verify-audit</c>; <c>migrate</c>. Those that make something ask the portal that runs on the data directory. Each reads its
/// options by <see cref="VerbOptions"/> and refuses what it does not know, so that no typing error is a setting or a server.
/// </summary>
public static partial class Verbs
{
    private const int Wrong = 1;
    private const int Misused = 2;

    private const string Json = "--json";
    private const string To = "--to";
    private const string From = "--from";
    private const string Done = "--done";

    private const string BackupElsewhere =
        "Ledgerpost does not copy a PostgreSQL database itself. Use PostgreSQL's tool, as a role that may bypass row-level "
        + "security (a superuser, or one with BYPASSRLS):\n"
        + "  pg_dump --format=custom --file=FILE DATABASE\n"
        + "It may run beside the portal. Nothing was written.";

    private const string Usage =
        "Usage:\n"
        + "  AdminPortal [serve] [settings]\n"
        + "  AdminPortal migrate [--json] [settings]\n"
        + "  AdminPortal tenant create --name NAME [--slug SLUG] [--json] [settings]\n"
        + "  AdminPortal apikey create --tenant SLUG-OR-ID [--name NAME] [--scopes read,send] [--json] [settings]\n"
        + "  AdminPortal backup --to FILE [--json] [settings]\n"
        + "  AdminPortal restore --from FILE [--json] [settings]\n"
        + "  AdminPortal restore --done [--json] [settings]   (on PostgreSQL, after its own restore)\n"
        + "  AdminPortal verify-audit [--tenant SLUG] [--anchors FOLDER] [--json] [settings]\n"
        + "Settings are those of a start, such as --Portal:DataDirectory=DIRECTORY. Nothing was done.";

    /// <summary>Whether something else than serving is asked for. A misspelt verb is, too: a script that meant a backup must not get a server.</summary>
    public static bool AreAsked(string[] args) => args is [not "serve" and var first, ..] && !first.StartsWith('-');

    /// <param name="output">For what a script reads.</param>
    /// <param name="messages">For a person.</param>
    /// <returns>The process' exit code: 0 when it is done, 2 when the command line cannot be read, else 1.</returns>
    /// <exception cref="StartRefusedException">A setting is wrong, a file is missing, or the portal runs.</exception>
    public static Task<int> RunAsync(string[] args, TextWriter output, TextWriter messages, TimeProvider time) =>
        args switch
        {
            ["tenant" or "apikey", ..] => CreateAsync(args, output, messages, time),
            ["verify-audit", .. var own] => VerifyAuditAsync(own, output, messages, time),
            ["migrate", .. var own] => MigrateAsync(own, output, messages, time),
            ["backup", .. var own] => BackupAsync(own, output, messages, time),
            ["restore", .. var own] => RestoreAsync(own, output, messages, time),
            _ => MisuseAsync(messages),
        };

    private static async Task<int> MisuseAsync(TextWriter messages)
    {
        await messages.WriteLineAsync(Usage);
        return Misused;
    }

    /// <summary>What was done, to a script or to a person.</summary>
    private static async Task<int> DoneAsync(VerbOptions options, object shape, string sentence, TextWriter output)
    {
        await output.WriteLineAsync(
            options.Has(Json) ? JsonSerializer.Serialize(shape, shape.GetType(), ApiJson.Options) : sentence
        );
        return 0;
    }

    /// <summary>What a start does with the database, without starting: for an update that is to be tried first.</summary>
    private static async Task<int> MigrateAsync(
        string[] args,
        TextWriter output,
        TextWriter messages,
        TimeProvider time
    )
    {
        if (VerbOptions.Read(args, [], [Json]) is not { } options)
        {
            return await MisuseAsync(messages);
        }

        var settings = Read(options.Settings);
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

        return await DoneAsync(options, new MigratedShape(UpToDate: true), "The database is up to date.", output);
    }

    private static async Task<int> BackupAsync(string[] args, TextWriter output, TextWriter messages, TimeProvider time)
    {
        if (VerbOptions.Read(args, [To], [Json]) is not { } options)
        {
            return await MisuseAsync(messages);
        }

        var settings = Read(options.Settings);
        if (settings.Portal.Database == DatabaseProvider.PostgreSql)
        {
            throw new StartRefusedException(BackupElsewhere, Misused);
        }

        if (options.Value(To) is not { } file)
        {
            return await MisuseAsync(messages);
        }

        var (target, now) = (Path.GetFullPath(file), time.GetUtcNow());
        Backup(settings.Portal, target, now);
        return await DoneAsync(
            options,
            new BackupShape(target, now),
            $"The database as it was at {now:u} is in {target}. It holds addresses and secrets: keep it where only you can read it.",
            output
        );
    }

    private static void Backup(PortalOptions portal, string target, DateTimeOffset now)
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

    private static PortalSettings Read(string[] args)
    {
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { Args = args, ContentRootPath = PortalApplication.ContentRoot(args) }
        );
        return PortalHosting.ReadSettings(builder);
    }

    private sealed record MigratedShape(bool UpToDate);

    private sealed record BackupShape(string File, DateTimeOffset TakenAt);
}
