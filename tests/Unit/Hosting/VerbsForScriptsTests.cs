using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using AdminPortal;
using AdminPortal.Hosting;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using UnitTests.Support;

namespace UnitTests.Hosting;

/// <summary><c>tenant create</c> and <c>apikey create</c> as scripts use them.</summary>
public sealed class VerbsForScriptsTests
{
    [Fact]
    public async Task TenantAndKey_MadeBeforeTheFirstStart_WorkInIt_AndStandInTheLogAsTheSystems()
    {
        var folder = RealHost.NewFolder();
        var settings = await RealHost.SettingsAsync(folder);

        var tenant = await RunAsync(settings, "tenant", "create", "--name", "Ünïted Söns", "--json");
        var key = await RunAsync(settings, "apikey", "create", "--tenant", "united-sons", "--scopes=read,contacts");
        var taken = await RunAsync(settings, "tenant", "create", "--name=Others", "--slug", "united-sons");

        var made = JsonDocument.Parse(tenant.Output).RootElement;
        Assert.Equal((0, "united-sons", ""), (tenant.Exit, made.GetProperty("slug").GetString(), tenant.Messages));
        Assert.Equal(0, key.Exit);
        Assert.StartsWith("lp_", key.Output, StringComparison.Ordinal);
        Assert.Contains("read, contacts in united-sons", key.Messages, StringComparison.Ordinal);
        Assert.Equal((1, ""), (taken.Exit, taken.Output));
        Assert.Contains("--slug: Another organisation", taken.Messages, StringComparison.Ordinal);
        await using (var host = await RealHost.StartAsync(folder, configure: null, keepFolder: false))
        {
            using var program = new HttpClient();
            program.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key.Output.Trim());
            using var answer = await program.GetAsync(new Uri(host.Address + "/api/v1/contacts"));
            Assert.Equal(200, (int)answer.StatusCode);
            await using var db = host.Get<PortalDb>().Read(TenantScope.Installation);
            var tenantId = made.GetProperty("id").GetGuid();
            var entries = await db
                .AuditEntries.Where(row => row.TenantId == tenantId)
                .OrderBy(row => row.Sequence)
                .ToListAsync();
            Assert.Equal(["tenant.created", "api_key.created", "api_key.used"], entries.Select(row => row.Action));
            Assert.All(
                entries.Take(2),
                row =>
                    Assert.Equal(
                        (ActorKind.System, "The command line", Environment.UserName),
                        (row.ActorKind, row.ActorName, row.OnBehalfOf)
                    )
            );
            // Whoever made its key is for whom a program acts.
            Assert.Equal((ActorKind.Program, "The command line"), (entries[2].ActorKind, entries[2].OnBehalfOf));
        }
    }

    [Fact]
    public async Task Key_ForATenantThatIsBeingDeleted_IsRefusedAsForNone()
    {
        var folder = RealHost.NewFolder();
        var settings = await RealHost.SettingsAsync(folder);
        await RunAsync(settings, "tenant", "create", "--name=Going", "--slug=going");
        await using var host = await RealHost.StartAsync(folder, configure: null, keepFolder: false);
        await host
            .Services.GetServices<IHostedService>()
            .Single(service => service.GetType().Name == "DeleteTenantsService")
            .StopAsync(CancellationToken.None);
        await host.Get<PortalDb>()
            .WriteAsync(
                TenantScope.Installation,
                (db, token) =>
                    db
                        .Tenants.Where(tenant => tenant.Slug == "going")
                        .ExecuteUpdateAsync(
                            set => set.SetProperty(row => row.DeletionBegunAt, DateTimeOffset.UnixEpoch),
                            token
                        ),
                CancellationToken.None
            );

        var refused = await RunAsync(settings, "apikey", "create", "--tenant", "going");

        Assert.Equal((1, ""), (refused.Exit, refused.Output));
        Assert.Contains("There is no tenant with the slug", refused.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verb_WhileThePortalRuns_IsCarriedOutByIt_WithTheSameAnswersAndExitCodes()
    {
        await using var host = await RealHost.StartAsync();
        var settings = await RealHost.SettingsAsync(host.Folder);

        var tenant = await RunAsync(settings, "tenant", "create", "--name", "East & West", "--json");
        var key = await RunAsync(settings, "apikey", "create", "--tenant=east-west", "--scopes", "read,contacts");
        var taken = await RunAsync(settings, "tenant", "create", "--name=Other", "--slug=east-west");
        var unknown = await RunAsync(settings, "apikey", "create", "--tenant", "nobody");
        var asJson = await RunAsync(settings, "apikey", "create", "--tenant", "east-west", "--name", "Shop", "--json");

        Assert.Equal((0, ""), (asJson.Exit, asJson.Messages));
        Assert.Equal("Shop", JsonDocument.Parse(asJson.Output).RootElement.GetProperty("name").GetString());
        Assert.Equal((0, ""), (tenant.Exit, tenant.Messages));
        Assert.Equal("east-west", JsonDocument.Parse(tenant.Output).RootElement.GetProperty("slug").GetString());
        Assert.Equal(0, key.Exit);
        Assert.Equal((1, ""), (taken.Exit, taken.Output));
        Assert.Contains("--slug: Another organisation", taken.Messages, StringComparison.Ordinal);
        Assert.Equal((1, ""), (unknown.Exit, unknown.Output));
        using var program = new HttpClient();
        program.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key.Output.Trim());
        using var answer = await program.GetAsync(new Uri(host.Address + "/api/v1/contacts"));
        Assert.Equal(200, (int)answer.StatusCode);
        await using var db = host.Get<PortalDb>().Read(TenantScope.Installation);
        // A tenant's making stands in its own log and in the installation's.
        Assert.Equal(
            4,
            await db.AuditEntries.CountAsync(row =>
                row.ActorName == "The command line"
                && (row.Action == "tenant.created" || row.Action == "api_key.created")
            )
        );
    }

    [SqliteFact]
    public async Task Socket_IsItsOwnersAlone_TakesNoNonsense_AndIsGoneAfterTheStop()
    {
        var host = await RealHost.StartAsync(RealHost.NewFolder(), configure: null, keepFolder: true);
        var (folder, path) = (host.Folder, VerbSocket.PathIn(host.Folder));
        await using (host)
        {
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            }

            foreach (var nonsense in new[] { "nonsense\n", "null\n", "{}\n", "" })
            {
                using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
                await socket.SendAsync(Encoding.UTF8.GetBytes(nonsense));
                socket.Shutdown(SocketShutdown.Send);
                Assert.Equal(0, await socket.ReceiveAsync(new byte[10]));
            }

            Assert.Equal(2, (await VerbSocket.AskAsync(folder, ["restore", "--from", "/etc/passwd"]))!.Exit);
            Assert.Equal(0, (await VerbSocket.AskAsync(folder, ["tenant", "create", "--name", "East"]))!.Exit);
        }

        Assert.False(File.Exists(path));
        Directory.Delete(folder, recursive: true);
    }

    [SqliteFact]
    public async Task SocketOfADeadPortal_IsPassedOver_AndReplacedByTheNextStart()
    {
        var folder = RealHost.NewFolder();
        // .NET takes the file away when it closes a socket; a killed process does not.
        await File.WriteAllTextAsync(VerbSocket.PathIn(folder), "");
        var settings = await RealHost.SettingsAsync(folder);
        Assert.True(File.Exists(VerbSocket.PathIn(folder)));

        var alone = await RunAsync(settings, "tenant", "create", "--name", "East");
        await using var host = await RealHost.StartAsync(folder, configure: null, keepFolder: false);
        var asked = await RunAsync(settings, "tenant", "create", "--name", "West");

        Assert.True((alone.Exit, asked.Exit) is (0, 0), alone.Messages + asked.Messages);
    }

    [SqliteFact]
    public async Task DirectoryWithAPathTooLongForASocket_StartsAllTheSame_AndAVerbSaysWhatToDo()
    {
        var root = RealHost.NewFolder();
        var folder = Path.Combine(root, new string('x', 120));
        await using (var host = await RealHost.StartAsync(folder, configure: null, keepFolder: true))
        {
            var settings = await RealHost.SettingsAsync(folder);

            var refused = await Assert.ThrowsAsync<StartRefusedException>(() =>
                RunAsync(settings, "tenant", "create", "--name", "East")
            );

            Assert.Equal(1, refused.ExitCode);
            Assert.Contains("POST /api/v1/tenants", refused.Message, StringComparison.Ordinal);
        }

        Directory.Delete(root, recursive: true);
    }

    [SqliteFact]
    public async Task Migrate_MakesTheDatabase_AndIsRefusedWhileThePortalRuns()
    {
        var folder = RealHost.NewFolder();
        var settings = await RealHost.SettingsAsync(folder);

        var made = await RunAsync(settings, "migrate");
        var again = await RunAsync(settings, "migrate", "--json");
        await using var host = await RealHost.StartAsync(folder, configure: null, keepFolder: false);
        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => RunAsync(settings, "migrate"));

        Assert.Equal((0, "The database is up to date."), (made.Exit, made.Output.Trim()));
        Assert.Equal((0, """{"up_to_date":true}"""), (again.Exit, again.Output.Trim()));
        Assert.Contains("stop it to update", refused.Message, StringComparison.Ordinal);
    }

    [SqliteFact]
    public async Task BackupAndRestore_ForAScript_SayInOneObjectWhatTheyDid()
    {
        var folder = RealHost.NewFolder();
        var file = Path.Combine(folder, "backup.db");
        var settings = await RealHost.SettingsAsync(folder);
        await RunAsync(settings, "migrate");

        var backup = await RunAsync(settings, "backup", "--json", "--to", file);
        var restore = await RunAsync(settings, "restore", $"--from={file}", "--json");

        Assert.Equal((0, "", 0, ""), (backup.Exit, backup.Messages, restore.Exit, restore.Messages));
        Assert.Equal(file, JsonDocument.Parse(backup.Output).RootElement.GetProperty("file").GetString());
        var restored = JsonDocument.Parse(restore.Output).RootElement;
        Assert.True(File.Exists(restored.GetProperty("before").GetString()));
        Assert.Equal(0, restored.GetProperty("taken_over").GetInt32());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Program_AskedForAMisspeltVerb_EndsWithCode2_AndDoesNotServe() =>
        Assert.Equal(2, await PortalApplication.RunAsync(["bakcup", "--to", "x"]).WaitAsync(TimeSpan.FromSeconds(30)));

    [Fact]
    public async Task Verb_OfADirectoryThatIsHeldAndDoesNotAnswer_SaysWhatToDo_AndMakesNothing()
    {
        await using var host = await RealHost.StartAsync();
        var settings = await RealHost.SettingsAsync(host.Folder);
        File.Delete(VerbSocket.PathIn(host.Folder));

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() =>
            RunAsync(settings, "tenant", "create", "--name", "East")
        );

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("POST /api/v1/tenants", refused.Message, StringComparison.Ordinal);
        await using var db = host.Get<PortalDb>().Read(TenantScope.None);
        Assert.False(await db.Tenants.AnyAsync());
    }

    [Theory]
    [InlineData("tenant")]
    [InlineData("tenant", "delete", "--name", "East")]
    [InlineData("tenant", "create")]
    [InlineData("tenant", "create", "--name")]
    [InlineData("tenant", "create", "--name", "East", "--solg", "east")]
    [InlineData("tenant", "create", "--name", "East", "--name", "West")]
    [InlineData("apikey", "create", "--name", "Import")]
    [InlineData("apikey", "create", "--tenant", "east", "extra")]
    [InlineData("tenants", "create", "--name", "East")]
    [InlineData("bakcup", "--to", "x")]
    [InlineData("migrate", "--jsno")]
    [InlineData("migrate", "now")]
    [InlineData("backup")]
    [InlineData("backup", "--to", "x", "--quiet")]
    [InlineData("restore")]
    [InlineData("restore", "--done")]
    [InlineData("restore", "--from", "x", "--done")]
    [InlineData("restore", "--from", "x", "--force", "yes")]
    public async Task Verb_ThatCannotBeRead_IsExplained_AndTouchesNothing(params string[] args)
    {
        var folder = RealHost.NewFolder();

        var (exit, output, messages) = await RunAsync(
            [
                $"--contentRoot={RealHost.ContentRoot()}",
                "--environment=Development",
                $"--Portal:DataDirectory={folder}",
            ],
            args
        );

        Assert.Equal((2, ""), (exit, output));
        Assert.Contains("tenant create --name NAME", messages, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
        Directory.Delete(folder);
    }

    [SqliteFact]
    public async Task Output_IsOneWordForAScript_OrWithJsonTheApisObject_AndWhatAPersonReadsStandsApart()
    {
        var folder = RealHost.NewFolder();
        var settings = await RealHost.SettingsAsync(folder);

        var tenant = await RunAsync(settings, "tenant", "create", "--name", "East");
        var tenantAsJson = await RunAsync(settings, "tenant", "create", "--json", "--name", "West");
        var key = await RunAsync(settings, "apikey", "create", "--tenant", "east");
        var keyById = await RunAsync(settings, "apikey", "create", "--tenant", OneLine(tenant.Output));
        var keyAsJson = await RunAsync(
            settings,
            ["apikey", "create", "--tenant", "west", "--name", "Shop", "--scopes", "read,send", "--json"]
        );
        var noTenant = await RunAsync(settings, "tenant", "create", "--name", "Other", "--slug", "west", "--json");
        var noKey = await RunAsync(settings, "apikey", "create", "--tenant", "nobody", "--json");

        Assert.Equal((0, 0, 0, 0), (tenant.Exit, tenantAsJson.Exit, key.Exit, keyAsJson.Exit));
        Assert.Equal(0, keyById.Exit);
        Assert.Contains("read, contacts, send, admin in east", keyById.Messages, StringComparison.Ordinal);
        Assert.True(Guid.TryParse(OneLine(tenant.Output), out _), tenant.Output);
        Assert.Contains("apikey create --tenant east", tenant.Messages, StringComparison.Ordinal);
        Assert.StartsWith("lp_", OneLine(key.Output), StringComparison.Ordinal);
        Assert.DoesNotContain(key.Output.Trim(), key.Messages, StringComparison.Ordinal);
        Assert.Contains("read, contacts, send, admin in east", key.Messages, StringComparison.Ordinal);
        Assert.Equal(("", ""), (tenantAsJson.Messages, keyAsJson.Messages));
        var made = JsonDocument.Parse(OneLine(tenantAsJson.Output)).RootElement;
        Assert.Equal(("West", "west"), (made.GetProperty("name").GetString(), made.GetProperty("slug").GetString()));
        Assert.NotEqual(Guid.Empty, made.GetProperty("id").GetGuid());
        Assert.True(made.TryGetProperty("created_at", out _));
        var shown = JsonDocument.Parse(OneLine(keyAsJson.Output)).RootElement;
        Assert.Equal("Shop", shown.GetProperty("name").GetString());
        Assert.Equal(["read", "send"], shown.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()));
        Assert.StartsWith("lp_", shown.GetProperty("key").GetString(), StringComparison.Ordinal);
        Assert.NotEqual(Guid.Empty, shown.GetProperty("id").GetGuid());
        // What is refused is told to a person also then: nothing is there for a script to read but the code.
        Assert.Equal((1, "", 1, ""), (noTenant.Exit, noTenant.Output, noKey.Exit, noKey.Output));
        Assert.Contains("--slug: Another organisation", noTenant.Messages, StringComparison.Ordinal);
        Assert.Contains("no tenant with the slug or id “nobody”", noKey.Messages, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);

        static string OneLine(string output) => Assert.Single(output.TrimEnd().Split('\n'));
    }

    [SqliteFact]
    public async Task Key_OfAnUnknownTenant_OrWithWrongScopes_IsRefused()
    {
        var folder = RealHost.NewFolder();
        var settings = await RealHost.SettingsAsync(folder);
        await RunAsync(settings, "tenant", "create", "--name", "East");

        var unknown = await RunAsync(settings, "apikey", "create", "--tenant", "west");
        var wrong = await RunAsync(settings, "apikey", "create", "--tenant", "east", "--scopes", "root");
        var none = await RunAsync(settings, "apikey", "create", "--tenant", "east", "--scopes=");

        Assert.Equal((1, 1, 1), (unknown.Exit, wrong.Exit, none.Exit));
        Assert.Contains("no tenant with the slug or id “west”", unknown.Messages, StringComparison.Ordinal);
        Assert.Contains("--scopes: Each must be one of", wrong.Messages, StringComparison.Ordinal);
        Assert.Contains("--scopes names none", none.Messages, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    internal static async Task<(int Exit, string Output, string Messages)> RunAsync(
        IReadOnlyList<string> settings,
        params string[] args
    )
    {
        await using var output = new StringWriter();
        await using var messages = new StringWriter();
        var exit = await Verbs.RunAsync([.. args, .. settings], output, messages, TimeProvider.System);
        return (exit, output.ToString(), messages.ToString());
    }
}
