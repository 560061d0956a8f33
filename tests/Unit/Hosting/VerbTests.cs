using AdminPortal.Hosting;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using ResendEmulator.Faults;
using UnitTests.Support;

namespace UnitTests.Hosting;

/// <summary>The binary's <c>backup</c> and <c>restore</c>, on the real host and its files.</summary>
public sealed class VerbTests
{
    [SqliteFact]
    public async Task Backup_OfARunningPortal_RestoredLater_StartsPaused_AndMailsNobodyAgain()
    {
        var folder = RealHost.NewFolder();
        var file = Path.Combine(folder, "backup.db");
        TenantScope scope;
        Guid id;
        await using (
            var host = await RealHost.StartAsync(folder, configure: null, keepFolder: true, "--Demo:Seed=true")
        )
        {
            await using (var db = host.Get<PortalDb>().Read(TenantScope.Installation))
            {
                var campaign = await db.Campaigns.SingleAsync(c => c.Status == CampaignStatus.Partial);
                (scope, id) = (TenantScope.For(campaign.TenantId), campaign.Id);
            }

            await RunAsync(folder, "backup", "--to", file);
            await host.Get<PortalDb>()
                .WriteAsync(
                    scope,
                    (db, token) =>
                        Suppress.AddAsync(
                            db,
                            scope.TenantId,
                            "left@example.net",
                            SuppressionReason.Unsubscribed,
                            null,
                            TimeProvider.System.GetUtcNow(),
                            host.Get<PortalDb>().Ids,
                            token
                        ),
                    CancellationToken.None
                );
            var refused = await Assert.ThrowsAsync<StartRefusedException>(() =>
                RunAsync(folder, "restore", "--from", file)
            );
            Assert.Contains("needs the portal stopped", refused.Message, StringComparison.Ordinal);
        }

        var said = await RunAsync(folder, "restore", "--from", file);
        Assert.Contains("all sending is paused", said, StringComparison.Ordinal);
        Assert.Contains("1 unsubscribed", said, StringComparison.Ordinal);

        await using (
            var host = await RealHost.StartAsync(folder, configure: null, keepFolder: true, "--Demo:Seed=true")
        )
        {
            await using var db = host.Get<PortalDb>().Read(TenantScope.Installation);
            var installation = await db.Installation.SingleAsync();
            Assert.Equal(HoldReason.Restored, installation.Hold);
            Assert.NotNull(installation.BackedUpAt);
            Assert.True(installation.Epoch > 1);
            Assert.True(await db.SuppressedAddresses.AnyAsync(row => row.NormalizedEmail == "left@example.net"));
            Assert.False(await db.Recipients.AnyAsync(r => r.CampaignId == id && r.State == RecipientState.Pending));
            Assert.True(await db.Recipients.AnyAsync(r => r.CampaignId == id && r.State == RecipientState.Unknown));

            var notice = Assert.Single(
                await host.Get<AdminPortal.Tenancy.InstallationNotices>().ReadAsync(CancellationToken.None)
            );
            Assert.Contains("a backup was restored", notice, StringComparison.Ordinal);
        }

        Directory.Delete(folder, recursive: true);
    }

    [SqliteFact]
    public async Task OlderDatabasePutInPlaceByHand_IsNoticedByTheFileBesideIt()
    {
        var folder = RealHost.NewFolder();
        var file = Path.Combine(folder, "backup.db");
        await using (var host = await RealHost.StartAsync(folder, configure: null, keepFolder: true))
        {
            await RunAsync(folder, "backup", "--to", file);
        }

        foreach (var part in (string[])["", "-wal", "-shm"])
        {
            File.Delete(Path.Combine(folder, "portal.db" + part));
        }

        File.Copy(file, Path.Combine(folder, "portal.db"));
        await using (var host = await RealHost.StartAsync(folder, configure: null, keepFolder: true))
        {
            await using var db = host.Get<PortalDb>().Read(TenantScope.None);
            Assert.Equal(HoldReason.RolledBack, (await db.Installation.SingleAsync()).Hold);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Restore_OfSomethingElse_ChangesNothing()
    {
        var folder = RealHost.NewFolder();
        var file = Path.Combine(folder, "letter.txt");
        await File.WriteAllTextAsync(file, "Not a database.");
        await File.WriteAllTextAsync(Path.Combine(folder, "portal.db"), "untouched");

        await Assert.ThrowsAsync<StartRefusedException>(() => RunAsync(folder, "restore", "--from", file));

        Assert.Equal("untouched", await File.ReadAllTextAsync(Path.Combine(folder, "portal.db")));
        Directory.Delete(folder, recursive: true);
    }

    [SqliteFact]
    public async Task Restore_OfABackupUnderAnotherAuditKey_IsRefused_AndChangesNothing()
    {
        var (folder, elsewhere) = (RealHost.NewFolder(), RealHost.NewFolder());
        var file = Path.Combine(folder, "backup.db");
        await using (await RealHost.StartAsync(folder, configure: null, keepFolder: true))
        {
            await RunAsync(folder, "backup", "--to", file);
        }

        await File.WriteAllTextAsync(Path.Combine(elsewhere, "portal.db"), "untouched");
        var refused = await Assert.ThrowsAsync<StartRefusedException>(() =>
            RunAsync(elsewhere, "restore", "--from", file, "--Audit:Key=")
        );

        Assert.Contains("was not restored, and nothing was changed", refused.Message, StringComparison.Ordinal);
        Assert.Contains("which came from Audit:Key", refused.Message, StringComparison.Ordinal);
        Assert.Equal("untouched", await File.ReadAllTextAsync(Path.Combine(elsewhere, "portal.db")));
        Directory.Delete(folder, recursive: true);
        Directory.Delete(elsewhere, recursive: true);
    }

    private static async Task<string> RunAsync(
        string folder,
        string verb,
        string option,
        string file,
        params string[] settings
    )
    {
        await using var output = new StringWriter();
        var exit = await Verbs.RunAsync(
            [
                verb,
                option,
                file,
                $"--contentRoot={RealHost.ContentRoot()}",
                "--environment=Development",
                $"--Portal:DataDirectory={folder}",
                $"--Audit:Key={Convert.ToBase64String(TestDatabase.AuditKey)}",
                .. settings,
            ],
            output,
            TextWriter.Null,
            TimeProvider.System
        );
        Assert.Equal(0, exit);
        return output.ToString();
    }
}
