using System.Net.Http.Headers;
using System.Text.Json;
using AdminPortal.Hosting;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
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
            Assert.Equal(["tenant.created", "api_key.created"], entries.Select(row => row.Action));
            Assert.All(
                entries,
                row => Assert.Equal((ActorKind.System, "The command line"), (row.ActorKind, row.ActorName))
            );
        }
    }

    [Fact]
    public async Task Verb_WhileThePortalRuns_SaysWhatToDo_AndMakesNothing()
    {
        await using var host = await RealHost.StartAsync();
        var settings = await RealHost.SettingsAsync(host.Folder);

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
    public async Task Verb_ThatCannotBeRead_IsExplained_AndTouchesNothing(params string[] args)
    {
        var folder = RealHost.NewFolder();

        var (exit, output, messages) = await RunAsync([$"--Portal:DataDirectory={folder}"], args);

        Assert.Equal((2, ""), (exit, output));
        Assert.Contains("tenant create --name NAME", messages, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
        Directory.Delete(folder);
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
        Assert.Contains("no tenant with the slug “west”", unknown.Messages, StringComparison.Ordinal);
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
