using Ledgerpost.Segments;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Contacts;

public sealed class ContactListTests
{
    [Fact]
    public async Task List_OfATenant_ShowsNobodyOfAnother()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var contactId = await database.AddContactAsync(north, "a@example.net", "news");
        var list = new ContactList(database.Db);

        Assert.Equal(1, (await PageAsync(list, north, new ContactFilter())).Total);
        Assert.Equal(0, (await PageAsync(list, south, new ContactFilter())).Total);
        Assert.Empty((await PageAsync(list, south, new ContactFilter(Search: "a@", Tag: "news"))).Rows);
        Assert.NotNull(await list.FindAsync(north.As(TenantRole.Viewer), contactId));
        Assert.Null(await list.FindAsync(south.As(TenantRole.Viewer), contactId));
        Assert.Empty(await list.TagsAsync(south.As(TenantRole.Viewer)));
    }

    [Theory]
    [InlineData("asa", "asa@example.net,o@example.net")]
    [InlineData("ÅSA", "asa@example.net,o@example.net")]
    [InlineData("öberg", "o@example.net")]
    [InlineData("  asa   oberg ", "o@example.net")]
    [InlineData("@example.org", "third@example.org")]
    [InlineData("100%", "")]
    [InlineData("_", "")]
    [InlineData("nobody", "")]
    [InlineData("", "asa@example.net,o@example.net,third@example.org")]
    public async Task Search_LooksAtAddressAndNames_WhateverCaseAndAccents(string search, string expected)
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var add = new Ledgerpost.Contacts.AddContact(database.Db);
        await add.ExecuteAsync(tenant.As(TenantRole.Editor), new("Asa@example.net", null, "Berg", null));
        await add.ExecuteAsync(tenant.As(TenantRole.Editor), new("o@example.net", "Åsa", "Öberg", null));
        await add.ExecuteAsync(tenant.As(TenantRole.Editor), new("third@example.org", "Ada", "Lovelace", null));

        var page = await PageAsync(new ContactList(database.Db), tenant, new ContactFilter(Search: search));

        Assert.Equal(
            expected.Split(',', StringSplitOptions.RemoveEmptyEntries),
            page.Rows.Select(row => row.Email.ToLowerInvariant())
        );
        Assert.Equal(page.Rows.Count, page.Total);
    }

    [Fact]
    public async Task Subscribed_FollowsTheSuppressionList_ByAddress()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        await database.AddContactsAsync(north, 3);
        await SuppressAsync(database, north, "person2@example.net");
        await SuppressAsync(database, north, "not-a-contact@example.net");
        await SuppressAsync(database, south, "person3@example.net");
        var list = new ContactList(database.Db);

        var subscribed = await PageAsync(list, north, new ContactFilter(Subscribed: true));
        var others = await PageAsync(list, north, new ContactFilter(Subscribed: false));

        Assert.Equal(["person1@example.net", "person3@example.net"], subscribed.Rows.Select(row => row.Email));
        Assert.Equal(2, subscribed.Total);
        Assert.All(subscribed.Rows, row => Assert.Null(row.Suppression));
        Assert.Equal("person2@example.net", Assert.Single(others.Rows).Email);
        Assert.Equal(SuppressionReason.Bounced, others.Rows[0].Suppression);
        Assert.Equal(1, others.Total);
    }

    [Fact]
    public async Task Row_HasItsEntryOfTheSuppressionList_WhichIsAskedOnce()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.AddContactsAsync(tenant, 2);
        await SuppressAsync(database, tenant, "person2@example.net");
        using var statements = StatementLog.Of(database.ConnectionString);

        var page = await PageAsync(new ContactList(database.Db), tenant, new ContactFilter());

        var asked = statements.Take().Sum(text => text.Split("\"SuppressedAddresses\"").Length - 1);
        Assert.Equal(1, asked);
        await using var db = database.Db.Read(tenant.Scope);
        var entry = await db.SuppressedAddresses.SingleAsync();
        var (mailed, suppressed) = (page.Rows[0], page.Rows[1]);
        Assert.Equal((null, null), (mailed.Suppression, mailed.SuppressionId));
        Assert.Equal((SuppressionReason.Bounced, entry.Id), (suppressed.Suppression, suppressed.SuppressionId));
    }

    [Theory]
    [InlineData(ContactSort.Address, 0, "person10,person1,person2")]
    [InlineData(ContactSort.AddressDescending, 0, "person9,person8,person7")]
    [InlineData(ContactSort.Address, 9, "person9")]
    [InlineData(ContactSort.Address, 10, "")]
    public async Task List_SortedAndPaged_HoldsItsOrder(ContactSort sort, int offset, string expected)
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.AddContactsAsync(tenant, 10);
        var list = new ContactList(database.Db);

        foreach (var filter in new[] { new ContactFilter(), new ContactFilter(Search: "example") })
        {
            var page = await list.ExecuteAsync(tenant.As(TenantRole.Viewer), filter, sort, offset, 3);

            Assert.Equal(10, page.Total);
            Assert.Equal(
                expected.Split(',', StringSplitOptions.RemoveEmptyEntries),
                page.Rows.Select(row => row.Email.Split('@')[0])
            );
        }
    }

    [Fact]
    public async Task List_NewestAndOldest_AreTheReverseOfEachOther()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.AddContactAsync(tenant, "first@example.net");
        database.Time.Advance(TimeSpan.FromDays(1));
        await database.AddContactsAsync(tenant, 5);
        var list = new ContactList(database.Db);

        foreach (var filter in new[] { new ContactFilter(), new ContactFilter(Search: "example") })
        {
            var newest = await list.ExecuteAsync(tenant.As(TenantRole.Viewer), filter, ContactSort.Newest, 0, 50);
            var oldest = await list.ExecuteAsync(tenant.As(TenantRole.Viewer), filter, ContactSort.Oldest, 0, 50);

            Assert.Equal("first@example.net", oldest.Rows[0].Email);
            Assert.Equal(newest.Rows.Select(row => row.Id), oldest.Rows.Select(row => row.Id).Reverse());
        }
    }

    [Fact]
    public async Task Row_HasTagsInOrder_AndTagsAreCounted()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.AddContactAsync(tenant, "a@example.net", "news", "beta");
        await database.AddContactAsync(tenant, "b@example.net", "news");
        var list = new ContactList(database.Db);

        var page = await PageAsync(list, tenant, new ContactFilter(Tag: "beta"));

        Assert.Equal(["beta", "news"], Assert.Single(page.Rows).Tags);
        Assert.Equal(
            [new TagCount("beta", 1), new TagCount("news", 2)],
            await list.TagsAsync(tenant.As(TenantRole.Viewer))
        );
    }

    private static Task<ContactPage> PageAsync(ContactList list, TestTenant tenant, ContactFilter filter) =>
        list.ExecuteAsync(tenant.As(TenantRole.Viewer), filter, ContactSort.Address, 0, 50);

    private static Task SuppressAsync(TestDatabase database, TestTenant tenant, string address) =>
        database.Db.WriteAsync(
            tenant.Scope,
            (db, token) =>
                Suppress.AddAsync(
                    db,
                    tenant.Id,
                    address,
                    SuppressionReason.Bounced,
                    null,
                    database.Time.GetUtcNow(),
                    database.Ids,
                    token
                ),
            CancellationToken.None
        );
}
