using System.Text.Json;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Data.Sqlite;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;
using static UnitTests.Hosting.VerbsForScriptsTests;

namespace UnitTests.Hosting;

/// <summary>A restore that was killed before it took anything over, and is asked for once more.</summary>
public sealed class CutOffRestoreTests
{
    [SqliteFact]
    public Task KilledWithTheBackupInPlace_TheNextTakesOverWhoLeftSince() => RestoreAgainAsync(betweenFiles: false);

    [SqliteFact]
    public Task KilledBetweenTheDatabaseAndItsLog_TheNextTakesOverWhoLeftSince() =>
        RestoreAgainAsync(betweenFiles: true);

    [SqliteFact]
    public async Task WhoWasErasedSinceAnEarlierRestore_DoesNotComeBackOutOfIt()
    {
        var folder = RealHost.NewFolder();
        var (portal, backup) = (Path.Combine(folder, "portal.db"), Path.Combine(folder, "backup.db"));
        var settings = await RealHost.SettingsAsync(folder);
        await RunAsync(settings, "tenant", "create", "--name", "East");
        await RunAsync(settings, "backup", "--to", backup);
        await SayNoTimeAsync(backup);
        var aside = $"{portal}.before-restore-{DateTime.UtcNow.AddHours(-1):yyyyMMddHHmmss}";
        await using (var db = RealHost.Open(folder))
        {
            await UnsubscribeAsync(db);
            File.Copy(portal, aside);
            File.Copy(portal + "-wal", aside + "-wal");
            await EraseAsync(db);
        }

        await RunAsync(settings, "restore", "--from", backup);

        await using (var db = RealHost.Open(folder))
        {
            await using var context = db.Read(TenantScope.Installation);
            Assert.StartsWith(
                AddressHashes.Prefix,
                (await context.SuppressedAddresses.SingleAsync()).NormalizedEmail,
                StringComparison.Ordinal
            );
        }

        Directory.Delete(folder, recursive: true);
    }

    [SqliteFact]
    public async Task TwoRestores_InOneSecond_PutAsideTwoDatabases()
    {
        var folder = RealHost.NewFolder();
        var (portal, backup) = (Path.Combine(folder, "portal.db"), Path.Combine(folder, "backup.db"));
        var now = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        await File.WriteAllTextAsync(backup, "backup");
        foreach (var before in (string[])["first", "second"])
        {
            await File.WriteAllTextAsync(portal, before);
            DatabaseFile.Replace(DatabaseFile.Of(portal), backup, null, now);
        }

        Assert.Equal("first", await File.ReadAllTextAsync(portal + ".before-restore-20260102030405"));
        Assert.Equal("second", await File.ReadAllTextAsync(portal + ".before-restore-20260102030406"));
        Directory.Delete(folder, recursive: true);
    }

    // Then all that lie aside are newer.
    private static async Task SayNoTimeAsync(string backup)
    {
        await using var connection = new SqliteConnection($"Data Source={backup};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "UPDATE \"Installation\" SET \"BackedUpAt\" = NULL";
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>What an erasure leaves of them.</summary>
    private static Task EraseAsync(PortalDb db) =>
        db.WriteAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                var tenant = (await context.Tenants.SingleAsync(token)).Id;
                var form = ErasedPeople.Form(await AddressHashes.OfAsync(context, token), tenant, "left@example.net");
                await context.SuppressedAddresses.ExecuteUpdateAsync(
                    set => set.SetProperty(row => row.NormalizedEmail, form),
                    token
                );
            },
            CancellationToken.None
        );

    private static async Task RestoreAgainAsync(bool betweenFiles)
    {
        var folder = RealHost.NewFolder();
        var (portal, backup) = (Path.Combine(folder, "portal.db"), Path.Combine(folder, "backup.db"));
        var settings = await RealHost.SettingsAsync(folder);
        await RunAsync(settings, "tenant", "create", "--name", "East");
        await RunAsync(settings, "backup", "--to", backup);
        // Later than any name that the next restore gives.
        var aside = $"{portal}.before-restore-{DateTime.UtcNow.AddHours(1):yyyyMMddHHmmss}";
        var log = Path.Combine(folder, "log");
        await using (var db = RealHost.Open(folder))
        {
            await UnsubscribeAsync(db);
            // Whoever closes it puts the log back into the file; a killed portal has not.
            File.Copy(portal, aside);
            File.Copy(portal + "-wal", log);
        }

        File.Delete(portal);
        File.Move(log, (betweenFiles ? portal : aside) + "-wal");
        if (!betweenFiles)
        {
            File.Copy(backup, portal);
        }

        var restore = await RunAsync(settings, "restore", "--from", backup, "--json");

        Assert.Equal((0, ""), (restore.Exit, restore.Messages));
        Assert.Equal(1, JsonDocument.Parse(restore.Output).RootElement.GetProperty("taken_over").GetInt32());
        await using (var db = RealHost.Open(folder))
        {
            await using var context = db.Read(TenantScope.Installation);
            Assert.Equal("left@example.net", (await context.SuppressedAddresses.SingleAsync()).NormalizedEmail);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task UnsubscribeAsync(PortalDb db)
    {
        Guid tenant;
        await using (var context = db.Read(TenantScope.Installation))
        {
            tenant = (await context.Tenants.SingleAsync()).Id;
        }

        await db.WriteAsync(
            TenantScope.For(tenant),
            (context, token) =>
                Suppress.AddAsync(
                    context,
                    tenant,
                    "left@example.net",
                    SuppressionReason.Unsubscribed,
                    null,
                    db.Time.GetUtcNow(),
                    db.Ids,
                    token
                ),
            CancellationToken.None
        );
    }
}
