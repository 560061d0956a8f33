using System.Text.Json;

namespace UnitTests.Api;

/// <summary>Keys that make and revoke keys.</summary>
public sealed class ApiKeysApiTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    private ApiHost Api => portal.Api;

    [Fact]
    public async Task Key_MadeByAKey_Works_IsListedWithoutItsText_AndEndsWhenRevoked()
    {
        using var admin = await Api.ProgramAsync(Api.North);
        var body = new { name = "Nightly import", scopes = new[] { "contacts", "read" } };

        var made = await admin.CreateAsync("api-keys", body, "key-1");
        var replayed = await admin.CreateAsync("api-keys", body, "key-1");
        var (id, key) = (made.Text("id"), made.Text("key")!);
        using var theirs = Api.Client(key);
        var used = await theirs.SendAsync(HttpMethod.Get, "contacts");
        var listed = await admin.SendAsync(HttpMethod.Get, "api-keys?limit=200");
        var revoked = await admin.SendAsync(HttpMethod.Delete, $"api-keys/{id}");
        var again = await admin.SendAsync(HttpMethod.Delete, $"api-keys/{id}");
        var refused = await theirs.SendAsync(HttpMethod.Get, "contacts");

        Assert.Equal((201, "Nightly import"), (made.Status, made.Text("name")));
        Assert.Equal(["read", "contacts"], made.Body.GetProperty("scopes").EnumerateArray().Select(s => s.GetString()));
        Assert.Equal(
            (201, true, "", id),
            (replayed.Status, replayed.WasReplayed, replayed.Text("key"), replayed.Text("id"))
        );
        Assert.Equal(200, used.Status);
        var row = listed
            .Body.GetProperty("data")
            .EnumerateArray()
            .Single(row => row.GetProperty("id").GetString() == id);
        Assert.Equal(key[^4..], row.GetProperty("ending").GetString());
        Assert.Equal("", made.Text("last_used_at"));
        Assert.Equal(JsonValueKind.String, row.GetProperty("last_used_at").ValueKind);
        Assert.DoesNotContain(key, listed.Body.ToString(), StringComparison.Ordinal);
        Assert.Equal((204, 404), (revoked.Status, again.Status));
        Assert.Equal((401, "invalid_api_key"), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task Key_BeyondOnesOwnScopes_OrWithFaults_IsRefused()
    {
        using var narrow = await Api.ProgramAsync(Api.North, "admin", "read");
        using var reader = await Api.ProgramAsync(Api.North, "read", "contacts", "send");

        var wider = await narrow.CreateAsync("api-keys", new { name = "Wider", scopes = new[] { "send" } });
        var all = await narrow.CreateAsync("api-keys", new { name = "All of them" });
        var wrong = await narrow.CreateAsync(
            "api-keys",
            new
            {
                name = "",
                scopes = new[] { "root" },
                key = "mine",
            }
        );
        var denied = await reader.SendAsync(HttpMethod.Get, "api-keys");

        Assert.Equal((422, "scopes"), (wider.Status, Assert.Single(wider.WrongFields)));
        Assert.Equal((422, "scopes"), (all.Status, Assert.Single(all.WrongFields)));
        Assert.Equal(["key", "name", "scopes"], wrong.WrongFields.Order(StringComparer.Ordinal));
        Assert.Equal((403, "insufficient_scope"), (denied.Status, denied.Code));
    }

    [Fact]
    public async Task Key_OfAnotherTenant_AnswersExactlyAsAnUnknownOne()
    {
        using var north = await Api.ProgramAsync(Api.North);
        using var south = await Api.ProgramAsync(Api.South);
        var made = await south.CreateAsync("api-keys", new { name = "Of the south" });
        using var theirs = Api.Client(made.Text("key"));

        var foreign = await north.SendAsync(HttpMethod.Delete, $"api-keys/{made.Text("id")}");
        var unknown = await north.SendAsync(HttpMethod.Delete, $"api-keys/{Guid.NewGuid()}");
        var listed = await north.SendAsync(HttpMethod.Get, "api-keys?limit=200");

        Assert.Equal((404, unknown.Body.ToString()), (foreign.Status, foreign.Body.ToString()));
        Assert.DoesNotContain("Of the south", listed.Body.ToString(), StringComparison.Ordinal);
        Assert.Equal(200, (await theirs.SendAsync(HttpMethod.Get, "api-keys")).Status);
    }
}
