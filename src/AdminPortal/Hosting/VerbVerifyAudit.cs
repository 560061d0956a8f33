using System.Text.Json;
using AdminPortal.Api;
using Ledgerpost;
using Ledgerpost.Audit;
using Ledgerpost.Data;

namespace AdminPortal.Hosting;

/// <summary><c>verify-audit</c>: looks through the audit logs, also beside a portal that runs; it writes nothing.</summary>
public static partial class Verbs
{
    private static async Task<int> VerifyAuditAsync(
        string[] args,
        TextWriter output,
        TextWriter messages,
        TimeProvider time
    )
    {
        if (VerbOptions.Read(args, ["--tenant", "--anchors"], [Json]) is not { } options)
        {
            return await MisuseAsync(messages);
        }

        var settings = Read(options.Settings);
        var keys = Keys(settings, mayMake: false);
        await using var db = new PortalDb(
            settings.Portal.ConnectionString,
            time,
            new Version7Ids(time),
            keys,
            provider: settings.Portal.Database
        );
        List<VerifiedLogShape> logs;
        try
        {
            var anchors = options.Value("--anchors") is { } kept
                ? new AuditAnchorFiles(kept)
                : PortalHosting.AnchorFiles(settings.Portal);
            logs = await VerifyAsync(db, keys, anchors, options.Value("--tenant"));
        }
        catch (Exception exception)
            when (exception is Microsoft.Data.Sqlite.SqliteException
                || StorageFailures.OfPostgreSql(exception) is not null
            )
        {
            throw new StartRefusedException($"The audit log cannot be read: {exception.GetBaseException().Message}");
        }

        if (logs.Count == 0)
        {
            await messages.WriteLineAsync($"There is no tenant with the slug \u201c{options.Value("--tenant")}\u201d.");
            return Wrong;
        }

        var whole = logs.TrueForAll(log => log.Fault is null);
        if (options.Has(Json))
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(new VerifiedLogsShape(whole, logs), ApiJson.Options));
        }
        else
        {
            foreach (var log in logs)
            {
                await output.WriteLineAsync(
                    FormattableString.Invariant(
                        $"{log.Tenant}: {log.Problem ?? "whole."} {log.Entries} entries verified, the end anchored up to {log.AnchoredTo}."
                    )
                );
            }
        }

        return whole ? 0 : Wrong;
    }

    private static async Task<List<VerifiedLogShape>> VerifyAsync(
        PortalDb db,
        AuditKeys keys,
        AuditAnchorFiles anchors,
        string? slug
    )
    {
        var verify = new VerifyAuditLog(db, keys, anchors);
        var verified = new List<VerifiedLogShape>();
        var logs = await AuditLogs.ReadAsync(db, keys, anchors, CancellationToken.None);
        foreach (var (name, scope) in logs.Where(log => slug is null || log.Name == slug))
        {
            var verdict = await verify.ExecuteAsync(scope, CancellationToken.None);
            verified.Add(
                new VerifiedLogShape(
                    name,
                    verdict.Entries,
                    verdict.Anchor?.Sequence ?? 0,
                    verdict.Fault,
                    verdict.FaultAt,
                    AuditFaultWords.Sentence(verdict)
                )
            );
        }

        return verified;
    }

    private sealed record VerifiedLogsShape(bool Whole, IReadOnlyList<VerifiedLogShape> Logs);

    /// <param name="Tenant">Its slug, <c>the installation</c>, or of what is gone the name or id that is left.</param>
    /// <param name="Entries">How many are as they were written, from the first one on.</param>
    /// <param name="AnchoredTo">Up to here a log that was cut off would be noticed.</param>
    private sealed record VerifiedLogShape(
        string Tenant,
        long Entries,
        long AnchoredTo,
        AuditFault? Fault,
        long? FaultAt,
        string? Problem
    );
}
