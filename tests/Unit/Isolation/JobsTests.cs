using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using AdminPortal.Hosting;
using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Ledgerpost.Programs;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using UnitTests.Api;
using UnitTests.Support;

namespace UnitTests.Isolation;

/// <summary>
/// The running portal with all its jobs: one tenant has work for each of them, the other has the same people and nothing to do. The
/// other's rows stay what they were, and no row, no mail and no export of the one has a word of the other's. Each of the two once: what
/// takes the first tenant of all for everybody's is seen only where the first has nothing to do.
/// </summary>
public sealed class JobsTests
{
    private const string Canary = TwoTenants.Canary;

    /// <summary>Five of the campaign, a receipt, a test mail, and one to the new member.</summary>
    private const int Mails = 8;

    /// <summary>Every job of the host, and what it does here. One that is not named fails the test.</summary>
    private static readonly Dictionary<string, string> Jobs = new(StringComparer.Ordinal)
    {
        ["VerbSocket"] = "listens; VerbsForScriptsTests",
        ["SendingService"] = "sends the one's campaign and mail",
        ["DoubtService"] = "looks at the start",
        ["ClockService"] = "stamps, and leaves its mark at the stop",
        ["AnchorService"] = "anchors every log, at both starts",
        ["AuditTallyService"] = "writes at the stop how often the one's key was used",
        ["DomainService"] = "looks at the domains that are due",
        ["ReconcileService"] = "looks at the start",
        ["EventService"] = "applies what the provider reports of the one's mails",
        ["OutgoingEventService"] = "calls the one's endpoint",
        ["ContactImportService"] = "imports the one's file, with the other's people in it",
        ["ForgetRequestsService"] = "forgets the one's request of a week ago, at the second start",
        ["DeleteTenantsService"] = "deletes a third tenant",
        ["AccountMailService"] = "mails the one's new member",
        ["InstanceRelay"] = "on PostgreSQL: tells what commits",
        ["GenericWebHostService"] = "the web server",
        ["DataProtectionHostedService"] = "reads the keys of cookies",
    };

    [Theory]
    [InlineData("north")]
    [InlineData("south")]
    public async Task EveryJob_WithWorkForOne_LeavesTheOthersRows_AndMailsAndExportsNoWordOfTheirs(string one)
    {
        var folder = RealHost.NewFolder();
        string[] settings =
        [
            $"--Portal:MailFrom=Portal <portal@{DemoSeed.Domain}>",
            "--OutgoingEvents:AllowPrivateAddresses=true",
        ];
        IReadOnlyList<string> before;
        TestMember busy;
        TestMember other;
        await using (var api = await ApiHost.StartAsync(folder, keepFolder: true, settings))
        {
            Assert.Empty(Names(api.Host).Except(Jobs.Keys, StringComparer.Ordinal));
            (busy, other) = one == "north" ? (api.North, api.South) : (api.South, api.North);
            await FillOtherAsync(api, other);
            // What the other itself has done is written down before.
            await api.Host.Get<PortalDb>().Tally.CloseAsync(all: true, CancellationToken.None);
            before = await api.Host.Get<PortalDb>().DumpAsync(other.TenantId);
            Assert.Contains(before, row => row.Contains(Canary, StringComparison.Ordinal));
            using var program = await api.ProgramAsync(busy);
            await WorkAsync(api, busy, program);
            await UntilDoneAsync(api, busy, program);
            await AssertNoCanaryAsync(api, busy, program);
            var meanwhile = await api.Host.Get<PortalDb>().DumpAsync(other.TenantId);
            Assert.Equal(WithoutItsDomain(before), WithoutItsDomain(meanwhile));
        }

        // And what runs only at a start.
        await using var again = await RealHost.StartAsync(folder, configure: null, keepFolder: false, settings);
        await UntilAsync(async () =>
        {
            await using var db = again.Get<PortalDb>().Read(TenantScope.Installation);
            return !await db.IdempotencyRecords.AnyAsync(record => record.Key == "old");
        });
        var after = await again.Get<PortalDb>().DumpAsync(other.TenantId);
        Assert.Equal(WithoutItsDomain(before), WithoutItsDomain(after));
        Assert.DoesNotContain(
            await again.Get<PortalDb>().DumpAsync(busy.TenantId),
            row => row.Contains(Canary, StringComparison.OrdinalIgnoreCase)
        );
    }

