using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Segments;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Segments;

public sealed class AudienceTests
{
    [Fact]
    public async Task All_IsTheTenantsContactsAndNobodyElses()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        await database.AddContactAsync(north, "a@example.net");
        await database.AddContactAsync(south, "b@example.net");

        Assert.Equal(["a@example.net"], await AddressesAsync(database, north, Audience.All));
    }

    [Fact]
    public async Task WithTag_IsWhoeverHasIt_InThisTenant()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        await database.AddContactAsync(north, "a@example.net", "news");
        await database.AddContactAsync(north, "b@example.net", "other");
        await database.AddContactAsync(south, "c@example.net", "news");

        Assert.Equal(["a@example.net"], await AddressesAsync(database, north, db => Audience.WithTag(db, "news")));
        Assert.Empty(await AddressesAsync(database, south, db => Audience.WithTag(db, "other")));
    }

    [Theory]
    [InlineData(SegmentMatch.Any, new[] { "red" }, "a,ab")]
    [InlineData(SegmentMatch.All, new[] { "red" }, "a,ab")]
    [InlineData(SegmentMatch.Any, new[] { "red", "blue" }, "a,ab,b")]
    [InlineData(SegmentMatch.All, new[] { "red", "blue" }, "ab")]
    [InlineData(SegmentMatch.Any, new[] { "red", "nobody" }, "a,ab")]
    [InlineData(SegmentMatch.All, new[] { "red", "nobody" }, "")]
    [InlineData(SegmentMatch.Any, new string[0], "")]
    [InlineData(SegmentMatch.All, new string[0], "")]
    public async Task InSegment_AnyOrAllOfItsTags_EachContactOnce(SegmentMatch match, string[] tags, string expected)
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.AddContactAsync(tenant, "a@example.net", "red");
        await database.AddContactAsync(tenant, "b@example.net", "blue", "green");
        await database.AddContactAsync(tenant, "ab@example.net", "red", "blue", "green");
        await database.AddContactAsync(tenant, "none@example.net");
        var segmentId = await AddSegmentAsync(database, tenant, match, tags);
        var names = expected.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(name => $"{name}@example.net");

        Assert.Equal(names, await AddressesAsync(database, tenant, db => Audience.InSegment(db, segmentId)));
        Assert.Equal(names, await AddressesAsync(database, tenant, db => Audience.Matching(db, match, tags)));
    }

    [Fact]
    public async Task InSegment_OfAnotherTenantOrUnknown_IsNobody()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        await database.AddContactAsync(south, "a@example.net", "red");
        var segmentId = await AddSegmentAsync(database, north, SegmentMatch.Any, ["red"]);

        Assert.Empty(await AddressesAsync(database, south, db => Audience.InSegment(db, segmentId)));
        Assert.Empty(await AddressesAsync(database, south, db => Audience.InSegment(db, database.Ids.New())));
    }

    [Fact]
    public async Task InSegment_DeletedTagOfAContact_CountsNoMore()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var contactId = await database.AddContactAsync(tenant, "a@example.net", "red", "blue");
        var segmentId = await AddSegmentAsync(database, tenant, SegmentMatch.All, ["red", "blue"]);
        await database.Db.WriteAsync(
            tenant.Scope,
            (db, token) =>
                db.ContactTags.Where(tag => tag.ContactId == contactId && tag.Tag == "blue").ExecuteDeleteAsync(token),
            CancellationToken.None
        );

        Assert.Empty(await AddressesAsync(database, tenant, db => Audience.InSegment(db, segmentId)));
    }

    [Fact]
    public async Task Audience_WithTheInstallationsScope_IsRefused()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var db = database.Db.Read(TenantScope.Installation);

        Assert.Throws<InvalidOperationException>(() => Audience.All(db));
        Assert.Throws<InvalidOperationException>(() => Audience.WithTag(db, "red"));
        Assert.Throws<InvalidOperationException>(() => Audience.InSegment(db, Guid.Empty));
    }

    private static async Task<IEnumerable<string>> AddressesAsync(
        TestDatabase database,
        TestTenant tenant,
        Func<PortalDbContext, IQueryable<Contact>> audience
    )
    {
        await using var db = database.Db.Read(tenant.Scope);
        return await audience(db).OrderBy(contact => contact.Email).Select(contact => contact.Email).ToListAsync();
    }

    private static async Task<Guid> AddSegmentAsync(
        TestDatabase database,
        TestTenant tenant,
        SegmentMatch match,
        string[] tags
    )
    {
        var id = database.Ids.New();
        await database.Db.WriteAsync(
            tenant.Scope,
            (db, _) =>
            {
                db.Segments.Add(
                    new Segment
                    {
                        TenantId = tenant.Id,
                        Id = id,
                        Name = "Colours",
                        Match = match,
                        CreatedAt = database.Time.GetUtcNow(),
                        Tags =
                        [
                            .. tags.Select(tag => new SegmentTag
                            {
                                TenantId = tenant.Id,
                                SegmentId = id,
                                Tag = tag,
                            }),
                        ],
                    }
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );
        return id;
    }
}
