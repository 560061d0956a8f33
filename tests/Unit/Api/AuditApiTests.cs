namespace UnitTests.Api;

/// <summary>The log, by programs.</summary>
public sealed class AuditApiTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    private ApiHost Api => portal.Api;

    [Fact]
    public async Task Log_IsPagedByItsNumbers_Filtered_AndOfOneTenantAlone()
    {
        using var program = await Api.ProgramAsync(Api.North);
        using var south = await Api.ProgramAsync(Api.South);
        await south.CreateAsync("contacts", new { email = "southern@example.net" });
        var id = (await program.CreateAsync("contacts", new { email = "audited@example.net" })).Text("id");
        await program.SendAsync(HttpMethod.Patch, $"contacts/{id}", new { first_name = "Ada" });

        var first = await program.SendAsync(HttpMethod.Get, "audit?limit=1&actor=program");
        var second = await program.SendAsync(
            HttpMethod.Get,
            $"audit?limit=1&actor=program&cursor={first.Text("next_cursor")}"
        );
        var exact = await program.SendAsync(HttpMethod.Get, $"audit?target=contact:{id}&action=contact.changed");
        var before = await program.SendAsync(HttpMethod.Get, "audit?to=2020-01-01T00:00:00Z");
        var all = await program.SendAsync(HttpMethod.Get, "audit?limit=200&from=2020-01-01T00:00:00Z");

        var newest = Assert.Single(first.Body.GetProperty("data").EnumerateArray());
        Assert.Equal("contact.changed", newest.GetProperty("action").GetString());
        Assert.Equal("program", newest.GetProperty("actor").GetProperty("kind").GetString());
        Assert.Equal(id, newest.GetProperty("target").GetProperty("id").GetString());
        Assert.True(newest.GetProperty("details").TryGetProperty("after", out _));
        var older = Assert.Single(second.Body.GetProperty("data").EnumerateArray());
        Assert.Equal(newest.GetProperty("sequence").GetInt64() - 1, older.GetProperty("sequence").GetInt64());
        Assert.Single(exact.Body.GetProperty("data").EnumerateArray());
        Assert.Empty(before.Body.GetProperty("data").EnumerateArray());
        Assert.DoesNotContain("southern", all.Body.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_IsForScopeAdmin_AndFaultyTimesAreNamed()
    {
        using var reader = await Api.ProgramAsync(Api.North, "read", "contacts", "send");
        using var admin = await Api.ProgramAsync(Api.North, "admin");

        var denied = await reader.SendAsync(HttpMethod.Get, "audit");
        var wrong = await admin.SendAsync(HttpMethod.Get, "audit?from=yesterday");

        Assert.Equal((403, "insufficient_scope"), (denied.Status, denied.Code));
        Assert.Equal((422, "from"), (wrong.Status, Assert.Single(wrong.WrongFields)));
    }

    [Fact]
    public async Task KeyThatIsUsed_DeniedOrRevoked_StandsInTheLog_OnceWithHowOften_ForWhoMadeIt()
    {
        using var admin = await Api.ProgramAsync(Api.South, "admin");
        using var reader = await Api.ProgramAsync(Api.South, "read");
        for (var i = 0; i < 15; i++)
        {
            await reader.SendAsync(HttpMethod.Delete, $"api-keys/{Guid.NewGuid()}");
        }

        var log = await RowsAsync(admin, "audit?action=request.denied&limit=200");
        var used = await RowsAsync(admin, "audit?action=api_key.used&limit=200");

        Assert.Equal(10, log.Count);
        Assert.Equal("revokeApiKey", log[0].GetProperty("target").GetProperty("id").GetString());
        Assert.Equal("needs_admin", log[0].GetProperty("details").GetProperty("reason").GetString());
        Assert.Equal("program", log[0].GetProperty("actor").GetProperty("kind").GetString());
        Assert.Equal("Owner of south", log[0].GetProperty("actor").GetProperty("on_behalf_of").GetString());
        Assert.Equal("127.0.0.1", log[0].GetProperty("from").GetString());
        var reading = log[0].GetProperty("actor").GetProperty("id").GetString();
        Assert.Single(used, entry => entry.GetProperty("target").GetProperty("id").GetString() == reading);

        Assert.Equal(204, (await admin.SendAsync(HttpMethod.Delete, $"api-keys/{reading}")).Status);
        Assert.Equal(401, (await reader.SendAsync(HttpMethod.Get, "contacts")).Status);
        var refused = Assert.Single(await RowsAsync(admin, "audit?action=api_key.refused"));
        Assert.Equal(reading, refused.GetProperty("target").GetProperty("id").GetString());
    }

    [Fact]
    public async Task Export_HasWhatTheFiltersFind_IsAuditedItself_AndHoldsNoFormulas()
    {
        using var program = await Api.ProgramAsync(Api.North);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(201, (await program.CreateAsync("segments", new { name = $"=cmd{i}()" })).Status);
        }

        var csv = await program.GetStringAsync("audit/export?action=segment.created");
        var json = await program.SendAsync(HttpMethod.Get, "audit/export?format=json&action=segment.created");
        var wrong = await program.SendAsync(HttpMethod.Get, "audit/export?format=xml");
        var exports = await RowsAsync(program, "audit?action=audit.exported");

        var lines = csv.TrimEnd().Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.StartsWith("sequence,at,actor_kind,", lines[0].TrimStart('\uFEFF'), StringComparison.Ordinal);
        Assert.Contains("'=cmd2()", lines[1], StringComparison.Ordinal);
        Assert.DoesNotContain(",=cmd", csv, StringComparison.Ordinal);
        var entries = json.Body.EnumerateArray().ToList();
        Assert.Equal(
            ["=cmd2()", "=cmd1()", "=cmd0()"],
            entries.Select(one => one.GetProperty("target").GetProperty("name").GetString())
        );
        Assert.Equal((422, "format"), (wrong.Status, Assert.Single(wrong.WrongFields)));
        Assert.Equal(
            ["json", "csv"],
            exports.Select(entry => entry.GetProperty("details").GetProperty("format").GetString())
        );
        Assert.Equal("segment.created", exports[0].GetProperty("details").GetProperty("action").GetString());
    }

    private static async Task<List<System.Text.Json.JsonElement>> RowsAsync(HttpClient program, string path) =>
        [.. (await program.SendAsync(HttpMethod.Get, path)).Body.GetProperty("data").EnumerateArray()];
}
