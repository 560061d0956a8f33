using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Api;

/// <summary>What an operator's program does to tenants.</summary>
public sealed class TenantsApiTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    private ApiHost Api => portal.Api;

    [Fact]
    public async Task Tenant_IsMade_Read_AndChanged_AndStandsInBothLogs()
    {
        using var program = Api.Client(ApiHost.OperatorKey);

        var made = await program.CreateAsync("tenants", new { name = "Ünïted Gärden & Söns" });
        var id = made.Text("id");
        var read = await program.SendAsync(HttpMethod.Get, $"tenants/{id}");
        var changed = await program.SendAsync(HttpMethod.Patch, $"tenants/{id}", new { time_zone = "Europe/Berlin" });

        Assert.Equal((201, "united-garden-sons"), (made.Status, made.Text("slug")));
        Assert.Equal($"/api/v1/tenants/{id}", made.Headers["Location"]);
        Assert.Equal(made.Body.ToString(), read.Body.ToString());
        Assert.Equal((200, "Europe/Berlin"), (changed.Status, changed.Text("time_zone")));
        Assert.Equal(made.Text("name"), changed.Text("name"));
        await using var db = Api.Host.Get<PortalDb>().Read(TenantScope.Installation);
        var entries = await db
            .AuditEntries.Where(entry => entry.TargetId == id)
            .OrderBy(entry => entry.TenantId)
            .ThenBy(entry => entry.Sequence)
            .Select(entry => new { entry.TenantId, entry.Action })
            .ToListAsync();
        Assert.Equal(
            [
                (Guid.Empty, "tenant.created"),
                (Guid.Empty, "tenant.changed"),
                (Guid.Parse(id!), "tenant.created"),
                (Guid.Parse(id!), "tenant.changed"),
            ],
            entries.Select(entry => (entry.TenantId, entry.Action))
        );
    }

    [Fact]
    public async Task Tenant_WithATakenSlug_OrSeveralFaults_IsRefused()
    {
        using var program = Api.Client(ApiHost.OperatorKey);

        var taken = await program.CreateAsync("tenants", new { name = "North again", slug = "north" });
        var wrong = await program.CreateAsync(
            "tenants",
            new
            {
                name = " ",
                slug = "No Way",
                owner = "a@b.test",
            }
        );
        var nameless = await program.CreateAsync("tenants", new { });
        var wordless = await program.CreateAsync("tenants", new { name = "東京" });
        var zone = await program.SendAsync(
            HttpMethod.Patch,
            $"tenants/{Api.North.TenantId}",
            new { name = "", time_zone = "Nowhere/Land" }
        );

        Assert.Equal((409, "already_exists", $"{Api.North.TenantId}"), (taken.Status, taken.Code, taken.Text("id")));
        Assert.Equal((422, "validation_failed"), (wrong.Status, wrong.Code));
        Assert.Equal(["name", "owner", "slug"], wrong.WrongFields.Order(StringComparer.Ordinal));
        Assert.Equal(["name"], nameless.WrongFields);
        Assert.Equal(["slug"], wordless.WrongFields);
        Assert.Equal(["name", "time_zone"], zone.WrongFields.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Tenant_IsDeleted_ShowsHowFarItIs_AndIsThenUnknown()
    {
        using var program = Api.Client(ApiHost.OperatorKey);
        using var north = await Api.ProgramAsync(Api.North);
        var id = (await program.CreateAsync("tenants", new { name = "Soon gone" })).Text("id");

        var refused = await north.SendAsync(HttpMethod.Delete, $"tenants/{id}");
        var begun = await program.SendAsync(HttpMethod.Delete, $"tenants/{id}");
        var change = await program.SendAsync(HttpMethod.Patch, $"tenants/{id}", new { name = "Too late" });
        var shown = await program.SendAsync(HttpMethod.Get, $"tenants/{id}");
        for (var i = 0; shown.Status == 200 && i < 200; i++)
        {
            Assert.Equal("deleting", shown.Text("status"));
            await Task.Delay(50);
            shown = await program.SendAsync(HttpMethod.Get, $"tenants/{id}");
        }

        Assert.Equal((403, 202, 404), (refused.Status, begun.Status, change.Status));
        Assert.Equal("deleting", begun.Text("status"));
        Assert.Equal((404, "not_found"), (shown.Status, shown.Code));
        Assert.Equal(404, (await program.SendAsync(HttpMethod.Delete, $"tenants/{id}")).Status);
    }

    [Fact]
    public async Task Tenants_ArePagedNewestFirst_AndUnknownToTenantsKeys()
    {
        using var program = Api.Client(ApiHost.OperatorKey);
        using var north = await Api.ProgramAsync(Api.North);
        await program.CreateAsync("tenants", new { name = "Page one", slug = "page-one" });
        await program.CreateAsync("tenants", new { name = "Page two", slug = "page-two" });

        var first = await program.SendAsync(HttpMethod.Get, "tenants?limit=1");
        var cursor = first.Text("next_cursor");
        var second = await program.SendAsync(HttpMethod.Get, $"tenants?limit=1&cursor={cursor}");
        var denied = await north.SendAsync(HttpMethod.Get, $"tenants/{Api.North.TenantId}");
        var unknown = await program.SendAsync(HttpMethod.Get, $"tenants/{Guid.NewGuid()}");

        Assert.NotEqual(first.Body.ToString(), second.Body.ToString());
        Assert.Equal(1, second.Body.GetProperty("data").GetArrayLength());
        Assert.Equal((403, "insufficient_scope"), (denied.Status, denied.Code));
        Assert.Equal((404, "not_found"), (unknown.Status, unknown.Code));
    }

    [Fact]
    public async Task FirstKey_OfATenantWithoutAnOwner_Works_AndIsKeptNowhere()
    {
        using var program = Api.Client(ApiHost.OperatorKey);
        var tenant = (await program.CreateAsync("tenants", new { name = "Unattended" })).Text("id");
        var path = $"tenants/{tenant}/api-keys";
        var body = new { name = "Set-up", scopes = new[] { "contacts" } };

        var made = await program.CreateAsync(path, body, "first-key");
        var again = await program.CreateAsync(path, body, "first-key");
        var key = made.Text("key")!;
        using var theirs = Api.Client(key);

        Assert.Equal((201, false), (made.Status, made.WasReplayed));
        Assert.StartsWith("lp_", key, StringComparison.Ordinal);
        Assert.Equal((201, true, ""), (again.Status, again.WasReplayed, again.Text("key")));
        Assert.Equal(made.Text("id"), again.Text("id"));
        Assert.Equal(201, (await theirs.CreateAsync("contacts", new { email = "first@example.net" })).Status);
        await using var db = Api.Host.Get<PortalDb>().Read(TenantScope.Installation);
        Assert.DoesNotContain(await db.IdempotencyRecords.ToListAsync(), row => row.Body?.Contains(key) == true);
    }

    [Fact]
    public async Task FirstKey_IsMadeOnce_AlsoWhenItWasRevoked()
    {
        using var program = Api.Client(ApiHost.OperatorKey);
        var tenant = (await program.CreateAsync("tenants", new { name = "Used by a program" })).Text("id");
        var path = $"tenants/{tenant}/api-keys";
        var first = await program.CreateAsync(path, new { name = "Shop" });
        using var theirs = Api.Client(first.Text("key")!);
        await theirs.CreateAsync("contacts", new { email = "content@example.net" });

        var second = await program.CreateAsync(path, new { name = "Curious", scopes = new[] { "read" } });
        var revoked = await theirs.SendAsync(HttpMethod.Delete, $"api-keys/{first.Text("id")}");
        var third = await program.CreateAsync(path, new { name = "Curious", scopes = new[] { "read" } });

        Assert.Equal((409, "tenant_has_key"), (second.Status, second.Code));
        Assert.Equal(204, revoked.Status);
        Assert.Equal((409, "tenant_has_key"), (third.Status, third.Code));
        await using var db = Api.Host.Get<PortalDb>().Read(TenantScope.Installation);
        Assert.Equal(1, await db.ApiKeys.CountAsync(row => row.TenantId == Guid.Parse(tenant!)));
    }

    [Fact]
    public async Task FirstKey_OfATenantWithAnOwner_OrOfNone_IsRefused()
    {
        using var program = Api.Client(ApiHost.OperatorKey);

        var owned = await program.CreateAsync($"tenants/{Api.North.TenantId}/api-keys", new { name = "Mine" });
        var none = await program.CreateAsync($"tenants/{Guid.NewGuid()}/api-keys", new { name = "Mine" });
        var wrong = await program.CreateAsync(
            $"tenants/{Api.North.TenantId}/api-keys",
            new { name = " ", scopes = new[] { "everything" } }
        );

        Assert.Equal((409, "tenant_has_owner"), (owned.Status, owned.Code));
        Assert.Equal((404, "not_found"), (none.Status, none.Code));
        Assert.Equal(["name", "scopes"], wrong.WrongFields.Order(StringComparer.Ordinal));
    }
}
