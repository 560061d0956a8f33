using System.Text.Json;
using AdminPortal.Api;
using Ledgerpost;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace AdminPortal.Hosting;

/// <summary><c>verify-audit</c>: looks through the audit logs, also beside a portal that runs; it writes nothing.</summary>
public static partial class Verbs
{
    private const string Installation = "the installation";

    private const string VerifyUsage =
        "Usage:\n  AdminPortal verify-audit [--tenant SLUG] [--anchors FOLDER] [--json] [settings]\n"
        + "Without --tenant, the installation's own log and every tenant's. FOLDER holds anchors that were kept elsewhere, as *.jsonl. Exit code 0 when all are whole, 1 when one is not.";

    private static async Task<int> VerifyAuditAsync(
        string[] args,
        TextWriter output,
        TextWriter messages,
        TimeProvider time
    )
    {
        if (VerbOptions.Read(args[1..], ["--tenant", "--anchors"], [Json]) is not { } options)
        {
            await messages.WriteLineAsync(VerifyUsage);
            return Misused;
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
            logs = await VerifyAsync(
                db,
                new VerifyAuditLog(
                    db,
                    keys,
                    options.Value("--anchors") is { } kept
                        ? new AuditAnchorFiles(kept)
                        : PortalHosting.AnchorFiles(settings.Portal)
                ),
                options.Value("--tenant")
            );
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

    private static async Task<List<VerifiedLogShape>> VerifyAsync(PortalDb db, VerifyAuditLog verify, string? slug)
    {
        List<(string Name, TenantScope Scope)> logs = slug is null ? [(Installation, TenantScope.Installation)] : [];
        await using (var context = db.Read(TenantScope.Installation))
        {
            logs.AddRange(
                (
                    await context
                        .Tenants.Where(tenant => slug == null || tenant.Slug == slug)
                        .OrderBy(tenant => tenant.Slug)
                        .Select(tenant => new { tenant.Slug, tenant.Id })
                        .ToListAsync()
                ).Select(tenant => (tenant.Slug, TenantScope.For(tenant.Id)))
            );
            if (slug is null)
            {
                // Nothing is deleted from a log, also not with its tenant.
                logs.AddRange(
                    (await ErasedEntries.OfDeletedTenants(context).ToListAsync()).Select(entry =>
                        ($"{entry.TargetName} (deleted)", TenantScope.For(Guid.Parse(entry.TargetId)))
                    )
                );
            }
        }

        var verified = new List<VerifiedLogShape>();
        foreach (var (name, scope) in logs)
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

    /// <param name="Tenant">Its slug, or <c>the installation</c>.</param>
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
