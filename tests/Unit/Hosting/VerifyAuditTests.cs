using System.Text.Json;
using AdminPortal.Hosting;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Hosting;

/// <summary><c>verify-audit</c> beside a portal that runs.</summary>
public sealed class VerifyAuditTests
{
    [Fact]
    public async Task Verb_BesideThePortal_SaysThatAllIsWhole_OrNamesTheFirstBadEntry()
    {
        await using var host = await RealHost.StartAsync();
        await MakeAsync(host, "north");
        var settings = await RealHost.SettingsAsync(host.Folder);

        var whole = await VerbsForScriptsTests.RunAsync(settings, "verify-audit", "--json");
        var one = await VerbsForScriptsTests.RunAsync(settings, "verify-audit", "--tenant", "north");
        var nobody = await VerbsForScriptsTests.RunAsync(settings, "verify-audit", "--tenant=nowhere");
        var misused = await VerbsForScriptsTests.RunAsync(settings, "verify-audit", "everything");
        await PutAsync(host);
        var broken = await VerbsForScriptsTests.RunAsync(settings, "verify-audit", "--json");

        Assert.Equal((0, 0, 1, 2, 1), (whole.Exit, one.Exit, nobody.Exit, misused.Exit, broken.Exit));
        Assert.True(JsonDocument.Parse(whole.Output).RootElement.GetProperty("whole").GetBoolean());
        Assert.StartsWith("north: whole. 1 entries verified", one.Output, StringComparison.Ordinal);
        var found = JsonDocument.Parse(broken.Output).RootElement;
        Assert.False(found.GetProperty("whole").GetBoolean());
        var log = Of([.. found.GetProperty("logs").EnumerateArray()], "north");
        Assert.Equal((1, "not_sealed", 2), (log.Entries, log.Fault, log.FaultAt));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Log_ReplacedByForgedEntries_IsNotSealedByTheNextStart(bool everyLog)
    {
        var folder = RealHost.NewFolder();
        await using (var host = await RealHost.StartAsync(folder, configure: null, keepFolder: true))
        {
            await MakeAsync(host, "north");
            await MakeAsync(host, "south");
            var portal = host.Get<PortalDb>();
            await ForgedLog.DropTriggersAsync(portal, host.Get<PortalOptions>().ConnectionString);
            foreach (var scope in await ScopesAsync(portal, everyLog))
            {
                var log = ForgedLog.Unsealed(await ForgedLog.ReadAsync(portal, scope));
                ForgedLog.Set(log[0], nameof(AuditEntry.ActorName), "Mallory");
                await ForgedLog.ReplaceAsync(portal, scope, log);
            }
        }

        await using var next = await RealHost.StartAsync(folder, configure: null, keepFolder: false);
        await next.Get<AnchorAuditLogs>().ExecuteAsync(CancellationToken.None);
        var logs = await VerifyAsync(next, exit: 1);

        Assert.Equal((0, "not_sealed", 1, 0), Of(logs, "north"));
        Assert.Equal(everyLog ? "not_sealed" : null, Of(logs, "south").Fault);
    }

    [Fact]
    public async Task WholeLog_CutOffWithItsTenant_IsMissed_BecauseItsAnchorNamesIt_UntilABackupIsRestored()
    {
        await using var host = await RealHost.StartAsync();
        await MakeAsync(host, "north");
        var portal = host.Get<PortalDb>();
        var anchors = host.Get<AnchorAuditLogs>();
        await anchors.ExecuteAsync(CancellationToken.None);
        await ForgedLog.DropTriggersAsync(portal, host.Get<PortalOptions>().ConnectionString);
        var north = Assert.Single(await ScopesAsync(portal, everyLog: false));
        await ForgedLog.ReplaceAsync(portal, north, []);
        await portal.WriteAsync(
            TenantScope.Installation,
            (db, token) => db.Tenants.Where(tenant => tenant.Id == north.TenantId).ExecuteDeleteAsync(token),
            CancellationToken.None
        );

        await anchors.ExecuteAsync(CancellationToken.None);
        var gone = await VerifyAsync(host, exit: 1);
        await anchors.AfterRestoreAsync(CancellationToken.None);
        var restored = await VerifyAsync(host, exit: 0);

        Assert.Equal((0, "cut_off", 1, 1), Of(gone, $"{north.TenantId} (gone)"));
        Assert.Equal(1, portal.Safety.CountOf(SafetyMechanism.AuditLogBroken));
        Assert.Equal(["the installation"], restored.Select(log => log.GetProperty("tenant").GetString()));
    }

    private static Task MakeAsync(RealHost host, string slug) =>
        host.Get<CreateTenant>()
            .ExecuteAsync(Actor.CommandLine, new TenantInput(slug, slug), null, CancellationToken.None);

    /// <summary>North's log, or every one.</summary>
    private static async Task<List<TenantScope>> ScopesAsync(PortalDb portal, bool everyLog)
    {
        await using var db = portal.Read(TenantScope.Installation);
        var tenants = await db
            .Tenants.Where(tenant => everyLog || tenant.Slug == "north")
            .Select(tenant => tenant.Id)
            .ToListAsync();
        return [.. tenants.Select(TenantScope.For), .. everyLog ? [TenantScope.Installation] : (TenantScope[])[]];
    }

    private static async Task<List<JsonElement>> VerifyAsync(RealHost host, int exit)
    {
        var settings = await RealHost.SettingsAsync(host.Folder);
        var said = await VerbsForScriptsTests.RunAsync(settings, "verify-audit", "--json");
        Assert.Equal(exit, said.Exit);
        return [.. JsonDocument.Parse(said.Output).RootElement.GetProperty("logs").EnumerateArray()];
    }

    private static (int Entries, string? Fault, int? FaultAt, int AnchoredTo) Of(List<JsonElement> logs, string name)
    {
        var log = logs.Single(each => each.GetProperty("tenant").GetString() == name);
        return (
            log.GetProperty("entries").GetInt32(),
            log.GetProperty("fault").GetString(),
            log.GetProperty("fault_at").ValueKind == JsonValueKind.Null ? null : log.GetProperty("fault_at").GetInt32(),
            log.GetProperty("anchored_to").GetInt32()
        );
    }

    /// <summary>An entry that the portal did not write.</summary>
    private static Task PutAsync(RealHost host) =>
        host.Get<PortalDb>()
            .WriteAsync(
                TenantScope.Installation,
                (db, _) =>
                {
                    var tenant = db.Tenants.Single(row => row.Slug == "north");
                    db.AuditEntries.Add(
                        new AuditEntry
                        {
                            TenantId = tenant.Id,
                            Sequence = 2,
                            At = host.Get<TimeProvider>().GetUtcNow(),
                            ActorKind = ActorKind.System,
                            ActorName = "Nobody",
                            Action = "tenant.changed",
                            TargetKind = "tenant",
                            TargetId = $"{tenant.Id}",
                            TargetName = "North",
                        }
                    );
                    return Task.CompletedTask;
                },
                CancellationToken.None
            );
}
