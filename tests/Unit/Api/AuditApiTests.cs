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
}
