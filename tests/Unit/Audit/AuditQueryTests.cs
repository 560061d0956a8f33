using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using UnitTests.Support;

namespace UnitTests.Audit;

public sealed class AuditQueryTests
{
    [Fact]
    public async Task Pages_FollowTheKey_NewestFirst_WithoutGapOrRepeat()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        for (var i = 1; i <= 7; i++)
        {
            await WriteAsync(database, tenant, $"Campaign {i}");
        }

        var query = new AuditQuery(database.Db);
        var first = await query.ReadAsync(tenant.Scope, new AuditFilter(), null, default, size: 3);
        // What is written meanwhile stands before the first page and moves nothing.
        await WriteAsync(database, tenant, "Campaign 8");
        var second = await query.ReadAsync(tenant.Scope, new AuditFilter(), first.Older, default, size: 3);
        var third = await query.ReadAsync(tenant.Scope, new AuditFilter(), second.Older, default, size: 3);

        Assert.Equal([7L, 6, 5], first.Entries.Select(entry => entry.Sequence));
        Assert.Equal([4L, 3, 2], second.Entries.Select(entry => entry.Sequence));
        Assert.Equal([1L], third.Entries.Select(entry => entry.Sequence));
        Assert.Null(third.Older);
    }

    [Fact]
    public async Task PagesOfATime_GoOnWithoutGapOrRepeat_AlsoWithinOneInstant()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var start = database.Time.GetUtcNow();
        foreach (var minutes in new[] { 5, 1, 0, 0, 0, 3 })
        {
            database.Time.Advance(TimeSpan.FromMinutes(minutes));
            await WriteAsync(database, tenant, $"Campaign after {minutes}");
        }

        var found = new List<long>();
        var filter = new AuditFilter(From: start.AddMinutes(6), Until: start.AddMinutes(9));
        long? before = null;
        do
        {
            var page = await new AuditQuery(database.Db).ReadAsync(tenant.Scope, filter, before, default, size: 1);
            found.AddRange(page.Entries.Select(entry => entry.Sequence));
            before = page.Older;
        } while (before is not null);

        Assert.Equal([5L, 4, 3, 2], found);
    }

    [Fact]
    public async Task InstallationsLog_IsForOperatorsAlone_AndHasNoTenantsEntry_HoweverItIsAskedFor()
    {
        await using var database = await TestDatabase.CreateAsync();
        var north = await database.AddTenantAsync("north");
        await WriteAsync(database, north, "Spring");
        for (var i = 1; i <= 3; i++)
        {
            await database.Db.OperatorCommandAsync(
                Actor.CommandLine,
                (command, _) =>
                {
                    command.Audit("tenant.created", "tenant", $"{i}", "North");
                    return Task.FromResult(i);
                },
                default
            );
        }

        var query = new AuditQuery(database.Db);
        var export = new ExportAuditLog(database.Db, query);
        var verify = new VerifyAuditLog(
            database.Db,
            TestDatabase.AuditKeys,
            new AuditAnchorFiles(Path.Combine(database.Folder, "anchors"))
        );
        var all = new AuditFilter();
        var times = all with { From = database.Time.GetUtcNow().AddDays(-1) };
        var (first, timed) = (
            await query.ReadAsync(Actor.CommandLine, all, null, default, size: 2),
            await query.ReadAsync(Actor.CommandLine, times, 3, default)
        );
        var file = new List<AuditEntry>();
        await foreach (var entry in await export.ExecuteAsync(Actor.CommandLine, all, "csv", default))
        {
            file.Add(entry);
        }

        Assert.Equal([3L, 2], first.Entries.Select(entry => entry.Sequence));
        Assert.Equal([2L, 1], timed.Entries.Select(entry => entry.Sequence));
        Assert.Equal([3L, 2, 1], file.Select(entry => entry.Sequence));
        Assert.All(file.Concat(first.Entries).Concat(timed.Entries), entry => Assert.Equal(Guid.Empty, entry.TenantId));
        Assert.Empty((await query.ReadAsync(Actor.CommandLine, new(Target: "Spring"), null, default)).Entries);
        // The export is an entry of its own.
        Assert.Equal(4, (await verify.ExecuteAsync(Actor.CommandLine, default)).Entries);
        var owner = north.As(TenantRole.Owner).Actor;
        await Assert.ThrowsAsync<AccessDeniedException>(() => query.ReadAsync(owner, all, null, default));
        await Assert.ThrowsAsync<AccessDeniedException>(() => export.ExecuteAsync(owner, all, "csv", default));
        await Assert.ThrowsAsync<AccessDeniedException>(() => verify.ExecuteAsync(owner, default));
        await Assert.ThrowsAsync<AccessDeniedException>(() => verify.AnchorAsync(owner, default));
    }

    [Fact]
    public async Task OtherTenantsEntries_AreNotThere()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        await WriteAsync(database, north, "Spring");

        Assert.Empty((await ReadAsync(database, south, new AuditFilter())).Entries);
    }

    [Fact]
    public async Task Filters_Narrow_EachAloneAndTogether()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var start = database.Time.GetUtcNow();
        await WriteAsync(database, tenant, "Spring 100%", role: TenantRole.Admin, action: "campaign.launched");
        database.Time.Advance(TimeSpan.FromDays(1));
        await WriteAsync(database, tenant, "Spring sale", role: TenantRole.Owner, action: "campaign.paused");
        database.Time.Advance(TimeSpan.FromDays(1));
        await WriteAsync(database, tenant, "vip", role: TenantRole.Admin, action: "segment.created", kind: "segment");

        var admin = tenant.People[TenantRole.Admin].ToString();
        await AssertNamesAsync(new AuditFilter(Actor: admin), "vip", "Spring 100%");
        await AssertNamesAsync(new AuditFilter(Actor: "user"), "vip", "Spring sale", "Spring 100%");
        await AssertNamesAsync(new AuditFilter(Actor: "system"));
        await AssertNamesAsync(new AuditFilter(Actor: "nonsense"));
        await AssertNamesAsync(new AuditFilter(Action: "campaign"), "Spring sale", "Spring 100%");
        await AssertNamesAsync(new AuditFilter(Action: "campaign.paused"), "Spring sale");
        await AssertNamesAsync(new AuditFilter(Action: "camp"));
        await AssertNamesAsync(new AuditFilter(Target: "spring"), "Spring sale", "Spring 100%");
        await AssertNamesAsync(new AuditFilter(Target: "100%"), "Spring 100%");
        await AssertNamesAsync(new AuditFilter(Target: "%"), "Spring 100%");
        await AssertNamesAsync(new AuditFilter(Target: "segment:vip"), "vip");
        await AssertNamesAsync(new AuditFilter(From: start.AddDays(1)), "vip", "Spring sale");
        await AssertNamesAsync(new AuditFilter(Until: start.AddDays(1)), "Spring 100%");
        await AssertNamesAsync(new AuditFilter(admin, "campaign", "spring", start, start.AddDays(1)), "Spring 100%");

        async Task AssertNamesAsync(AuditFilter filter, params string[] names) =>
            Assert.Equal(names, (await ReadAsync(database, tenant, filter)).Entries.Select(entry => entry.TargetName));
    }

    private static Task<AuditPage> ReadAsync(TestDatabase database, TestTenant tenant, AuditFilter filter) =>
        new AuditQuery(database.Db).ReadAsync(tenant.Scope, filter, null, default);

    private static Task<int> WriteAsync(
        TestDatabase database,
        TestTenant tenant,
        string name,
        TenantRole role = TenantRole.Owner,
        string action = "campaign.created",
        string kind = "campaign"
    ) =>
        database.Db.CommandAsync(
            tenant.As(role),
            TenantRole.Viewer,
            (command, _) =>
            {
                command.Audit(action, kind, name, name);
                return Task.FromResult(0);
            },
            default
        );
}