    /// <summary>The provider has refused the other's own domain, which is looked at again for its sake, whenever that falls due.</summary>
    private static IEnumerable<string> WithoutItsDomain(IEnumerable<string> rows) =>
        rows.Where(row =>
            !row.StartsWith("SendingDomains ", StringComparison.Ordinal)
            && !(
                row.StartsWith("AuditEntries ", StringComparison.Ordinal)
                && row.Contains("Action=domain.", StringComparison.Ordinal)
            )
        );

    private static IEnumerable<string> Names(RealHost host) =>
        host.Services.GetServices<IHostedService>().Select(service => service.GetType().Name);

    private static async Task FillOtherAsync(ApiHost api, TestMember other)
    {
        using var program = await api.ProgramAsync(other);
        var sender = await api.AddSenderAsync(other, "other.test");
        for (var i = 1; i <= 5; i++)
        {
            await CreatedAsync(program, "contacts", Person(i, Canary, Canary));
        }

        await CreatedAsync(program, "contacts", Person(6, Canary, $"{Canary}-tag"));
        await CreatedAsync(
            program,
            "segments",
            new { name = Canary, rule = new { match = "any", tags = new[] { Canary } } }
        );
        await CreatedAsync(
            program,
            "templates",
            new
            {
                name = Canary,
                subject = Canary,
                html = $"<p>{Canary}</p>",
            }
        );
        await CreatedAsync(
            program,
            "suppressions",
            new
            {
                email = "person5@example.net",
                reason = "manual",
                note = Canary,
            }
        );
        var endpoint = await CreatedAsync(
            program,
            "webhook-endpoints",
            new { url = $"https://{Canary}.example.org/in", events = new[] { "campaign.sent" } }
        );
        await program.SendAsync(HttpMethod.Patch, $"webhook-endpoints/{endpoint}", new { enabled = false });
        // The provider does not know this domain: the campaign stops, and its ledger waits for a person.
        var campaign = await CreatedAsync(program, "campaigns", Campaign(Canary, sender));
        await UntilAsync(async () =>
            (await program.SendAsync(HttpMethod.Get, $"campaigns/{campaign}")).Text("status")
                is not ("preparing" or "sending")
        );
        await CreatedAsync(program, "campaigns", Campaign(Canary, sender, send: false));
    }

    private static async Task WorkAsync(ApiHost api, TestMember busy, HttpClient program)
    {
        var sender = await api.AddSenderAsync(busy);
        for (var i = 1; i <= 5; i++)
        {
            await CreatedAsync(program, "contacts", Person(i, "First", "news"));
        }

        await CreatedAsync(
            program,
            "webhook-endpoints",
            new { url = $"https://127.0.0.1:{new Uri(api.Host.Address).Port}/in", events = new[] { "campaign.sent" } }
        );
        await TestMailAsync(
            api,
            busy,
            await CreatedAsync(program, "campaigns", Campaign("Autumn", sender, send: false))
        );
        await CreatedAsync(program, "campaigns", Campaign("Spring", sender));
        await CreatedAsync(
            program,
            "emails",
            new
            {
                to = "person1@example.net",
                subject = "Receipt",
                html = "<p>Receipt</p>",
                sender_id = sender,
            }
        );
        using var file = new ByteArrayContent(
            Encoding.UTF8.GetBytes("email,first_name\nperson1@example.net,Ada\nperson7@example.net,Grace\n")
        );
        file.Headers.ContentType = new MediaTypeHeaderValue("text/csv");
        using var form = new MultipartFormDataContent { { file, "file", "people.csv" } };
        Assert.Equal(202, (await program.CreateAsync("contacts/imports", form)).Status);
        await api
            .Host.Get<AddMember>()
            .ExecuteAsync(busy.Caller, "new@member.test", TenantRole.Editor, CancellationToken.None);
        var west = await ApiHost.AddTenantAsync(api.Host, "west");
        await api
            .Host.Get<DeleteTenant>()
            .ExecuteAsync(Actor.CommandLine, west.TenantId, "west", null, CancellationToken.None);
        await api
            .Host.Get<PortalDb>()
            .WriteAsync(
                busy.Caller.Scope,
                (db, _) =>
                {
                    var now = api.Host.Get<TimeProvider>().GetUtcNow();
                    db.IdempotencyRecords.Add(
                        new IdempotencyRecord
                        {
                            TenantId = busy.TenantId,
                            Path = "/api/v1/contacts",
                            Key = "old",
                            BodyHash = "",
                            Status = 201,
                            CreatedAt = now.AddDays(-7),
                            ExpiresAt = now.AddDays(-4),
                        }
                    );
                    return Task.CompletedTask;
                },
                CancellationToken.None
            );
    }

