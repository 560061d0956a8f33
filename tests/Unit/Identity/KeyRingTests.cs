using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using AdminPortal.Hosting;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.OutgoingEvents;
using Ledgerpost.Senders;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Hosting;
using UnitTests.Support;

namespace UnitTests.Identity;

/// <summary>What is encrypted in the database cannot be opened with the database alone.</summary>
public sealed partial class KeyRingTests
{
    private const string Canary = "re_canary_at_rest_1234";

    private static readonly Guid Tenant = Guid.Parse("11111111-1111-1111-1111-111111111111");

    [Fact]
    public async Task Secrets_WithTheDatabaseAlone_CannotBeOpened()
    {
        await using var host = await RealHost.StartAsync();
        var key = host.Get<ProviderSecrets>().Protect(Tenant, Canary);
        var authenticator = host.Get<AuthenticatorSecrets>().Protect(Canary);
        var signing = host.Get<EndpointSecrets>().Protect(Canary);
        var db = host.Get<PortalDb>();

        var withIt = Protection(db, TestDatabase.AuditKeys);
        var alone = Protection(db, new AuditKeys(RandomNumberGenerator.GetBytes(AuditKeys.Length)));

        Assert.Equal(Canary, new ProviderSecrets(withIt).Read(Tenant, key));
        Assert.Equal(Canary, new AuthenticatorSecrets(withIt).TryUnprotect(authenticator));
        Assert.ThrowsAny<CryptographicException>(() => new ProviderSecrets(alone).Read(Tenant, key));
        Assert.Null(new AuthenticatorSecrets(alone).TryUnprotect(authenticator));
        Assert.Equal(Canary, Signing(withIt).Unprotect(signing));
        Assert.ThrowsAny<CryptographicException>(() => Signing(alone).Unprotect(signing));
        // Nor is the ring there in a form that needs no key at all.
        Assert.All(await RingAsync(db), xml => Assert.DoesNotContain("masterKey", xml, StringComparison.Ordinal));

        static IDataProtector Signing(IDataProtectionProvider protection) =>
            protection.CreateProtector("Ledgerpost.OutgoingEvents.Secret");
    }

    [Fact]
    public async Task Start_WithoutTheAuditKeyOfItsSecrets_IsRefused_SaysWhereItWas_AndChangesNothing()
    {
        var folder = RealHost.NewFolder();
        var (file, elsewhere) = (Path.Combine(folder, "audit.key"), Path.Combine(folder, "elsewhere.key"));
        string kept;
        await using (var host = await StartAsync(folder))
        {
            kept = host.Get<ProviderSecrets>().Protect(Tenant, Canary);
        }

        File.Move(file, elsewhere);
        var lost = await Assert.ThrowsAsync<StartRefusedException>(() => StartAsync(folder));
        // Nor is there a file that would look like the right one.
        Assert.False(File.Exists(file));
        var other = await Assert.ThrowsAsync<StartRefusedException>(() =>
            StartAsync(folder, $"--Audit:Key={Convert.ToBase64String(TestDatabase.AuditKey)}")
        );
        var needed = new AuditKeys(Convert.FromBase64String(await File.ReadAllTextAsync(elsewhere)));
        await using (var db = RealHost.Open(folder))
        {
            Assert.All(await RingAsync(db), xml => Assert.Contains(needed.CurrentId, xml, StringComparison.Ordinal));
        }

        Assert.Equal((1, 1), (lost.ExitCode, other.ExitCode));
        Assert.All(
            [lost.Message, other.Message],
            message =>
            {
                Assert.StartsWith(
                    "Ledgerpost cannot start: The secrets in this database",
                    message,
                    StringComparison.Ordinal
                );
                Assert.Contains($"{needed.CurrentId}, which came from {file}", message, StringComparison.Ordinal);
                Assert.Contains("Put that file back, or set Audit:Key", message, StringComparison.Ordinal);
            }
        );

        File.Move(elsewhere, file, overwrite: true);
        await using (var again = await StartAsync(folder))
        {
            Assert.Equal(Canary, again.Get<ProviderSecrets>().Read(Tenant, kept));
        }

        await using (
            await RealHost.StartAsync(
                folder,
                configure: null,
                keepFolder: false,
                "--Audit:Key=" + await File.ReadAllTextAsync(file)
            )
        )
        {
            // The same key as a setting opens the same secrets.
        }
    }

