using Ledgerpost.Campaigns;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Campaigns;

public sealed class DraftTests
{
    [Fact]
    public async Task Create_ByAnEditor_IsADraftWithTheOnlySender_AndAudited()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");

        var id = await CreateAsync(database, tenant, "Spring");

        var campaign = await ReadAsync(database, tenant, id);
        Assert.Equal((CampaignStatus.Draft, "Spring", 1), (campaign.Status, campaign.Name, campaign.Version));
        Assert.Equal(tenant.SenderId, campaign.SenderId);
        Assert.Equal(["campaign.created Spring"], await AuditAsync(database, tenant));
    }

    [Fact]
    public async Task Save_OnItsOwnVersion_RaisesItAndNamesTheChangedFields()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CreateAsync(database, tenant, "Spring");
        var content = DraftContent.Of(await ReadAsync(database, tenant, id));

        var saved = await SaveAsync(database, tenant, id, 1, content with { Subject = "Hi", Html = "<p>Hi" });

        Assert.Equal(2, Assert.IsType<SaveDraftResult.Saved>(saved).Version);
        Assert.Equal("<p>Hi", (await ReadAsync(database, tenant, id)).Html);
        await using var db = database.Db.Read(tenant.Scope);
        var details = await db
            .AuditEntries.Where(e => e.Action == "campaign.edited")
            .Select(e => e.Details)
            .SingleAsync();
        Assert.Equal("""{"before":{"subject":"","html":""},"after":{"subject":"Hi","html":"<p>Hi"}}""", details);
    }

    [Fact]
    public async Task Save_OnAnOlderVersion_IsAConflictThatShowsTheirs_AndChangesNothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CreateAsync(database, tenant, "Spring");
        var content = DraftContent.Of(await ReadAsync(database, tenant, id));
        await new SaveDraft(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Owner),
            id,
            1,
            content with
            {
                Subject = "Theirs",
            },
            CancellationToken.None
        );

        var mine = await SaveAsync(database, tenant, id, 1, content with { Subject = "Mine" });

        var conflict = Assert.IsType<SaveDraftResult.Conflict>(mine);
        Assert.Equal((2, "Owner of north", "Theirs"), (conflict.Version, conflict.By, conflict.Theirs.Subject));
        Assert.Equal("Theirs", (await ReadAsync(database, tenant, id)).Subject);
    }

    [Fact]
    public async Task Save_RepeatedBecauseItsAnswerWasLost_IsSavedOnce()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CreateAsync(database, tenant, "Spring");
        var content = DraftContent.Of(await ReadAsync(database, tenant, id)) with { Subject = "Hi" };

        await SaveAsync(database, tenant, id, 1, content);
        var again = await SaveAsync(database, tenant, id, 1, content);

        Assert.Equal(2, Assert.IsType<SaveDraftResult.Saved>(again).Version);
        Assert.Single(await AuditAsync(database, tenant), "campaign.edited Spring");
    }

    [Fact]
    public async Task Save_OfWhatCannotBeKept_SaysWhereAndWhy()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CreateAsync(database, tenant, "Spring");
        var content = DraftContent.Of(await ReadAsync(database, tenant, id));

        var result = await SaveAsync(
            database,
            tenant,
            id,
            1,
            content with
            {
                Name = " ",
                Subject = new string('x', 501),
            }
        );

        Assert.Equal(
            ["name", "subject"],
            Assert.IsType<SaveDraftResult.Invalid>(result).Problems.Select(problem => problem.Field)
        );
    }

    [Fact]
    public async Task Save_OfWhatTheTenantDoesNotHave_IsRefused_AndWhatWasChosenBeforeStays_AlsoWhereItIsGone()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (tenant, other) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var id = await CreateAsync(database, tenant, "Spring");
        var content = DraftContent.Of(await ReadAsync(database, tenant, id));

        var refused = await SaveAsync(
            database,
            tenant,
            id,
            1,
            content with
            {
                Subject = new string('x', 501),
                SenderId = other.SenderId,
                AudienceKind = AudienceKind.Segment,
                AudienceSegmentId = other.Id,
                LeavesOut = $"{id}",
            }
        );
        await database.Db.WriteAsync(
            tenant.Scope,
            (db, token) => db.SenderIdentities.ExecuteDeleteAsync(token),
            CancellationToken.None
        );
        var saved = await SaveAsync(database, tenant, id, 1, content with { Subject = "Hi" });

        Assert.Equal(
            ["subject", "sender", "audience", "audience.exclude_recipients_of[0]"],
            Assert.IsType<SaveDraftResult.Invalid>(refused).Problems.Select(problem => problem.Field)
        );
        Assert.IsType<SaveDraftResult.Saved>(saved);
    }

    [Fact]
    public async Task Save_OfAPlainText_KeepsIt_AndOfABlankOne_KeepsNone()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CreateAsync(database, tenant, "Spring");
        var content = DraftContent.Of(await ReadAsync(database, tenant, id));

        await SaveAsync(database, tenant, id, 1, content with { Text = "Hi" });
        Assert.Equal("Hi", (await ReadAsync(database, tenant, id)).Text);
        var copy = await new DuplicateCampaign(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Editor),
            id,
            CancellationToken.None
        );
        await SaveAsync(database, tenant, id, 2, content with { Text = " \n" });

        Assert.Null((await ReadAsync(database, tenant, id)).Text);
        Assert.Equal("Hi", (await ReadAsync(database, tenant, copy!.Value)).Text);
        var again = await SaveAsync(database, tenant, id, 1, content with { Text = "" });
        Assert.Equal(3, Assert.IsType<SaveDraftResult.Saved>(again).Version);
    }

    [Theory]
    [InlineData("Hi\0")]
    [InlineData("\0")]
    public async Task Save_OfACharacterThatNoDatabaseKeeps_NamesTheField(string text)
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CreateAsync(database, tenant, "Spring");
        var content = DraftContent.Of(await ReadAsync(database, tenant, id));

        var inSubject = await SaveAsync(database, tenant, id, 1, content with { Subject = text });
        var inHtml = await SaveAsync(database, tenant, id, 1, content with { Html = text });

        Assert.Equal("subject", Assert.Single(Assert.IsType<SaveDraftResult.Invalid>(inSubject).Problems).Field);
        Assert.Equal("html", Assert.Single(Assert.IsType<SaveDraftResult.Invalid>(inHtml).Problems).Field);
    }

    [Fact]
    public async Task Create_WithAllItsContent_KeepsIt_AndRefusesWhatIsNotTheTenants()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var other = await database.AddTenantAsync("south");
        var create = new CreateCampaign(database.Db);
        var content = DraftContent.Empty with { Name = "Spring", Subject = "Hi", Html = "<p>Hi" };

        var created = await create.ExecuteAsync(tenant.As(TenantRole.Editor), content, CancellationToken.None);
        var refused = await create.ExecuteAsync(
            tenant.As(TenantRole.Editor),
            content with
            {
                SenderId = other.SenderId,
                AudienceKind = AudienceKind.Segment,
                AudienceSegmentId = other.Id,
            },
            CancellationToken.None
        );

        var id = Assert.IsType<CreateCampaignResult.Created>(created).Id;
        Assert.Equal(
            content with
            {
                SenderId = tenant.SenderId,
            },
            DraftContent.Of(await ReadAsync(database, tenant, id))
        );
        Assert.Equal(
            ["sender", "audience"],
            Assert.IsType<CreateCampaignResult.Invalid>(refused).Problems.Select(problem => problem.Field)
        );
    }

    [Fact]
    public async Task SaveAndDelete_OnceLaunched_AreRefused_AndDuplicateIsNot()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CreateAsync(database, tenant, "Spring");
        var content = DraftContent.Of(await ReadAsync(database, tenant, id));
        await database.Db.WriteAsync(
            tenant.Scope,
            async (db, token) => (await db.Campaigns.SingleAsync(token)).Status = CampaignStatus.Partial,
            CancellationToken.None
        );

        var saved = await SaveAsync(database, tenant, id, 1, content with { Subject = "Late" });
        var editor = tenant.As(TenantRole.Editor);
        var deleted = await new DeleteDraft(database.Db).ExecuteAsync(editor, id, CancellationToken.None);
        var copy = await new DuplicateCampaign(database.Db).ExecuteAsync(editor, id, CancellationToken.None);

        Assert.Equal(CampaignStatus.Partial, Assert.IsType<SaveDraftResult.NotADraft>(saved).Status);
        Assert.Equal(DeleteDraftResult.NotADraft, deleted);
        var copied = await ReadAsync(database, tenant, copy!.Value);
        Assert.Equal(("Copy of Spring", CampaignStatus.Draft), (copied.Name, copied.Status));
    }

    [Fact]
    public async Task Delete_OfADraft_RemovesItAndIsAudited()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CreateAsync(database, tenant, "Spring");

        var result = await new DeleteDraft(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Editor),
            id,
            CancellationToken.None
        );

        Assert.Equal(DeleteDraftResult.Deleted, result);
        Assert.Contains("campaign.deleted Spring", await AuditAsync(database, tenant));
        Assert.Null(await new OpenCampaign(database.Db).ExecuteAsync(tenant.Scope, id, CancellationToken.None));
    }

    [Fact]
    public async Task EveryCommand_ByAViewer_IsRefused()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await CreateAsync(database, tenant, "Spring");
        var content = DraftContent.Of(await ReadAsync(database, tenant, id));
        var (viewer, none) = (tenant.As(TenantRole.Viewer), CancellationToken.None);

        await Refused(() => new CreateCampaign(database.Db).ExecuteAsync(viewer, "x", none));
        await Refused(() => new SaveDraft(database.Db).ExecuteAsync(viewer, id, 1, content, none));
        await Refused(() => new DuplicateCampaign(database.Db).ExecuteAsync(viewer, id, none));
        await Refused(() => new DeleteDraft(database.Db).ExecuteAsync(viewer, id, none));

        static Task Refused(Func<Task> command) => Assert.ThrowsAsync<AccessDeniedException>(command);
    }

    [Fact]
    public async Task AnotherTenantsCampaign_AnswersAsAnUnknownOne()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var id = await CreateAsync(database, north, "Spring");
        var content = DraftContent.Of(await ReadAsync(database, north, id));

        Assert.IsType<SaveDraftResult.NotFound>(await SaveAsync(database, south, id, 1, content));
        Assert.Null(await new OpenCampaign(database.Db).ExecuteAsync(south.Scope, id, CancellationToken.None));
        Assert.Null(
            await new DuplicateCampaign(database.Db).ExecuteAsync(
                south.As(TenantRole.Owner),
                id,
                CancellationToken.None
            )
        );
    }

    [Fact]
    public async Task List_FiltersAndSearches_AndCountsByStatus()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        foreach (var name in new[] { "Spring sale", "100% wool", "Autumn sale" })
        {
            await CreateAsync(database, north, name);
            database.Time.Advance(TimeSpan.FromMinutes(1));
        }

        await CreateAsync(database, south, "Their sale");
        await database.Db.WriteAsync(
            north.Scope,
            async (db, token) =>
                (await db.Campaigns.SingleAsync(c => c.Name == "Autumn sale", token)).Status = CampaignStatus.Sent,
            CancellationToken.None
        );
        var list = new CampaignList(database.Db);
        async Task<CampaignListPage> Find(CampaignStatus? status, string? search, int take = 25) =>
            await list.ExecuteAsync(north.Scope, new(status, search, 0, take), CancellationToken.None);

        var all = await Find(null, null, 2);
        Assert.Equal(["Autumn sale", "100% wool"], all.Items.Select(item => item.Name));
        Assert.Equal(3, all.Total);
        var sales = await Find(CampaignStatus.Draft, "SALE");
        Assert.Equal(["Spring sale"], sales.Items.Select(item => item.Name));
        Assert.Equal((1, 1), (sales.Total, sales.ByStatus[CampaignStatus.Sent]));
        Assert.Equal(["100% wool"], (await Find(null, "0%")).Items.Select(item => item.Name));
    }

    internal static async Task<Guid> CreateAsync(TestDatabase database, TestTenant tenant, string name) =>
        Assert
            .IsType<CreateCampaignResult.Created>(
                await new CreateCampaign(database.Db).ExecuteAsync(
                    tenant.As(TenantRole.Editor),
                    name,
                    CancellationToken.None
                )
            )
            .Id;

    private static Task<SaveDraftResult> SaveAsync(
        TestDatabase database,
        TestTenant tenant,
        Guid id,
        int version,
        DraftContent content
    ) =>
        new SaveDraft(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Editor),
            id,
            version,
            content,
            CancellationToken.None
        );

    private static async Task<Campaign> ReadAsync(TestDatabase database, TestTenant tenant, Guid id)
    {
        await using var db = database.Db.Read(tenant.Scope);
        return await db.Campaigns.SingleAsync(campaign => campaign.Id == id);
    }

    private static async Task<List<string>> AuditAsync(TestDatabase database, TestTenant tenant)
    {
        await using var db = database.Db.Read(tenant.Scope);
        return await db
            .AuditEntries.OrderBy(entry => entry.Sequence)
            .Select(entry => entry.Action + " " + entry.TargetName)
            .ToListAsync();
    }
}