    /// <summary>As one of the people reads it, whom the other has too.</summary>
    private static async Task TestMailAsync(ApiHost api, TestMember busy, string campaign)
    {
        Guid person;
        await using (var db = api.Host.Get<PortalDb>().Read(busy.Caller.Scope))
        {
            person = await db
                .Contacts.Where(contact => contact.Email == "person1@example.net")
                .Select(contact => contact.Id)
                .SingleAsync();
        }

        Assert.IsType<SendTestMailResult.Accepted>(
            await api
                .Host.Get<SendTestMail>()
                .ExecuteAsync(busy.Caller, Guid.Parse(campaign), "me@example.net", person, CancellationToken.None)
        );
    }

    // Six mails to people, a test mail, and one to the new member; each that came was reported, and the one's endpoint was called.
    private static Task UntilDoneAsync(ApiHost api, TestMember busy, HttpClient program) =>
        UntilAsync(async () =>
        {
            await using var db = api.Host.Get<PortalDb>().Read(TenantScope.Installation);
            var imports = await db.ContactImports.Where(row => row.TenantId == busy.TenantId).ToListAsync();
            return (await Provider(api).StateAsync()).Mails == Mails
                && await db.RecipientEvents.CountAsync(row => row.TenantId == busy.TenantId) >= 6
                && await db.EventDeliveries.AnyAsync(row => row.TenantId == busy.TenantId && row.LastTryAt != null)
                && imports is [{ Status: Ledgerpost.Contacts.Import.ImportStatus.Completed }]
                && !await db.Tenants.AnyAsync(tenant => tenant.Slug == "west")
                && (await program.SendAsync(HttpMethod.Get, "campaigns"))
                    .Body.GetProperty("data")
                    .EnumerateArray()
                    .Any(campaign => campaign.GetProperty("status").GetString() == "sent");
        });

    private static async Task AssertNoCanaryAsync(ApiHost api, TestMember busy, HttpClient program)
    {
        var provider = api.Host.Get<EmbeddedEmulator>().Server!;
        using var reader = new HttpClient { BaseAddress = new Uri(provider.BaseUrl) };
        reader.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", EmbeddedEmulator.ApiKey);
        reader.DefaultRequestHeaders.UserAgent.ParseAdd("Test");
        // Read as fast as it goes.
        provider.Control.Behaviour = provider.Control.Behaviour with
        {
            RateLimitPerSecond = 0,
        };
        var said = new List<string>();
        foreach (var mail in await provider.Control.MailsAsync())
        {
            said.Add(await reader.GetStringAsync($"emails/{mail.Id}"));
        }

        Assert.Equal(Mails, said.Count);
        Assert.Contains(said, mail => mail.Contains("<p>Receipt</p>", StringComparison.Ordinal));
        // What is merged is of the one's own people.
        Assert.Contains(said, mail => mail.Contains("<p>Spring First</p>", StringComparison.Ordinal));
        Assert.Contains(said, mail => mail.Contains("<p>Autumn First</p>", StringComparison.Ordinal));
        foreach (var path in (string[])["contacts/export", "contacts", "campaigns", "emails", "audit", "suppressions"])
        {
            said.Add(await program.GetStringAsync(path));
        }

        var person = await api
            .Host.Get<ExportPerson>()
            .ExecuteAsync(busy.Caller, "person1@example.net", CancellationToken.None);
        said.Add(Encoding.UTF8.GetString(person!));
        Assert.All(said, text => Assert.DoesNotContain(Canary, text, StringComparison.OrdinalIgnoreCase));
    }

    private static ResendEmulator.Control.EmulatorControl Provider(ApiHost api) =>
        api.Host.Get<EmbeddedEmulator>().Server!.Control;

    private static object Person(int number, string name, string tag) =>
        new
        {
            email = string.Create(CultureInfo.InvariantCulture, $"person{number}@example.net"),
            first_name = name,
            tags = new[] { tag },
        };

    private static object Campaign(string word, Guid sender, bool send = true) =>
        new
        {
            name = word,
            subject = word,
            html = $"<p>{word} {{{{first_name}}}}</p><a href=\"{{{{unsubscribe_url}}}}\">No more</a>",
            sender_id = sender,
            audience = new { },
            send,
        };

    private static async Task<string> CreatedAsync(HttpClient program, string path, object body)
    {
        var reply = await program.CreateAsync(path, body, Guid.NewGuid().ToString());
        // 200 where what was asked for is through before it is answered: the sending runs beside this.
        Assert.True(reply.Status is 200 or 201 or 202, $"{path}: {reply.Body}");
        return reply.Text("id")!;
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await holds())
        {
            Assert.False(patience.IsCancellationRequested, "It does not come.");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }
    }
}
