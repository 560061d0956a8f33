using System.Net;
using System.Text.Json;
using Ledgerpost.Data;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Suppression;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>After a restore: who bounced or complained since the backup is on the provider's list, and is not mailed again.</summary>
public sealed class ReplaySuppressionsTests
{
    [Fact]
    public async Task AfterARestore_WhomTheProviderSuppressesSinceTheBackup_IsNotMailed()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 10);
        await RestoredAsync(engine);
        var reader = new Suppressions
        {
            Lines =
            [
                ("1", "Person1@Example.net", "bounce", engine.Time.GetUtcNow().AddHours(-1)),
                ("2", "person2@example.net", "complaint", engine.Time.GetUtcNow().AddHours(-2)),
                ("3", "nobody@example.net", "bounce", engine.Time.GetUtcNow().AddHours(-2)),
                // Long before the backup: whoever lifted it here since meant it.
                ("4", "person4@example.net", "bounce", engine.Time.GetUtcNow().AddDays(-30)),
            ],
        };
        var replay = await NewAsync(engine, reader);

        Assert.Equal(2, await replay.RunOnceAsync(CancellationToken.None));

        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Equal(
            [("person1@example.net", SuppressionReason.Bounced), ("person2@example.net", SuppressionReason.Complained)],
            (await db.SuppressedAddresses.ToListAsync())
                .Select(row => (row.NormalizedEmail, row.Reason))
                .OrderBy(row => row.NormalizedEmail, StringComparer.Ordinal)
        );
        // Once is enough.
        var asked = reader.Asked;
        Assert.Null(await replay.RunOnceAsync(CancellationToken.None));
        Assert.Equal((asked, 2), (reader.Asked, replay.Added!.Value));

        await engine.Db.WriteAsync(
            TenantScope.Installation,
            (context, token) =>
                context.Installation.ExecuteUpdateAsync(
                    set => set.SetProperty(row => row.Hold, (HoldReason?)null),
                    token
                ),
            CancellationToken.None
        );
        await engine.LaunchAsync();
        await engine.RunAsync();
        Assert.Equal(8, engine.Provider.Mailed.Count);
        Assert.DoesNotContain(
            engine.Provider.Mailed,
            mail => mail.To is "person1@example.net" or "person2@example.net"
        );
    }

    [Fact]
    public async Task ListThatCannotBeRead_IsAskedForAgain_AndSaidToBeUnread()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        await RestoredAsync(engine);
        var reader = new Suppressions { Status = 404 };
        var replay = await NewAsync(engine, reader);
        Assert.Null(await replay.RunOnceAsync(CancellationToken.None));
        Assert.Null(replay.Added);

        reader.Status = 200;
        reader.Lines = [("1", "person1@example.net", "bounce", null)];

        Assert.Equal(1, await replay.RunOnceAsync(CancellationToken.None));
    }

    [Fact]
    public async Task WithoutARestore_NothingIsAsked()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var reader = new Suppressions();

        Assert.Null(await (await NewAsync(engine, reader)).RunOnceAsync(CancellationToken.None));

        Assert.Equal(0, reader.Asked);
    }

    [Fact]
    public async Task OwnAccounts_AreAskedToo_EachWithItsKey_AndSpeakForTheirTenantAlone()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var south = await engine.Database.AddTenantAsync("south");
        await engine.Database.AddContactsAsync(engine.Tenant, 3);
        await engine.Database.AddContactsAsync(south, 3);
        await engine.OwnAccountAsync("one");
        await engine.OwnAccountAsync("two", south);
        // Left, and with a key still: what went out through it may have bounced.
        await engine.RemoveKeyAsync();
        await RestoredAsync(engine);
        using var own = new OwnLists();
        own.Lines["re_one_first"] = "person1@example.net";
        var replay = await NewAsync(
            engine,
            new Suppressions { Lines = [("1", "person2@example.net", "bounce", null)] },
            own
        );

        // South's key is refused: the others are asked all the same.
        Assert.Equal(3, await PacedAsync(engine, replay));
        Assert.Equal(3, replay.Added);
        Assert.Equal(["person1@example.net", "person2@example.net"], await ListAsync(engine, engine.Tenant));
        Assert.Equal(["person2@example.net"], await ListAsync(engine, south));

        own.Lines["re_two_first"] = "person3@example.net";
        Assert.Equal(1, await PacedAsync(engine, replay));
        Assert.Equal(4, replay.Added);
        Assert.Equal(["person2@example.net", "person3@example.net"], await ListAsync(engine, south));
        Assert.Null(await PacedAsync(engine, replay));
    }

    [Fact]
    public async Task InstallationsAccount_ThatCannotBeAsked_KeepsNoOwnAccountFromBeingAsked()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        await engine.OwnAccountAsync("one");
        await RestoredAsync(engine);
        using var own = new OwnLists();
        own.Lines["re_one_first"] = "person1@example.net";
        var reader = new Suppressions { Lines = [("1", "person2@example.net", "bounce", null)], Fails = true };
        var replay = await NewAsync(engine, reader, own);

        Assert.Equal(1, await PacedAsync(engine, replay));

        Assert.Equal(["person1@example.net"], await ListAsync(engine, engine.Tenant));
        Assert.Null(replay.Added);
        reader.Fails = false;
        Assert.Equal(1, await PacedAsync(engine, replay));
        Assert.Equal(2, replay.Added);
    }

    private static async Task<IEnumerable<string>> ListAsync(EngineHarness engine, TestTenant tenant)
    {
        await using var db = engine.Db.Read(tenant.Scope);
        return (await db.SuppressedAddresses.ToListAsync())
            .Select(row => row.NormalizedEmail)
            .Order(StringComparer.Ordinal);
    }

    /// <summary>Through accounts that have a pace: the clock moves while it waits.</summary>
    private static async Task<int?> PacedAsync(EngineHarness engine, ReplaySuppressions replay)
    {
        var run = replay.RunOnceAsync(CancellationToken.None);
        while (!run.IsCompleted)
        {
            await Task.WhenAny(run, Task.Delay(1));
            engine.Time.Advance(TimeSpan.FromMilliseconds(100));
        }

        return await run;
    }

    private static Task RestoredAsync(EngineHarness engine) =>
        engine.Db.WriteAsync(
            TenantScope.Installation,
            (context, token) =>
                context.Installation.ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(row => row.Hold, HoldReason.Restored)
                            .SetProperty(row => row.HeldSince, engine.Time.GetUtcNow())
                            .SetProperty(row => row.BackedUpAt, engine.Time.GetUtcNow().AddDays(-2)),
                    token
                ),
            CancellationToken.None
        );

    private static async Task<ReplaySuppressions> NewAsync(
        EngineHarness engine,
        Suppressions reader,
        OwnLists? own = null
    ) =>
        new(
            engine.Db,
            new ProviderArchive(reader, await engine.UnpacedAsync()),
            engine.Accounts,
            new OwnArchives(
                engine.Db,
                new ResendReader(
                    new ResendHttp(own ?? new OwnLists()),
                    new ProviderEndpoint(ProviderMode.Resend, "http://provider.test", "re_key", []),
                    engine.Time
                ),
                new OwnKeys(engine.Db, engine.Accounts, OwnAccountSteps.Secrets, NullLogger<OwnKeys>.Instance)
            ),
            NullLogger<ReplaySuppressions>.Instance
        );

    /// <summary>The lists of own accounts, one address each; a key without a list is refused.</summary>
    private sealed class OwnLists : HttpMessageHandler
    {
        public Dictionary<string, string> Lines { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            var known = Lines.TryGetValue(request.Headers.Authorization!.Parameter!, out var email);
            var isFirst = !request.RequestUri!.Query.Contains("after=", StringComparison.Ordinal);
            var data = isFirst ? $$"""[{"id":"1","email":"{{email}}","origin":"bounce"}]""" : "[]";
            return Task.FromResult(
                new HttpResponseMessage(known ? HttpStatusCode.OK : HttpStatusCode.Unauthorized)
                {
                    Content = new StringContent($$"""{"object":"list","has_more":false,"data":{{data}}}"""),
                }
            );
        }
    }

    /// <summary>The provider's list, two lines to a page.</summary>
    private sealed class Suppressions : IProviderReader
    {
        public IReadOnlyList<(string Id, string Email, string Origin, DateTimeOffset? At)> Lines { get; set; } = [];

        public int Status { get; set; } = 200;

        /// <summary>In a way that is no answer.</summary>
        public bool Fails { get; set; }

        public int Asked { get; private set; }

        public Task<ProviderAnswer> GetAsync(string baseUrl, string path, CancellationToken cancellation)
        {
            Asked++;
            if (Fails)
            {
                throw new InvalidOperationException("A test.");
            }

            Assert.StartsWith("/suppressions?limit=100", path, StringComparison.Ordinal);
            var rest = path.Split("after=") is [_, var id]
                ? Lines.SkipWhile(line => line.Id != id).Skip(1).ToList()
                : [.. Lines];
            var body = JsonSerializer.Serialize(
                new
                {
                    @object = "list",
                    has_more = rest.Count > 2,
                    data = rest.Take(2)
                        .Select(line => new
                        {
                            id = line.Id,
                            email = line.Email,
                            origin = line.Origin,
                            created_at = line.At?.ToString("O"),
                        }),
                }
            );
            return Task.FromResult<ProviderAnswer>(new ProviderAnswer.Http(Status, body, ProviderHeaders.Empty));
        }
    }
}
