using System.Text;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using UnitTests.Support;

namespace UnitTests.Api;

/// <summary>The same request again: carried out once, answered the same.</summary>
public sealed class IdempotencyTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    private ApiHost Api => portal.Api;

    [Fact]
    public async Task Delete_UnderTheKeyOfAPatch_Deletes()
    {
        using var program = await Api.ProgramAsync(Api.North);
        var id = (await program.CreateAsync("contacts", new { email = "patched@example.net" })).Text("id");

        var patched = await program.SendAsync(HttpMethod.Patch, $"contacts/{id}", new { }, "once");
        var deleted = await program.SendAsync(HttpMethod.Delete, $"contacts/{id}", key: "once");
        var gone = await program.SendAsync(HttpMethod.Get, $"contacts/{id}");

        Assert.Equal((200, 204, 404), (patched.Status, deleted.Status, gone.Status));
        Assert.False(deleted.WasReplayed);
    }

    [Fact]
    public async Task SameKey_SameBody_AnswersTheStoredAnswer_AlsoAfterTheThingIsGone()
    {
        using var program = await Api.ProgramAsync(Api.North);
        var body = new { email = "once@example.net" };

        var first = await program.CreateAsync("contacts", body, "order-1");
        var again = await program.CreateAsync("contacts", body, "order-1");
        await program.SendAsync(HttpMethod.Delete, $"contacts/{first.Text("id")}");
        var afterwards = await program.CreateAsync("contacts", body, "order-1");

        Assert.Equal((201, false), (first.Status, first.WasReplayed));
        Assert.Equal((201, true), (again.Status, again.WasReplayed));
        Assert.Equal(first.Body.ToString(), again.Body.ToString());
        Assert.Equal(first.Headers["Location"], again.Headers["Location"]);
        Assert.Equal((201, true), (afterwards.Status, afterwards.WasReplayed));
        Assert.Equal(404, (await program.SendAsync(HttpMethod.Get, $"contacts/{first.Text("id")}")).Status);
    }

    [Fact]
    public async Task SameKey_AnotherBody_IsRefused_AndAnotherTenantsOrPathsIsAnotherKey()
    {
        using var north = await Api.ProgramAsync(Api.North);
        using var south = await Api.ProgramAsync(Api.South);

        var first = await north.CreateAsync("contacts", new { email = "one@example.net" }, "shared");
        var other = await north.CreateAsync("contacts", new { email = "two@example.net" }, "shared");
        var elsewhere = await south.CreateAsync("contacts", new { email = "two@example.net" }, "shared");

        Assert.Equal(201, first.Status);
        Assert.Equal((422, "idempotency_key_reused"), (other.Status, other.Code));
        Assert.Equal((201, false), (elsewhere.Status, elsewhere.WasReplayed));
        Assert.Empty(await EmailsAsync(Api.North, "two@example.net"));
    }

    [Fact]
    public async Task Request_ThatWasRefused_MayComeAgainUnderItsKey()
    {
        using var reader = await Api.ProgramAsync(Api.North, "read");
        using var program = await Api.ProgramAsync(Api.North);

        var forbidden = await reader.CreateAsync("contacts", new { email = "again@example.net" }, "retry-1");
        var invalid = await program.CreateAsync("contacts", new { email = "again" }, "retry-1");
        var mended = await program.CreateAsync("contacts", new { email = "again@example.net" }, "retry-1");

        Assert.Equal((403, 422, 201), (forbidden.Status, invalid.Status, mended.Status));
    }

    [Fact]
    public async Task Replay_ByAKeyThatMayNotDoItAnyMore_IsRefused()
    {
        using var program = await Api.ProgramAsync(Api.North);
        using var reader = await Api.ProgramAsync(Api.North, "read");
        var body = new { email = "mine@example.net" };
        await program.CreateAsync("contacts", body, "replay-1");

        var reply = await reader.CreateAsync("contacts", body, "replay-1");

        Assert.Equal((403, "insufficient_scope", false), (reply.Status, reply.Code, reply.WasReplayed));
    }

    [PostgreSqlFact]
    public async Task Request_ThatWaitsForAnotherInstance_IsToldToComeAgain_AndThenCarriedOut()
    {
        using var program = await Api.ProgramAsync(Api.North);
        var body = new { email = "elsewhere@example.net" };
        ApiReply waited;
        await using (var other = new NpgsqlConnection(RealHost.ConnectionString(Api.Host.Folder)))
        {
            await other.OpenAsync();
            await using var transaction = await other.BeginTransactionAsync();
            await using var held = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", other);
            held.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"tenant/{Api.North.TenantId:N}" });
            await held.ExecuteNonQueryAsync();

            waited = await program.CreateAsync("contacts", body, "elsewhere-1");
        }

        var again = await program.CreateAsync("contacts", body, "elsewhere-1");

        Assert.Equal((409, "request_in_progress", "1"), (waited.Status, waited.Code, waited.Headers["Retry-After"]));
        Assert.Equal((201, false), (again.Status, again.WasReplayed));
        Assert.Equal(1, Api.Host.Get<PortalDb>().Safety.CountOf(SafetyMechanism.TenantBusy));
    }

    [Theory]
    [InlineData("caf\u00e9")]
    [InlineData("tab\there")]
    public async Task Key_WithOtherCharacters_IsRefused(string key)
    {
        using var program = await Api.ProgramAsync(Api.North);
        using var request = new HttpRequestMessage(HttpMethod.Post, "contacts")
        {
            Content = new StringContent("{\"email\":\"key@example.net\"}", Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);

        HttpResponseMessage answer;
        try
        {
            answer = await program.SendAsync(request);
        }
        catch (HttpRequestException)
        {
            // The client itself does not write such a header.
            return;
        }

        Assert.Equal(400, (int)answer.StatusCode);
        answer.Dispose();
    }

    [Fact]
    public async Task Key_OfMoreThan256Characters_IsRefused()
    {
        using var program = await Api.ProgramAsync(Api.North);

        var most = await program.CreateAsync("contacts", new { email = "k256@example.net" }, new string('k', 256));
        var more = await program.CreateAsync("contacts", new { email = "k257@example.net" }, new string('k', 257));

        Assert.Equal(201, most.Status);
        Assert.Equal((400, "invalid_idempotency_key"), (more.Status, more.Code));
    }

    [Fact]
    public async Task EightAtOnce_WithOneKey_CreateOne_AndAllGetItsAnswer()
    {
        using var program = await Api.ProgramAsync(Api.North);
        for (var round = 0; round < 20; round++)
        {
            var body = new { email = $"crowd{round}@example.net" };
            var replies = await Task.WhenAll(
                Enumerable.Range(0, 8).Select(_ => program.CreateAsync("contacts", body, $"crowd-{round}"))
            );

            Assert.All(replies, reply => Assert.Equal(201, reply.Status));
            Assert.Equal(7, replies.Count(reply => reply.WasReplayed));
            Assert.Single(replies.Select(reply => reply.Text("id")).Distinct());
        }
    }

    private async Task<IReadOnlyList<string>> EmailsAsync(TestMember tenant, string email)
    {
        await using var db = Api.Host.Get<PortalDb>().Read(tenant.Caller.Scope);
        return await db
            .Contacts.Where(contact => contact.Email == email)
            .Select(contact => contact.Email)
            .ToListAsync();
    }
}
