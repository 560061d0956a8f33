using System.Net.Http.Headers;
using System.Text;
using AdminPortal.Api;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Api;

/// <summary>What holds for every route: keys, scopes, bodies, problems, paging, limits. Contacts stand for all of them.</summary>
public sealed class ApiRulesTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    private ApiHost Api => portal.Api;

    [Fact]
    public async Task Key_ThatIsMissing_Unknown_OrRevoked_IsRefusedWithItsCode()
    {
        using var nobody = Api.Client(null);
        using var stranger = Api.Client(ApiToken.New(ApiToken.TenantPrefix));
        var token = await Api.KeyAsync(Api.North);
        using var revoked = Api.Client(token);
        Assert.Equal(200, (await revoked.SendAsync(HttpMethod.Get, "contacts")).Status);
        await using (var db = Api.Host.Get<PortalDb>().Read(Api.North.Caller.Scope))
        {
            var hash = ApiToken.Hash(token);
            var id = await db.ApiKeys.Where(key => key.TokenHash == hash).Select(key => key.Id).SingleAsync();
            await Api.Host.Get<RevokeApiKey>().ExecuteAsync(Api.North.Caller, id, CancellationToken.None);
        }

        Assert.Equal((401, "missing_api_key"), await RefusalAsync(nobody));
        Assert.Equal((401, "invalid_api_key"), await RefusalAsync(stranger));
        Assert.Equal((401, "invalid_api_key"), await RefusalAsync(revoked));
    }

    [Fact]
    public async Task Key_WithoutTheScope_IsRefused_AndAnOperatorsSeesNoContent()
    {
        using var reader = await Api.ProgramAsync(Api.North, "read");
        using var sender = await Api.ProgramAsync(Api.North, "send");
        using var operatorProgram = Api.Client(ApiHost.OperatorKey);

        Assert.Equal(200, (await reader.SendAsync(HttpMethod.Get, "contacts")).Status);
        var adding = await reader.CreateAsync("contacts", new { email = "reader@example.net" });
        Assert.Equal((403, "insufficient_scope"), (adding.Status, adding.Code));
        Assert.Contains("contacts", adding.Text("detail"), StringComparison.Ordinal);
        Assert.Equal((403, "insufficient_scope"), await RefusalAsync(sender));
        Assert.Equal((403, "insufficient_scope"), await RefusalAsync(operatorProgram));
    }

    [Fact]
    public async Task Body_WithSeveralFaults_IsToldOfAllAtOnce()
    {
        using var program = await Api.ProgramAsync(Api.North);

        var reply = await program.CreateAsync(
            "contacts",
            new
            {
                email = "not an address",
                first_name = 7,
                tags = "news",
                surname = "Lovelace",
            }
        );

        Assert.Equal((422, "validation_failed"), (reply.Status, reply.Code));
        Assert.Equal("application/problem+json", reply.MediaType);
        Assert.Equal(["email", "first_name", "surname", "tags"], reply.WrongFields.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("{\"email\":", 400, "invalid_body")]
    [InlineData("[]", 400, "invalid_body")]
    [InlineData("{\"email\":\"a@example.net\",\"email\":\"b@example.net\"}", 400, "invalid_body")]
    [InlineData("{}", 422, "validation_failed")]
    [InlineData("", 400, "invalid_body")]
    public async Task Body_ThatCannotBeRead_IsRefused(string body, int status, string code)
    {
        using var program = await Api.ProgramAsync(Api.North);

        var reply = await program.CreateAsync("contacts", new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal((status, code), (reply.Status, reply.Code));
    }

    [Fact]
    public async Task Body_OfAnotherType_OrTooLarge_IsRefused()
    {
        using var program = await Api.ProgramAsync(Api.North);
        using var text = new StringContent("email=a@example.net", Encoding.UTF8, "text/plain");
        using var large = new StringContent(
            "{\"email\":\"" + new string('a', 1_000_001) + "\"}",
            Encoding.UTF8,
            "application/json"
        );

        var wrongType = await program.CreateAsync("contacts", text);
        var tooLarge = await program.CreateAsync("contacts", large);

        Assert.Equal((415, "unsupported_media_type"), (wrongType.Status, wrongType.Code));
        Assert.Equal((413, "body_too_large"), (tooLarge.Status, tooLarge.Code));
    }

    [Fact]
    public async Task Route_OrMethod_ThatDoesNotExist_IsAProblemToo()
    {
        using var program = await Api.ProgramAsync(Api.North);

        var route = await program.SendAsync(HttpMethod.Get, "no-such-thing");
        var method = await program.SendAsync(HttpMethod.Put, "contacts", new { });

        Assert.Equal((404, "not_found"), (route.Status, route.Code));
        Assert.Equal((405, "method_not_allowed"), (method.Status, method.Code));
    }

    [Fact]
    public async Task Id_OfAnotherTenant_AnswersExactlyAsAnUnknownOne()
    {
        using var north = await Api.ProgramAsync(Api.North);
        using var south = await Api.ProgramAsync(Api.South);
        var id = (await south.CreateAsync("contacts", new { email = "secret@example.net" })).Text("id");
        var unknown = Guid.Parse("0190f3a2-0000-7000-8000-000000000000");

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Patch, HttpMethod.Delete })
        {
            var body = method == HttpMethod.Patch ? new { first_name = "Eve" } : null;
            var foreign = await north.SendAsync(method, $"contacts/{id}", body);
            var none = await north.SendAsync(method, $"contacts/{unknown}", body);
            Assert.Equal((404, "not_found"), (foreign.Status, foreign.Code));
            Assert.Equal(none.Body.ToString(), foreign.Body.ToString());
        }

        Assert.Equal(200, (await south.SendAsync(HttpMethod.Get, $"contacts/{id}")).Status);
    }

    [Fact]
    public async Task Pages_WhileRowsAreAdded_ShowEveryEarlierRowOnce()
    {
        using var program = await Api.ProgramAsync(Api.South);
        for (var i = 0; i < 7; i++)
        {
            await program.CreateAsync("contacts", new { email = $"paged{i}@example.net", tags = new[] { "paged" } });
        }

        var seen = new List<string>();
        string? cursor = null;
        var pages = 0;
        do
        {
            var page = await program.SendAsync(
                HttpMethod.Get,
                "contacts?limit=2&tag=paged" + (cursor is null ? "" : $"&cursor={cursor}")
            );
            Assert.Equal(200, page.Status);
            seen.AddRange(
                page.Body.GetProperty("data").EnumerateArray().Select(row => row.GetProperty("email").GetString()!)
            );
            cursor = page.Body.GetProperty("next_cursor").GetString();
            await program.CreateAsync(
                "contacts",
                new { email = $"later{pages++}@example.net", tags = new[] { "paged" } }
            );
        } while (cursor is not null);

        Assert.Equal(Enumerable.Range(0, 7).Reverse().Select(i => $"paged{i}@example.net"), seen);
    }

    [Theory]
    [InlineData("limit=0", "validation_failed")]
    [InlineData("limit=201", "validation_failed")]
    [InlineData("limit=many", "validation_failed")]
    [InlineData("cursor=made-up", "invalid_cursor")]
    [InlineData("cursor=MTo3", "invalid_cursor")]
    public async Task Page_ThatCannotBe_IsRefused(string query, string code)
    {
        using var program = await Api.ProgramAsync(Api.North);

        Assert.Equal(code, (await program.SendAsync(HttpMethod.Get, "contacts?" + query)).Code);
    }

    [Fact]
    public async Task Contact_IsAdded_Found_Changed_AndDeleted()
    {
        using var program = await Api.ProgramAsync(Api.North);

        var added = await program.CreateAsync(
            "contacts",
            new
            {
                email = "Ada@Example.net",
                first_name = "Ada",
                tags = new[] { "News", "beta" },
                fields = new { city = "London" },
            }
        );
        var id = added.Text("id");
        var again = await program.CreateAsync("contacts", new { email = "ada@example.NET" });
        var found = await program.SendAsync(HttpMethod.Get, "contacts?tag=%20BETA");
        var changed = await program.SendAsync(HttpMethod.Patch, $"contacts/{id}", new { last_name = "Lovelace" });
        var deleted = await program.SendAsync(HttpMethod.Delete, $"contacts/{id}");
        var gone = await program.SendAsync(HttpMethod.Get, $"contacts/{id}");

        Assert.Equal(201, added.Status);
        Assert.Equal($"/api/v1/contacts/{id}", added.Headers["Location"]);
        Assert.Equal(["beta", "news"], added.Body.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Equal(id, Assert.Single(found.Body.GetProperty("data").EnumerateArray()).GetProperty("id").GetString());
        Assert.Equal("London", changed.Body.GetProperty("fields").GetProperty("city").GetString());
        Assert.Equal((409, "already_exists", id), (again.Status, again.Code, again.Text("id")));
        Assert.Equal((200, "Ada", "Lovelace"), (changed.Status, changed.Text("first_name"), changed.Text("last_name")));
        Assert.Equal(204, deleted.Status);
        Assert.Equal(404, gone.Status);
    }

    [Fact]
    public async Task Command_OfAProgram_StandsInTheLogUnderItsKeysName()
    {
        using var program = await Api.ProgramAsync(Api.North);
        var id = (await program.CreateAsync("contacts", new { email = "logged@example.net" })).Text("id");

        await using var db = Api.Host.Get<PortalDb>().Read(Api.North.Caller.Scope);
        var entry = await db.AuditEntries.SingleAsync(row => row.TargetId == id);
        Assert.Equal(
            ("contact.added", Ledgerpost.Tenancy.ActorKind.Program, "Test"),
            (entry.Action, entry.ActorKind, entry.ActorName)
        );
    }

    [Fact]
    public async Task Requests_BeyondTheLimit_AreRefused_AndEveryAnswerSaysHowManyAreLeft()
    {
        await using var strict = await ApiHost.StartAsync("--Api:RequestsPerMinute=3");
        using var program = await strict.ProgramAsync(strict.North);
        using var other = await strict.ProgramAsync(strict.South);

        var replies = new List<ApiReply>();
        for (var i = 0; i < 4; i++)
        {
            replies.Add(await program.SendAsync(HttpMethod.Get, "contacts"));
        }

        Assert.Equal([200, 200, 200, 429], replies.Select(reply => reply.Status));
        Assert.Equal(["2", "1", "0", "0"], replies.Select(reply => reply.Headers["RateLimit-Remaining"]));
        Assert.Equal("rate_limited", replies[3].Code);
        Assert.InRange(int.Parse(replies[3].Headers["Retry-After"], null), 1, 60);
        Assert.Equal(200, (await other.SendAsync(HttpMethod.Get, "contacts")).Status);
    }

    [Fact]
    public async Task Requests_ThatAScopeRefuses_AreCountedToo_AndSayHowManyAreLeft()
    {
        await using var strict = await ApiHost.StartAsync("--Api:RequestsPerMinute=2");
        using var sender = await strict.ProgramAsync(strict.North, "send");

        var replies = new List<ApiReply>();
        for (var i = 0; i < 3; i++)
        {
            replies.Add(await sender.SendAsync(HttpMethod.Get, "contacts"));
        }

        Assert.Equal([403, 403, 429], replies.Select(reply => reply.Status));
        Assert.Equal(["1", "0", "0"], replies.Select(reply => reply.Headers["RateLimit-Remaining"]));
    }

    private static async Task<(int, string?)> RefusalAsync(HttpClient client)
    {
        var reply = await client.SendAsync(HttpMethod.Get, "contacts");
        return (reply.Status, reply.Code);
    }

    public sealed class Portal : IAsyncLifetime
    {
        public ApiHost Api { get; private set; } = null!;

        public async Task InitializeAsync() => Api = await ApiHost.StartAsync();

        public async Task DisposeAsync() => await Api.DisposeAsync();
    }
}
