using Ledgerpost.Campaigns;
using Ledgerpost.Segments;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Contacts;
using UnitTests.Support;

namespace UnitTests.Segments;

public sealed class SegmentCommandTests
{
    [Fact]
    public async Task Segment_CreatedAndChanged_CountsItsContacts()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var editor = tenant.As(TenantRole.Editor);
        await database.AddContactAsync(tenant, "a@example.net", "red");
        await database.AddContactAsync(tenant, "b@example.net", "red", "blue");
        var id = await CreateAsync(database, editor, new(" Reds ", SegmentMatch.Any, "Red"));

        Assert.Equal(
            new SegmentSize(1, 1),
            await new SegmentList(database.Db).CountAsync(editor, SegmentMatch.All, ["red", "blue"])
        );
        await new ChangeSegment(database.Db).ExecuteAsync(editor, id, _ => new("Both", SegmentMatch.All, "red, blue"));

        var row = Assert.Single(await new SegmentList(database.Db).ExecuteAsync(tenant.As(TenantRole.Viewer)));
        Assert.Equal(("Both", SegmentMatch.All, 1), (row.Name, row.Match, row.Contacts));
        Assert.Equal(["blue", "red"], row.Tags);
        await using var db = database.Db.Read(tenant.Scope);
        Assert.Equal(
            ["segment.created", "segment.changed"],
            await db.AuditEntries.OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync()
        );
    }

    [Theory]
    [InlineData("", "red", "Name")]
    [InlineData("a\u202eb", "red", "Name")]
    [InlineData("Taken", "red", "Name")]
    [InlineData("Free", "", "Tags")]
    [InlineData("Free", "a\u0000b", "Tags")]
    public async Task Create_OfWhatCannotBe_NamesTheField(string name, string tags, string field)
    {
        await using var database = await TestDatabase.CreateAsync();
        var editor = (await database.AddTenantAsync("north")).As(TenantRole.Editor);
        await CreateAsync(database, editor, new("Taken", SegmentMatch.Any, "red"));

        var outcome = await new CreateSegment(database.Db).ExecuteAsync(editor, new(name, SegmentMatch.Any, tags));

        Assert.Equal(field, Assert.Single(Assert.IsType<SegmentOutcome.Invalid>(outcome).Errors).Field);
    }

    [Fact]
    public async Task Delete_OfASegmentThatADraftMails_IsRefusedWithItsName()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var editor = tenant.As(TenantRole.Editor);
        var id = await CreateAsync(database, editor, new("Reds", SegmentMatch.Any, "red"));
        var other = await CreateAsync(database, editor, new("Blues", SegmentMatch.Any, "blue"));
        await Ledger.AddCampaignAsync(database, tenant, [], CampaignStatus.Draft, id);
        var delete = new DeleteSegment(database.Db);

        Assert.Equal(
            ["Spring news"],
            Assert.IsType<SegmentOutcome.InUse>(await delete.ExecuteAsync(editor, id)).Campaigns
        );
        Assert.IsType<SegmentOutcome.Deleted>(await delete.ExecuteAsync(editor, other));
    }

    [Fact]
    public async Task Commands_ByViewersAndStrangers_DoNothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var id = await CreateAsync(database, north.As(TenantRole.Editor), new("Reds", SegmentMatch.Any, "red"));
        var input = new SegmentInput("Mine", SegmentMatch.Any, "red");

        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            new CreateSegment(database.Db).ExecuteAsync(north.As(TenantRole.Viewer), input)
        );
        Assert.IsType<SegmentOutcome.NotFound>(
            await new ChangeSegment(database.Db).ExecuteAsync(south.As(TenantRole.Owner), id, _ => input)
        );
        Assert.IsType<SegmentOutcome.NotFound>(
            await new DeleteSegment(database.Db).ExecuteAsync(south.As(TenantRole.Owner), id)
        );
        Assert.Empty(await new SegmentList(database.Db).ExecuteAsync(south.As(TenantRole.Owner)));
    }

    private static async Task<Guid> CreateAsync(TestDatabase database, Caller caller, SegmentInput input) =>
        Assert.IsType<SegmentOutcome.Saved>(await new CreateSegment(database.Db).ExecuteAsync(caller, input)).SegmentId;
}
