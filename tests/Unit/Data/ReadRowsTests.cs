using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Data;

public sealed class ReadRowsTests
{
    /// <summary>As if a wall before this one were not there: on PostgreSQL row-level security stands in the way too.</summary>
    [Fact]
    public async Task Row_OfAnotherTenant_ThatAQueryBringsPastItsFilter_IsNotReadAnywhere()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var contact = (await database.AddContactsAsync(north, 1, "tag"))[0];
        if (PostgreSqlServer.IsChosen)
        {
            await using var server = new Npgsql.NpgsqlConnection(database.ConnectionString);
            await server.OpenAsync();
            await using var open = new Npgsql.NpgsqlCommand(
                """CREATE POLICY hole ON "Contacts" USING (true); CREATE POLICY hole ON "ContactTags" USING (true)""",
                server
            );
            await open.ExecuteNonQueryAsync();
        }

        await using (var db = database.Db.Read(south.Scope))
        {
            Assert.Empty(await db.Contacts.ToListAsync());
#pragma warning disable RS0030 // What nothing of ours may do.
            await RefusedAsync(() => db.Contacts.IgnoreQueryFilters().ToListAsync());
            await RefusedAsync(() => db.Contacts.IgnoreQueryFilters().Include(row => row.Tags).ToListAsync());
            await RefusedAsync(() =>
                db.Contacts.IgnoreQueryFilters().AsTracking().SingleAsync(row => row.Id == contact)
            );
            await RefusedAsync(() =>
                db.Contacts.FromSql($"""SELECT * FROM "Contacts" """).IgnoreQueryFilters().ToListAsync()
            );
        }

        await RefusedAsync(() =>
            database.Db.ReadSnapshotAsync(
                south.Scope,
                (db, token) => db.Contacts.IgnoreQueryFilters().ToListAsync(token),
                CancellationToken.None
            )
        );
        await RefusedAsync(() =>
            database.Db.WriteAsync(
                south.Scope,
                (db, token) => db.Contacts.IgnoreQueryFilters().ToListAsync(token),
                CancellationToken.None
            )
        );
        await using (var nobodys = database.Db.CreateForIdentity())
        {
            await RefusedAsync(() => nobodys.Contacts.IgnoreQueryFilters().ToListAsync());
        }

#pragma warning restore RS0030
        await using var ours = database.Db.Read(north.Scope);
        Assert.Single(await ours.Contacts.Include(row => row.Tags).ToListAsync());

        async Task RefusedAsync<T>(Func<Task<T>> read)
        {
            var refused = await Assert.ThrowsAsync<ForeignTenantException>(read);
            Assert.Equal("A Contact of another tenant was about to be read.", refused.Message);
        }
    }
}