    [Fact]
    public async Task AuditKey_LostBetweenAVerbAndTheFirstStart_IsMissed_AndTheLogIsNotGoneOnWithUnderAnother()
    {
        var folder = RealHost.NewFolder();
        var file = Path.Combine(folder, "audit.key");
        var settings = await RealHost.SettingsAsync(folder);
        var made = await VerbsForScriptsTests.RunAsync(
            [.. settings, "--Audit:Key="],
            "tenant",
            "create",
            "--name=North"
        );
        Assert.Equal((0, true), (made.Exit, File.Exists(file)));
        File.Delete(file);

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => StartAsync(folder));

        Assert.Contains($"which came from {file}", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
    }

    [PostgreSqlFact]
    public async Task SecondInstance_WithADataDirectoryOfItsOwnAndNoKey_IsRefused_AndMakesNone()
    {
        var (folder, second) = (RealHost.NewFolder(), RealHost.NewFolder());
        await using var host = await StartAsync(folder);

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() =>
            StartAsync(second, [.. RealHost.OnPostgreSql(RealHost.ConnectionString(folder)), "--Audit:Key="])
        );

        Assert.Contains(
            $"which came from {Path.Combine(folder, "audit.key")}",
            refused.Message,
            StringComparison.Ordinal
        );
        Assert.False(File.Exists(Path.Combine(second, "audit.key")));
    }

    [PostgreSqlFact]
    public async Task TwoThatStartForTheFirstTimeAtOnce_UnderDifferentAuditKeys_AreOneThatGoesOn()
    {
        var database = await PostgreSqlServer.CreateAsync(migrated: true);
        var keys = Enumerable.Range(0, 2).Select(_ => RandomNumberGenerator.GetBytes(AuditKeys.Length)).ToList();

        var started = await Task.WhenAll(keys.Select(key => Task.Run(() => TryAsync(key))));

        var refused = Assert.IsType<StartRefusedException>(Assert.Single(started, one => one is not RealHost));
        var first = Assert.IsType<RealHost>(Assert.Single(started, one => one is RealHost));
        Assert.Contains(
            $"under an audit key that is not here: {IdOf(first)}",
            refused.Message,
            StringComparison.Ordinal
        );
        await first.DisposeAsync();
        // As it is at the next start.
        var (mine, others) = started[0] == first ? (keys[0], keys[1]) : (keys[1], keys[0]);
        Assert.IsType<StartRefusedException>(await TryAsync(others));
        await Assert.IsType<RealHost>(await TryAsync(mine)).DisposeAsync();
        await PostgreSqlServer.DropAsync(database);

        static string IdOf(RealHost host) => host.Get<AuditKeys>().CurrentId;

        async Task<object> TryAsync(byte[] key)
        {
            try
            {
                return await RealHost.StartAsync([
                    .. RealHost.OnPostgreSql(database),
                    $"--Audit:Key={Convert.ToBase64String(key)}",
                ]);
            }
            catch (StartRefusedException exception)
            {
                return exception;
            }
        }
    }

    [Fact]
    public async Task Ring_ThatAnotherHasBegunMeanwhile_UnderAnotherAuditKey_IsNotAddedTo()
    {
        await using var database = await TestDatabase.CreateAsync();
        var other = new AuditKeys(RandomNumberGenerator.GetBytes(AuditKeys.Length));
        await using var second = Open(database, other);
        _ = new ProviderSecrets(Protection(database.Db, TestDatabase.AuditKeys)).Protect(Tenant, Canary);
        var first = Assert.Single(await RingAsync(database.Db));

        // It looked before the first one wrote, and found nothing.
        Assert.Throws<DatabaseUnsafeException>(() =>
            new StoredKeys(second).StoreElement(new System.Xml.Linq.XElement("key"), "key")
        );

        Assert.Equal(first, Assert.Single(await RingAsync(database.Db)));
    }

    [Fact]
    public async Task Start_OnARingOfAnEarlierVersion_WithoutTheAuditKey_MakesNone_UntilTheRingIsGivenUp()
    {
        var folder = RealHost.NewFolder();
        var file = Path.Combine(folder, "audit.key");
        await (await StartAsync(folder)).DisposeAsync();
        File.Delete(file);
        await using (var db = RealHost.Open(folder))
        {
            await EmptyAsync(db);
            _ = InTheOpen(db);
        }

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => StartAsync(folder));

        Assert.Contains($"{file} is not there. Put that file back", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
        await using (var db = RealHost.Open(folder))
        {
            await EmptyAsync(db);
        }

        await using var again = await RealHost.StartAsync(folder, configure: null, keepFolder: false, "--Audit:Key=");
        Assert.Equal(again.Get<AuditKeys>().CurrentId, KeyIn(file).CurrentId);

        static AuditKeys KeyIn(string path) => new(Convert.FromBase64String(File.ReadAllText(path)));

        static Task EmptyAsync(PortalDb db) =>
            db.WriteAsync(
                TenantScope.Installation,
                (context, token) => context.DataProtectionKeys.ExecuteDeleteAsync(token),
                CancellationToken.None
            );
    }

    [Fact]
    public async Task RingOfAnEarlierVersion_CanBeRead_AndIsEncryptedAtTheStart_AndNothingOfItIsLeft()
    {
        await using var database = await TestDatabase.CreateAsync();
        var kept = InTheOpen(database.Db);
        var open = Assert.Single(await RingAsync(database.Db));
        var master = MasterKey().Match(open).Groups["key"].Value;
        Assert.NotEmpty(master);

        await database.Db.MigrateAsync(CancellationToken.None);
        var encrypted = Assert.Single(await RingAsync(database.Db));
        await database.Db.MigrateAsync(CancellationToken.None);

        Assert.DoesNotContain(master, encrypted, StringComparison.Ordinal);
        Assert.Equal(encrypted, Assert.Single(await RingAsync(database.Db)));
        Assert.Equal(Canary, new ProviderSecrets(Protection(database.Db, TestDatabase.AuditKeys)).Read(Tenant, kept));
        if (!PostgreSqlServer.IsChosen)
        {
            foreach (var file in Directory.GetFiles(database.Folder))
            {
                var bytes = Encoding.Latin1.GetString(await ReadAsync(file));
                Assert.DoesNotContain(master, bytes, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Ring_UnderAFormerAuditKey_IsWrittenUnderTheFirstOne_WhichIsAllThatIsNeededThen()
    {
        await using var database = await TestDatabase.CreateAsync();
        var next = RandomNumberGenerator.GetBytes(AuditKeys.Length);
        var kept = new ProviderSecrets(Protection(database.Db, TestDatabase.AuditKeys)).Protect(Tenant, Canary);

        await using (var alone = Open(database, new AuditKeys(next)))
        {
            await Assert.ThrowsAsync<DatabaseUnsafeException>(() => alone.MigrateAsync(CancellationToken.None));
        }

        await using (var both = Open(database, new AuditKeys(next, TestDatabase.AuditKey)))
        {
            await both.MigrateAsync(CancellationToken.None);
        }

        await using (var alone = Open(database, new AuditKeys(next)))
        {
            await alone.MigrateAsync(CancellationToken.None);
        }

        Assert.Equal(Canary, new ProviderSecrets(Protection(database.Db, new AuditKeys(next))).Read(Tenant, kept));
    }

    [Theory]
    [InlineData("no XML at all")]
    [InlineData("<key><descriptor")]
    [InlineData("""<key><encryptedSecret xmlns="http://schemas.asp.net/2015/03/dataProtection" /></key>""")]
    [InlineData(
        """<key xmlns:p="http://schemas.asp.net/2015/03/dataProtection"><secret p:requiresEncryption="perhaps" /></key>"""
    )]
    public async Task Ring_ThatIsDamaged_IsARefusedStart_ThatSaysWhatToDo(string xml)
    {
        await using var database = await TestDatabase.CreateAsync();
        _ = new ProviderSecrets(Protection(database.Db, TestDatabase.AuditKeys)).Protect(Tenant, Canary);
        await SetRingAsync(database.Db, _ => xml);

        var refused = await Assert.ThrowsAsync<DatabaseUnsafeException>(() =>
            database.Db.MigrateAsync(CancellationToken.None)
        );

        Assert.Contains("is damaged", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Restore a backup", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secret_OfTheRing_ThatIsNoBase64_IsARefusedStart()
    {
        await using var database = await TestDatabase.CreateAsync();
        _ = new ProviderSecrets(Protection(database.Db, TestDatabase.AuditKeys)).Protect(Tenant, Canary);
        await SetRingAsync(database.Db, xml => xml.Replace("</sealed>", "*</sealed>", StringComparison.Ordinal));

        var refused = await Assert.ThrowsAsync<DatabaseUnsafeException>(() =>
            database.Db.MigrateAsync(CancellationToken.None)
        );

        Assert.Contains("is damaged", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Key_OfTheRing_IsNotTheOneThatSealsTheLog()
    {
        var keys = TestDatabase.AuditKeys;

        var derived = keys.Derive(keys.CurrentId, "one")!;

        Assert.NotEqual(TestDatabase.AuditKey, derived);
        Assert.NotEqual(keys.Derive(keys.CurrentId, "another"), derived);
        Assert.Null(keys.Derive("unknown", "one"));
    }

    /// <summary>As the portal has it, with this audit key.</summary>
    private static IDataProtectionProvider Protection(PortalDb db, AuditKeys keys)
    {
        var services = new ServiceCollection();
        var seal = new KeyRingSeal(keys);
        services.AddSingleton(seal);
        services.AddDataProtection().SetApplicationName("Ledgerpost");
        services.Configure<KeyManagementOptions>(options =>
            (options.XmlRepository, options.XmlEncryptor) = (new StoredKeys(db), seal)
        );
        return services.BuildServiceProvider().GetRequiredService<IDataProtectionProvider>();
    }

    private static PortalDb Open(TestDatabase database, AuditKeys keys) =>
        new(database.ConnectionString, database.Time, database.Ids, keys, provider: TestDatabase.Provider);

    /// <summary>With the key in its file, as where no setting names one.</summary>
    private static Task<RealHost> StartAsync(string folder, string audit = "--Audit:Key=") =>
        StartAsync(folder, [audit]);

    private static Task<RealHost> StartAsync(string folder, string[] settings) =>
        RealHost.StartAsync(folder, configure: null, keepFolder: true, settings);

    /// <summary>As it was before: the keys stand in the table as the key manager made them.</summary>
    /// <returns>A secret under them.</returns>
    private static string InTheOpen(PortalDb db)
    {
        var before = new ServiceCollection();
        before.AddDataProtection().SetApplicationName("Ledgerpost");
        before.Configure<KeyManagementOptions>(options => options.XmlRepository = new StoredKeys(db));
        var protection = before.BuildServiceProvider().GetRequiredService<IDataProtectionProvider>();
        return new ProviderSecrets(protection).Protect(Tenant, Canary);
    }

    private static Task SetRingAsync(PortalDb db, Func<string, string> change) =>
        db.WriteAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                foreach (var key in await context.DataProtectionKeys.ToListAsync(token))
                {
                    key.Xml = change(key.Xml);
                }
            },
            CancellationToken.None
        );

    private static async Task<List<string>> RingAsync(PortalDb db)
    {
        await using var context = db.Read(TenantScope.Installation);
        return await context.DataProtectionKeys.OrderBy(key => key.Id).Select(key => key.Xml).ToListAsync();
    }

    private static async Task<byte[]> ReadAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    [GeneratedRegex("<value>(?<key>[A-Za-z0-9+/=]{40,})</value>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MasterKey();
}
