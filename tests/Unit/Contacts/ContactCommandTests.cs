using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Segments;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Contacts;

public sealed class ContactCommandTests
{
    [Fact]
    public async Task Add_OfAContact_KeepsItCleanAndAudits()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");

        var outcome = await new AddContact(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Editor),
            new ContactInput(" Ada@Example.net ", " Ada ", "", "News, beta,NEWS")
        );

        var saved = Assert.IsType<ContactOutcome.Saved>(outcome);
        await using var db = database.Db.Read(tenant.Scope);
        var contact = await db.Contacts.Include(row => row.Tags).SingleAsync();
        Assert.Equal(saved.ContactId, contact.Id);
        Assert.Equal(("Ada@example.net", "ada@example.net"), (contact.Email, contact.NormalizedEmail));
        Assert.Equal(("Ada", null), (contact.FirstName, contact.LastName));
        Assert.Equal(["beta", "news"], contact.Tags.Select(tag => tag.Tag).Order());
        var entry = await db.AuditEntries.SingleAsync();
        Assert.Equal(("contact.added", "Ada@example.net"), (entry.Action, entry.TargetName));
    }

    [Fact]
    public async Task Add_WithSeveralFaults_NamesEachFieldAndAddsNothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");

        var outcome = await new AddContact(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Editor),
            new ContactInput("ada@", "Ada\r\nBcc: x", new string('x', 201), "a\u202eb")
        );

        var invalid = Assert.IsType<ContactOutcome.Invalid>(outcome);
        Assert.Equal(["Email", "FirstName", "LastName", "Tags"], invalid.Errors.Select(error => error.Field));
        await using var db = database.Db.Read(tenant.Scope);
        Assert.Equal(0, await db.Contacts.CountAsync());
        Assert.Equal(0, await db.AuditEntries.CountAsync());
    }

    [Fact]
    public async Task Add_OfAnAddressThatIsThere_NamesItsContact_ButOnlyInThisTenant()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var contactId = await database.AddContactAsync(north, "ada@example.net");
        var add = new AddContact(database.Db);
        var input = new ContactInput("ADA@example.net", null, null, null);

        Assert.Equal(
            new ContactOutcome.AddressTaken(contactId),
            await add.ExecuteAsync(north.As(TenantRole.Editor), input)
        );
        Assert.IsType<ContactOutcome.Saved>(await add.ExecuteAsync(south.As(TenantRole.Editor), input));
    }

    [Fact]
    public async Task Change_WritesFieldsAndTags_AndSaysBeforeAndAfter()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var contactId = await database.AddContactAsync(tenant, "ada@example.net", "old", "kept");
        var seen = database.Time.GetUtcNow();
        database.Time.Advance(TimeSpan.FromMinutes(1));

        var outcome = await new ChangeContact(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Editor),
            contactId,
            seen,
            new ContactInput("ada.l@example.net", "Ada", "L", "kept, new")
        );

        Assert.IsType<ContactOutcome.Saved>(outcome);
        await using var db = database.Db.Read(tenant.Scope);
        var contact = await db.Contacts.Include(row => row.Tags).SingleAsync();
        Assert.Equal("ada.l@example.net", contact.NormalizedEmail);
        Assert.Equal(["kept", "new"], contact.Tags.Select(tag => tag.Tag).Order());
        Assert.Equal(1, await db.Contacts.CountAsync(row => row.Search == "ada.l@example.net ada l"));
        var entry = await db.AuditEntries.SingleAsync();
        Assert.Contains("kept, old", entry.Details, StringComparison.Ordinal);
        Assert.Contains("kept, new", entry.Details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_OfWhatSomebodyElseChangedMeanwhile_SavesNothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var contactId = await database.AddContactAsync(tenant, "ada@example.net");
        var seen = database.Time.GetUtcNow();
        var change = new ChangeContact(database.Db);
        database.Time.Advance(TimeSpan.FromMinutes(1));

        await change.ExecuteAsync(
            tenant.As(TenantRole.Editor),
            contactId,
            seen,
            new("a@example.net", "First", null, null)
        );
        var second = await change.ExecuteAsync(
            tenant.As(TenantRole.Editor),
            contactId,
            seen,
            new("b@example.net", "Second", null, null)
        );

        Assert.IsType<ContactOutcome.ChangedMeanwhile>(second);
        await using var db = database.Db.Read(tenant.Scope);
        Assert.Equal("First", (await db.Contacts.SingleAsync()).FirstName);
    }

    [Fact]
    public async Task Commands_ByAnotherTenantsEditor_TouchNothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var contactId = await database.AddContactAsync(north, "ada@example.net", "news");
        var stranger = south.As(TenantRole.Owner);
        var theirs = new SelectedContacts(contactId);
        var input = new ContactInput("eve@example.net", null, null, null);

        Assert.IsType<ContactOutcome.NotFound>(
            await new ChangeContact(database.Db).ExecuteAsync(stranger, contactId, database.Time.GetUtcNow(), input)
        );
        Assert.Equal(
            new BulkOutcome.CountChanged(0),
            await new DeleteContacts(database.Db).ExecuteAsync(stranger, theirs, 1)
        );
        Assert.Equal(new BulkOutcome.Done(0), await new TagContacts(database.Db).ExecuteAsync(stranger, theirs, "x"));
        Assert.Equal(
            new BulkOutcome.Done(0),
            await new UntagContacts(database.Db).ExecuteAsync(stranger, theirs, "news")
        );
        Assert.Equal(
            new BulkOutcome.Done(0),
            await new TagContacts(database.Db).ExecuteAsync(stranger, new ContactFilter(), "x")
        );

        await using var db = database.Db.Read(north.Scope);
        var contact = await db.Contacts.Include(row => row.Tags).SingleAsync();
        Assert.Equal("ada@example.net", contact.Email);
        Assert.Equal("news", Assert.Single(contact.Tags).Tag);
    }

    [Fact]
    public async Task Commands_ByAViewer_AreRefused()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var contactId = await database.AddContactAsync(tenant, "ada@example.net");
        var viewer = tenant.As(TenantRole.Viewer);
        var one = new SelectedContacts(contactId);
        var input = new ContactInput("eve@example.net", null, null, null);

        Func<Task>[] commands =
        [
            () => new AddContact(database.Db).ExecuteAsync(viewer, input),
            () => new ChangeContact(database.Db).ExecuteAsync(viewer, contactId, database.Time.GetUtcNow(), input),
            () => new DeleteContacts(database.Db).ExecuteAsync(viewer, one, 1),
            () => new TagContacts(database.Db).ExecuteAsync(viewer, one, "x"),
            () => new UntagContacts(database.Db).ExecuteAsync(viewer, one, "x"),
        ];
        foreach (var command in commands)
        {
            await Assert.ThrowsAsync<AccessDeniedException>(command);
        }
    }

    [Fact]
    public async Task Delete_OfWhatIsNotWhatWasConfirmed_DeletesNothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.AddContactsAsync(tenant, 5, "news");
        var filter = new ContactFilter(Tag: "news");
        var delete = new DeleteContacts(database.Db);

        Assert.Equal(
            new BulkOutcome.CountChanged(5),
            await delete.ExecuteAsync(tenant.As(TenantRole.Editor), filter, 4)
        );
        Assert.Equal(new BulkOutcome.Done(5), await delete.ExecuteAsync(tenant.As(TenantRole.Editor), filter, 5));

        await using var db = database.Db.Read(tenant.Scope);
        Assert.Equal(0, await db.Contacts.CountAsync());
        Assert.Equal(0, await db.ContactTags.CountAsync());
        var entry = await db.AuditEntries.SingleAsync();
        Assert.Equal(("contacts.deleted", "5 contacts"), (entry.Action, entry.TargetName));
    }

    [Fact]
    public async Task Delete_OfAContactInALedger_KeepsTheRowAndForgetsTheReferenceOfThisOneOnly()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var ids = await database.AddContactsAsync(tenant, 3);
        var campaignId = await Ledger.AddCampaignAsync(database, tenant, ids);

        await new DeleteContacts(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Editor),
            new SelectedContacts(ids[1]),
            1
        );

        await using var db = database.Db.Read(tenant.Scope);
        var rows = await db
            .Recipients.Where(row => row.CampaignId == campaignId)
            .OrderBy(row => row.Number)
            .Select(row => row.ContactId)
            .ToListAsync();
        Assert.Equal([ids[0], null, ids[2]], rows);
        Assert.Equal(2, await db.Contacts.CountAsync());
        Assert.Equal("contact.deleted", (await db.AuditEntries.SingleAsync()).Action);
    }

    [Fact]
    public async Task Tag_OfAllThatMatch_CountsWhoDidNotHaveIt()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.AddContactsAsync(tenant, 4);
        await database.AddContactAsync(tenant, "has-it@example.net", "vip");
        var tag = new TagContacts(database.Db);
        var editor = tenant.As(TenantRole.Editor);

        Assert.Equal(
            new BulkOutcome.Done(4),
            await tag.ExecuteAsync(editor, new ContactFilter(Search: "example"), " VIP ")
        );
        Assert.Equal(new BulkOutcome.Done(0), await tag.ExecuteAsync(editor, new ContactFilter(), "vip"));
        Assert.Equal(
            new BulkOutcome.Done(5),
            await new UntagContacts(database.Db).ExecuteAsync(editor, new ContactFilter(Tag: "vip"), "vip")
        );
        Assert.IsType<BulkOutcome.Invalid>(await tag.ExecuteAsync(editor, new ContactFilter(), "a,b"));

        await using var db = database.Db.Read(tenant.Scope);
        Assert.Equal(
            ["contacts.tagged", "contacts.untagged"],
            await db.AuditEntries.OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync()
        );
    }

    [Theory]
    [InlineData(null, null, true)]
    [InlineData("person", null, true)]
    [InlineData(null, "news", null)]
    [InlineData("person", "news", false)]
    public async Task Bulk_OfEveryKindOfFilter_CanBeWrittenThrough(string? search, string? tag, bool? subscribed)
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.AddContactsAsync(tenant, 3, "news");
        var segment = new CreateSegment(database.Db);
        var created = await segment.ExecuteAsync(
            tenant.As(TenantRole.Editor),
            new SegmentInput("News", SegmentMatch.All, "news")
        );
        var segmentId = Assert.IsType<SegmentOutcome.Saved>(created).SegmentId;
        var expected = subscribed == false ? 0 : 3;
        var editor = tenant.As(TenantRole.Editor);
        var filter = new ContactFilter(search, tag, subscribed, segmentId);

        Assert.Equal(
            new BulkOutcome.Done(expected),
            await new TagContacts(database.Db).ExecuteAsync(editor, filter, "x")
        );
        Assert.Equal(
            new BulkOutcome.Done(expected),
            await new UntagContacts(database.Db).ExecuteAsync(editor, filter, "x")
        );
        Assert.Equal(
            new BulkOutcome.Done(expected),
            await new DeleteContacts(database.Db).ExecuteAsync(editor, filter, expected)
        );
    }
}
