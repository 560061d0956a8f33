using System.Text.Json;
using AdminPortal.Hosting;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using UnitTests.Support;

namespace UnitTests.Hosting;

/// <summary><c>verify-audit</c> beside a portal that runs.</summary>
public sealed class VerifyAuditTests
{
    [Fact]
    public async Task Verb_BesideThePortal_SaysThatAllIsWhole_OrNamesTheFirstBadEntry()
    {
        await using var host = await RealHost.StartAsync();
        await host.Get<CreateTenant>()
            .ExecuteAsync(Actor.CommandLine, new TenantInput("North", "north"), null, CancellationToken.None);
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
        var log = found
            .GetProperty("logs")
            .EnumerateArray()
            .Single(each => each.GetProperty("tenant").GetString() == "north");
        Assert.Equal(
            (1, "not_sealed", 2),
            (
                log.GetProperty("entries").GetInt32(),
                log.GetProperty("fault").GetString(),
                log.GetProperty("fault_at").GetInt32()
            )
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
                        new Ledgerpost.Audit.AuditEntry
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
