using Ledgerpost.Campaigns;
using Ledgerpost.Templates;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Templates;

public sealed class TemplateTests
{
    private static readonly TemplateInput Letter = new(" Letter ", "Hi {{first_name}}", "<p>Hi {{email}}");

    [Fact]
    public async Task Template_CreatedChangedAndDeleted_IsFoundAndAudited()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var editor = tenant.As(TenantRole.Editor);
        var id = await CreateAsync(database, editor, Letter);
        var list = new TemplateList(database.Db);

        var created = await list.FindAsync(tenant.Scope, id);
        Assert.Equal(
            ("Letter", "Hi {{first_name}}", "<p>Hi {{email}}", null, 1),
            (created!.Name, created.Subject, created.Html, created.Text, created.Version)
        );
        database.Time.Advance(TimeSpan.FromMinutes(1));
        var changed = await new ChangeTemplate(database.Db).ExecuteAsync(
            editor,
            id,
            1,
            Letter with
            {
                Name = "Note",
                Text = "Hi {{email}}",
            }
        );
        Assert.Equal(new TemplateOutcome.Saved(id, 2), changed);
        var row = Assert.Single((await list.ExecuteAsync(tenant.Scope, after: null, 50)).Rows);
        Assert.Equal(("Note", 2, TimeSpan.FromMinutes(1)), (row.Name, row.Version, row.UpdatedAt - row.CreatedAt));

