using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Segments;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Segments;

public sealed class SegmentMembersTests
{
    [Fact]
    public async Task Contacts_PutInAndTakenOut_AreCountedOnceAndAudited()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var editor = tenant.As(TenantRole.Editor);
        var ids = await database.AddContactsAsync(tenant, 3);
        var id = await CreateAsync(database, editor);
        var (add, remove) = (new AddToSegment(database.Db), new RemoveFromSegment(database.Db));

        Assert.Equal(
            new MembersOutcome.Done(2),
            await add.ExecuteAsync(editor, id, new SelectedContacts(ids[0], ids[1], ids[0]))
        );
        Assert.Equal(new MembersOutcome.Done(1), await add.ExecuteAsync(editor, id, new SelectedContacts(ids)));
        Assert.Equal(new MembersOutcome.Done(0), await add.ExecuteAsync(editor, id, new SelectedContacts(ids)));
        Assert.Equal(new MembersOutcome.Done(1), await remove.ExecuteAsync(editor, id, new SelectedContacts(ids[1])));
        Assert.Equal(new MembersOutcome.Done(0), await remove.ExecuteAsync(editor, id, new SelectedContacts(ids[1])));

        var row = Assert.Single(await new SegmentList(database.Db).ExecuteAsync(editor));
        Assert.Equal((SegmentMatch.Named, 2, 2, 0), (row.Match, row.Contacts, row.Subscribed, row.Tags.Count));
        Assert.Equal(["person1@example.net", "person3@example.net"], await MembersAsync(database, tenant, id));
        await using var db = database.Db.Read(tenant.Scope);
        Assert.Equal(
            ["segment.created", "segment.contacts_added", "segment.contacts_added", "segment.contacts_removed"],
            await db.AuditEntries.OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync()
        );
    }

    [Fact]
    public async Task Add_OfWhoIsNotTheTenantsContact_NamesThem_AndAddsNobody()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var other = await database.AddTenantAsync("south");
        var editor = tenant.As(TenantRole.Editor);
        var mine = await database.AddContactAsync(tenant, "a@example.net");
        var theirs = await database.AddContactAsync(other, "b@example.net");
        var nobody = database.Ids.New();
        var id = await CreateAsync(database, editor);

        var outcome = await new AddToSegment(database.Db).ExecuteAsync(
            editor,
            id,
            new SelectedContacts(mine, theirs, nobody)
        );

        Assert.Equal([theirs, nobody], Assert.IsType<MembersOutcome.UnknownContacts>(outcome).Ids);
        Assert.Empty(await MembersAsync(database, tenant, id));
    }

    [Fact]
    public async Task Add_OfAllThatMatchAFilter_TakesExactlyThem()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var editor = tenant.As(TenantRole.Editor);
        await database.AddContactAsync(tenant, "a@example.net", "red");
        await database.AddContactAsync(tenant, "b@example.net", "blue");
        await database.AddContactAsync(tenant, "c@example.net", "red");
        var id = await CreateAsync(database, editor);

        var added = await new AddToSegment(database.Db).ExecuteAsync(editor, id, new ContactFilter(Tag: "red"));
        var removed = await new RemoveFromSegment(database.Db).ExecuteAsync(
            editor,
            id,
            new ContactFilter(Search: "c@", SegmentId: id)
        );

        Assert.Equal(new MembersOutcome.Done(2), added);
        Assert.Equal(new MembersOutcome.Done(1), removed);
        Assert.Equal(["a@example.net"], await MembersAsync(database, tenant, id));
    }

    [Fact]
    public async Task ContactOrSegment_Deleted_TakesTheMembershipWithIt_AndNothingElse()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var editor = tenant.As(TenantRole.Editor);
        var ids = await database.AddContactsAsync(tenant, 3);
        var (one, two) = (await CreateAsync(database, editor), await CreateAsync(database, editor, "Others"));
        var add = new AddToSegment(database.Db);
        await add.ExecuteAsync(editor, one, new SelectedContacts(ids));
        await add.ExecuteAsync(editor, two, new SelectedContacts(ids));

        await new DeleteContacts(database.Db).ExecuteAsync(editor, new SelectedContacts(ids[0]), confirmed: 1);
        await new DeleteSegment(database.Db).ExecuteAsync(editor, one);

        await using var db = database.Db.Read(tenant.Scope);
        Assert.Equal([two, two], await db.SegmentContacts.Select(row => row.SegmentId).ToListAsync());
        Assert.Equal(2, await db.Contacts.CountAsync());
        Assert.Equal(["person2@example.net", "person3@example.net"], await MembersAsync(database, tenant, two));
    }

    [Fact]
    public async Task SegmentWithARule_TakesNobody_AndNeitherKindBecomesTheOther()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var editor = tenant.As(TenantRole.Editor);
        var contact = new SelectedContacts(await database.AddContactAsync(tenant, "a@example.net"));
        var named = await CreateAsync(database, editor);
        var created = await new CreateSegment(database.Db).ExecuteAsync(editor, new("Reds", SegmentMatch.Any, "red"));
        var ruled = Assert.IsType<SegmentOutcome.Saved>(created).SegmentId;
        var change = new ChangeSegment(database.Db);

        Assert.Equal(
            new MembersOutcome.HasARule(),
            await new AddToSegment(database.Db).ExecuteAsync(editor, ruled, contact)
        );
        Assert.Equal(
            new MembersOutcome.HasARule(),
            await new RemoveFromSegment(database.Db).ExecuteAsync(editor, ruled, contact)
        );
        foreach (
            var (id, input) in new[]
            {
                (named, new SegmentInput("Named", SegmentMatch.All, "red")),
                (ruled, new SegmentInput("Reds", SegmentMatch.Named, null)),
            }
        )
        {
            var refused = Assert.IsType<SegmentOutcome.Invalid>(await change.ExecuteAsync(editor, id, _ => input));
            Assert.Equal("Match", Assert.Single(refused.Errors).Field);
        }

        var withTags = await change.ExecuteAsync(editor, named, _ => new("Named", SegmentMatch.Named, "red"));
        Assert.Equal("Tags", Assert.Single(Assert.IsType<SegmentOutcome.Invalid>(withTags).Errors).Field);
        Assert.IsType<SegmentOutcome.Saved>(
            await change.ExecuteAsync(editor, named, _ => new("Renamed", SegmentMatch.Named, null))
        );
        Assert.Equal(
            [new NamedSegment(named, "Renamed")],
            await new SegmentList(database.Db).NamedAsync(tenant.As(TenantRole.Viewer))
        );
    }

    [Fact]
    public async Task Members_OfAnotherTenantsSegment_AreNotThere_AndAViewerChangesNone()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var contact = new SelectedContacts(await database.AddContactAsync(north, "a@example.net"));
        var id = await CreateAsync(database, south.As(TenantRole.Editor));
        var (add, remove) = (new AddToSegment(database.Db), new RemoveFromSegment(database.Db));
        var (editor, viewer) = (north.As(TenantRole.Editor), south.As(TenantRole.Viewer));

        Assert.Equal(new MembersOutcome.NotFound(), await add.ExecuteAsync(editor, id, contact));
        Assert.Equal(new MembersOutcome.NotFound(), await remove.ExecuteAsync(editor, id, contact));
        await Assert.ThrowsAsync<AccessDeniedException>(() => add.ExecuteAsync(viewer, id, contact));
        await Assert.ThrowsAsync<AccessDeniedException>(() => remove.ExecuteAsync(viewer, id, contact));
    }

    [Fact]
    public async Task Campaign_ToNamedContacts_MailsExactlyThem_AndWhoJoinedWhenResumed()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var editor = engine.Tenant.As(TenantRole.Editor);
        var ids = await engine.Database.AddContactsAsync(engine.Tenant, 6, "red");
        var segment = await CreateAsync(engine.Database, editor);
        var add = new AddToSegment(engine.Db);
        await add.ExecuteAsync(editor, segment, new SelectedContacts(ids[1], ids[4]));
        var id = await engine.DraftAsync();
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            async (db, token) =>
            {
                var draft = await db.Campaigns.SingleAsync(token);
                (draft.AudienceKind, draft.AudienceSegmentId) = (AudienceKind.Segment, segment);
            },
            CancellationToken.None
        );

        var launched = await engine.Launch.ExecuteAsync(
            engine.Tenant.As(TenantRole.Admin),
            id,
            0,
            CancellationToken.None
        );

        Assert.Equal(new LaunchResult.Launched(2, 2), launched);
        await add.ExecuteAsync(editor, segment, new SelectedContacts(ids[5]));
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Equal(
            [ids[1], ids[4]],
            await db.Recipients.OrderBy(row => row.Number).Select(row => row.ContactId!.Value).ToListAsync()
        );
        var campaign = await engine.CampaignAsync(id);
        Assert.Equal(
            1,
            await FreezeAudience.CountJoinedAsync(db, campaign, engine.Time.GetUtcNow(), CancellationToken.None)
        );
        await engine.RunAsync();
        Assert.Equal(2, (await engine.CountsAsync(id)).Accepted);
    }

    internal static async Task<Guid> CreateAsync(TestDatabase database, Caller caller, string name = "Named") =>
        Assert
            .IsType<SegmentOutcome.Saved>(
                await new CreateSegment(database.Db).ExecuteAsync(caller, new(name, SegmentMatch.Named, null))
            )
            .SegmentId;

    private static async Task<List<string>> MembersAsync(TestDatabase database, TestTenant tenant, Guid segmentId)
    {
        await using var db = database.Db.Read(tenant.Scope);
        return await Audience.InSegment(db, segmentId).Select(contact => contact.Email).Order().ToListAsync();
    }
}
