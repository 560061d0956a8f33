using System.Diagnostics;
using Ledgerpost.Segments;
using Ledgerpost.Tenancy;
using Microsoft.Data.Sqlite;
using UnitTests.Support;
using Xunit.Abstractions;

namespace UnitTests.Contacts;

[Trait("Category", "Long")]
public sealed class ContactListAtScaleTests(ITestOutputHelper output)
{
    // What it takes is printed and not asserted: a limit in milliseconds fails with the machine, not with the product.
    [Fact]
    public async Task List_OfAMillion_FindsExactlyWhoEachFilterMeans()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await FillAsync(database, tenant, 1_000_000);
        var list = new ContactList(database.Db);
        var segmentId = await AddSegmentAsync(database, tenant);
        var cases = new (string Name, ContactFilter Filter, ContactSort Sort, int Offset, int Found)[]
        {
            ("everybody", new(), ContactSort.Newest, 0, 1_000_000),
            ("everybody by address", new(), ContactSort.Address, 0, 1_000_000),
            ("last page", new(), ContactSort.Newest, 999_950, 1_000_000),
            ("last page by address", new(), ContactSort.Address, 999_950, 1_000_000),
            ("common word", new("person"), ContactSort.Newest, 0, 1_000_000),
            ("rare word", new("person-777777@"), ContactSort.Newest, 0, 1),
            ("two words", new("ada 77"), ContactSort.Address, 0, 3_691),
            ("nobody", new("nobody-at-all"), ContactSort.Newest, 0, 0),
            ("big tag", new(Tag: "even"), ContactSort.Newest, 0, 500_000),
            ("small tag", new(Tag: "rare"), ContactSort.Newest, 0, 200),
            ("subscribed", new(Subscribed: true), ContactSort.Newest, 0, 980_000),
            ("unsubscribed", new(Subscribed: false), ContactSort.Newest, 0, 20_000),
            ("segment", new(SegmentId: segmentId), ContactSort.Newest, 0, 200),
            ("all at once", new("ada", "even", true, segmentId), ContactSort.Newest, 0, 0),
        };
        foreach (var (name, filter, sort, offset, found) in cases)
        {
            var clock = Stopwatch.StartNew();
            var page = await list.ExecuteAsync(tenant.As(TenantRole.Viewer), filter, sort, offset, 50);
            output.WriteLine($"{name, -22} {clock.ElapsedMilliseconds, 6:N0} ms  {page.Total, 9:N0} found");
            Assert.Equal((name, found), (name, page.Total));
        }
    }

    private static async Task FillAsync(TestDatabase database, TestTenant tenant, int count)
    {
        await using var connection = new SqliteConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @count)
            INSERT INTO Contacts (TenantId, Id, Email, NormalizedEmail, FirstName, LastName, Search, CreatedAt, UpdatedAt)
            SELECT @tenant, printf('%08X-0000-7000-8000-000000000000', i), a.address, a.address, a.name, 'Lovelace',
                a.address || ' ' || lower(a.name) || ' lovelace', 1700000000000000 + i * 1000, 1700000000000000
            FROM (
                SELECT i, 'person-' || i || '@mail' || (i % 50) || '.example' AS address,
                    CASE i % 10 WHEN 0 THEN 'Ada' ELSE 'Grace' END AS name
                FROM n
            ) AS a;
            INSERT INTO ContactTags (TenantId, ContactId, Tag)
            SELECT TenantId, Id, 'even' FROM Contacts WHERE rowid % 2 = 0;
            INSERT INTO ContactTags (TenantId, ContactId, Tag)
            SELECT TenantId, Id, 'rare' FROM Contacts WHERE rowid % 5000 = 0;
            INSERT INTO SuppressedAddresses (TenantId, Id, NormalizedEmail, Reason, CreatedAt)
            SELECT TenantId, Id, NormalizedEmail, 'Unsubscribed', 1700000000000000 FROM Contacts WHERE rowid % 50 = 0;
            """;
        command.Parameters.AddWithValue("@count", count);
        command.Parameters.AddWithValue("@tenant", tenant.Id.ToString().ToUpperInvariant());
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<Guid> AddSegmentAsync(TestDatabase database, TestTenant tenant)
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
                        Name = "Both",
                        Match = SegmentMatch.All,
                        CreatedAt = database.Time.GetUtcNow(),
                        Tags =
                        [
                            new SegmentTag
                            {
                                TenantId = tenant.Id,
                                SegmentId = id,
                                Tag = "even",
                            },
                            new SegmentTag
                            {
                                TenantId = tenant.Id,
                                SegmentId = id,
                                Tag = "rare",
                            },
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