        Assert.Equal(new TemplateOutcome.Deleted(), await new DeleteTemplate(database.Db).ExecuteAsync(editor, id));
        Assert.Null(await list.FindAsync(tenant.Scope, id));
        Assert.Equal(new TemplateOutcome.NotFound(), await new DeleteTemplate(database.Db).ExecuteAsync(editor, id));
        Assert.Equal(
            [
                "template.created ",
                """template.changed {"before":{"name":"Letter","text":null},"after":{"name":"Note","text":"Hi {{email}}"}}""",
                "template.deleted ",
            ],
            await AuditAsync(database, tenant)
        );
    }

    [Fact]
    public async Task Change_OnAnOlderVersion_ChangesNothing_AndARepeatDoesNoHarm()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var editor = tenant.As(TenantRole.Editor);
        var id = await CreateAsync(database, editor, Letter);
        var change = new ChangeTemplate(database.Db);
        await change.ExecuteAsync(editor, id, 1, Letter with { Subject = "Theirs" });

        var mine = await change.ExecuteAsync(editor, id, 1, Letter with { Subject = "Mine" });
        var repeated = await change.ExecuteAsync(editor, id, 1, Letter with { Subject = "Theirs" });

        Assert.Equal(new TemplateOutcome.ChangedMeanwhile(2), mine);
        Assert.Equal(new TemplateOutcome.Saved(id, 2), repeated);
        Assert.Equal("Theirs", (await new TemplateList(database.Db).FindAsync(tenant.Scope, id))?.Subject);
        Assert.Equal(
            new TemplateOutcome.Saved(id, 3),
            await change.ExecuteAsync(editor, id, seen: null, Letter with { Subject = "Whatever stands there" })
        );
    }

    [Theory]
    [InlineData("", "Hi", "<p>", null, "name")]
    [InlineData("a\u202eb", "Hi", "<p>", null, "name")]
    [InlineData("Taken", "Hi", "<p>", null, "name")]
    [InlineData("Free", "Hi {{frist_name}}", "<p>", null, "subject")]
    [InlineData("Free", "Hi\0", "<p>", null, "subject")]
    [InlineData("Free", "Hi", " ", null, "html")]
    [InlineData("Free", "Hi", "<p>{{#if email}}", null, "html")]
    [InlineData("Free", "Hi", "<p>", "{{email", "text")]
    public async Task Create_OfWhatCannotBeSent_NamesTheField(
        string name,
        string subject,
        string html,
        string? text,
        string field
    )
    {
        await using var database = await TestDatabase.CreateAsync();
        var editor = (await database.AddTenantAsync("north")).As(TenantRole.Editor);
        await CreateAsync(database, editor, Letter with { Name = "Taken" });

        var outcome = await new CreateTemplate(database.Db).ExecuteAsync(editor, new(name, subject, html, text));

        Assert.Equal(field, Assert.Single(Assert.IsType<TemplateOutcome.Invalid>(outcome).Problems).Field);
    }

    [Fact]
    public async Task Create_WithHalfOfACharacter_NamesTheField()
    {
        await using var database = await TestDatabase.CreateAsync();
        var editor = (await database.AddTenantAsync("north")).As(TenantRole.Editor);

        var whole = await new CreateTemplate(database.Db).ExecuteAsync(
            editor,
            Letter with
            {
                Html = "<p>\ud83c\udf31",
            }
        );
        var half = await new CreateTemplate(database.Db).ExecuteAsync(editor, Letter with { Html = "<p>\ud83c" });

        Assert.IsType<TemplateOutcome.Saved>(whole);
        Assert.Equal("html", Assert.Single(Assert.IsType<TemplateOutcome.Invalid>(half).Problems).Field);
    }

    [Fact]
    public async Task Create_WithSeveralFaults_NamesAllOfThem()
    {
        await using var database = await TestDatabase.CreateAsync();
        var editor = (await database.AddTenantAsync("north")).As(TenantRole.Editor);

        var outcome = await new CreateTemplate(database.Db).ExecuteAsync(
            editor,
            new("Letter", "{{a}}", "<p>\n{{b}}", "{{c}}")
        );

        var problems = Assert.IsType<TemplateOutcome.Invalid>(outcome).Problems;
        Assert.Equal(["subject", "html", "text"], problems.Select(problem => problem.Field));
        Assert.StartsWith("Line 2: There is no field", problems[1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_PageByPage_IsNewestFirst_AndStaysWhereItIsWhileOthersAreAdded()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var editor = tenant.As(TenantRole.Editor);
        foreach (var name in new[] { "one", "two", "three", "four", "five" })
        {
            await CreateAsync(database, editor, Letter with { Name = name });
        }

        var list = new TemplateList(database.Db);
        var first = await list.ExecuteAsync(tenant.Scope, after: null, 2);
        await CreateAsync(database, editor, Letter with { Name = "six" });
        var second = await list.ExecuteAsync(tenant.Scope, first.Next, 2);
        var third = await list.ExecuteAsync(tenant.Scope, second.Next, 2);

        Assert.Equal(["five", "four"], first.Rows.Select(row => row.Name));
        Assert.Equal(["three", "two"], second.Rows.Select(row => row.Name));
        Assert.Equal(["one"], third.Rows.Select(row => row.Name));
        Assert.Null(third.Next);
    }

    [Fact]
    public async Task Campaign_BegunWithATemplate_KeepsItsCopy_WhateverBecomesOfTheTemplate()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var editor = tenant.As(TenantRole.Editor);
        var id = await CreateAsync(database, editor, Letter with { Text = "Hi" });
        var start = new StartFromTemplate(database.Db);

        var named = await start.ExecuteAsync(editor, id, "Spring");
        var unnamed = await start.ExecuteAsync(editor, id, " ");
        await new ChangeTemplate(database.Db).ExecuteAsync(editor, id, 1, Letter with { Html = "<p>Other" });
        await new DeleteTemplate(database.Db).ExecuteAsync(editor, id);

        Assert.Null(await start.ExecuteAsync(editor, id, "Late"));
        Assert.IsType<CreateCampaignResult.Created>(unnamed);
        await using var db = database.Db.Read(tenant.Scope);
        var campaign = await db.Campaigns.SingleAsync(row => row.Id == ((CreateCampaignResult.Created)named!).Id);
        Assert.Equal(
            ("Spring", "Hi {{first_name}}", "<p>Hi {{email}}", "Hi", tenant.SenderId, CampaignStatus.Draft),
            (campaign.Name, campaign.Subject, campaign.Html, campaign.Text, campaign.SenderId, campaign.Status)
        );
        Assert.Equal(["Letter", "Spring"], await db.Campaigns.Select(row => row.Name).Order().ToListAsync());
        Assert.Equal("""campaign.created {"template":"Letter","version":1}""", (await AuditAsync(database, tenant))[1]);
    }

    [Fact]
    public async Task Template_OfAnotherTenant_IsNotThere_AndItsNameIsFree()
    {
        await using var database = await TestDatabase.CreateAsync();
        var north = await database.AddTenantAsync("north");
        var south = await database.AddTenantAsync("south");
        var editor = south.As(TenantRole.Editor);
        var id = await CreateAsync(database, north.As(TenantRole.Editor), Letter);
        await CreateAsync(database, editor, Letter);

        Assert.Null(await new TemplateList(database.Db).FindAsync(south.Scope, id));
        Assert.Null(await new StartFromTemplate(database.Db).ExecuteAsync(editor, id, "Theft"));
        Assert.Equal(
            new TemplateOutcome.NotFound(),
            await new ChangeTemplate(database.Db).ExecuteAsync(editor, id, 1, Letter with { Name = "Theft" })
        );
        Assert.Equal(new TemplateOutcome.NotFound(), await new DeleteTemplate(database.Db).ExecuteAsync(editor, id));
        Assert.NotNull(await new TemplateList(database.Db).FindAsync(north.Scope, id));
    }

    [Fact]
    public async Task EveryCommand_ByAViewer_IsRefused()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var viewer = tenant.As(TenantRole.Viewer);
        var id = await CreateAsync(database, tenant.As(TenantRole.Editor), Letter);

        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            new CreateTemplate(database.Db).ExecuteAsync(viewer, Letter with { Name = "Mine" })
        );
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            new ChangeTemplate(database.Db).ExecuteAsync(viewer, id, 1, Letter with { Name = "Mine" })
        );
        await Assert.ThrowsAsync<AccessDeniedException>(() => new DeleteTemplate(database.Db).ExecuteAsync(viewer, id));
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            new StartFromTemplate(database.Db).ExecuteAsync(viewer, id, "Mine")
        );
    }

    internal static async Task<Guid> CreateAsync(TestDatabase database, Caller caller, TemplateInput input) =>
        Assert
            .IsType<TemplateOutcome.Saved>(await new CreateTemplate(database.Db).ExecuteAsync(caller, input))
            .TemplateId;

    private static async Task<List<string>> AuditAsync(TestDatabase database, TestTenant tenant)
    {
        await using var db = database.Db.Read(tenant.Scope);
        return await db
            .AuditEntries.OrderBy(entry => entry.Sequence)
            .Select(entry => entry.Action + " " + entry.Details)
            .ToListAsync();
    }
}
