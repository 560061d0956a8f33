using AdminPortal.Components.Shared;
using AdminPortal.Features.Tenants;
using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Ledgerpost.Programs;
using Ledgerpost.Recipients;
using Ledgerpost.Segments;
using Ledgerpost.Templates;
using Ledgerpost.Tenancy;
using Ledgerpost.Unsubscribe;
using Microsoft.EntityFrameworkCore;
using UnitTests.Deletion;
using UnitTests.Senders;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Components;

/// <summary>What each question says goes, goes; what it says stays, stays. The sentences are here word for word: who changes one sees the deed.</summary>
public sealed class DeletionWordsTests
{
    private const string Address = "ada@example.net";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Contact(bool bulk)
    {
        Assert.Equal(
            [
                bulk
                    ? "They are gone for good, with their tags, their fields and their places in segments. A campaign that has still to mail them leaves them out."
                    : "The contact is gone for good, with its tags, its fields and its places in segments. A campaign that has still to mail it leaves it out.",
                "Campaigns keep their record of whom they mailed, with the address, so that nobody is mailed twice. An unsubscribed address stays unsubscribed, and the audit log stays.",
            ],
            (bulk ? DeletionQuestions.Contacts(1) : DeletionQuestions.Contact(Address)).Sentences
        );
        Assert.Equal((null, "delete"), (DeletionQuestions.Contacts(100).Type, DeletionQuestions.Contacts(101).Type));
        await using var engine = await EngineHarness.CreateAsync();
        var editor = engine.Tenant.As(TenantRole.Editor);
        var ada = await engine.Database.AddContactAsync(engine.Tenant, Address, "vip");
        var bob = await engine.Database.AddContactAsync(engine.Tenant, "bob@example.net", "vip");
        await engine.Database.SetFieldsAsync(engine.Tenant, ada, ("town", "Bergen"));
        await NameAsync(engine, ada, bob);
        var mailed = await engine.LaunchAsync();
        await engine.RunAsync();
        engine.Provider.Then(FakeProvider.Fault.DailyQuota);
        var waiting = await engine.LaunchAsync();
        await engine.RunAsync();
        await engine.SuppressAsync("bob@example.net");
        var log = await engine.Database.CountRowsAsync(engine.Tenant.Id);

        var selection = bulk ? new SelectedContacts(ada, bob) : new SelectedContacts(ada);
        Assert.IsType<BulkOutcome.Done>(
            await new DeleteContacts(engine.Db).ExecuteAsync(editor, selection, bulk ? 2 : 1)
        );
        await engine.ResumeAsync(waiting);
        await engine.RunAsync();

        var counts = await engine.Database.CountRowsAsync(engine.Tenant.Id);
        var left = bulk ? 0 : 1;
        Assert.Equal((left, left, left), (counts["Contacts"], counts["ContactTags"], counts["SegmentContacts"]));
        Assert.DoesNotContain(
            await engine.Database.DumpAsync(engine.Tenant.Id),
            row => row.Contains("Bergen", StringComparison.Ordinal)
        );
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Equal(
            [Address, "bob@example.net"],
            await db
                .Recipients.Where(row => row.CampaignId == mailed)
                .OrderBy(row => row.Email)
                .Select(row => row.Email)
                .ToListAsync()
        );
        Assert.Equal(
            (0, 2),
            ((await engine.CountsAsync(waiting)).Accepted, (await engine.CountsAsync(waiting)).Excluded)
        );
        Assert.Equal(1, counts["SuppressedAddresses"]);
        Assert.True(counts["AuditEntries"] > log["AuditEntries"]);
    }

    [Fact]
    public async Task Segment()
    {
        Assert.Equal(
            [
                "Its tags, or its list of contacts, are gone for good. The contacts and their own tags stay, and campaigns that were launched to it are not touched.",
            ],
            DeletionQuestions.Segment("VIPs").Sentences
        );
        await using var engine = await EngineHarness.CreateAsync();
        var ada = await engine.Database.AddContactAsync(engine.Tenant, Address, "vip");
        var segment = await NameAsync(engine, ada);
        await engine.LaunchAsync();
        await engine.RunAsync();
        var before = await engine.Database.CountRowsAsync(engine.Tenant.Id);

        Assert.IsType<SegmentOutcome.Deleted>(
            await new DeleteSegment(engine.Db).ExecuteAsync(engine.Tenant.As(TenantRole.Editor), segment)
        );

        var after = await engine.Database.CountRowsAsync(engine.Tenant.Id);
        Assert.Equal((1, 1), (before["Segments"], before["SegmentContacts"]));
        Assert.Equal(
            ["AuditEntries", "SegmentContacts", "Segments"],
            after
                .Where(table => table.Value != before[table.Key])
                .Select(table => table.Key)
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Template()
    {
        Assert.Equal(
            ["It is gone for good. Campaigns that began with it keep their copy."],
            DeletionQuestions.Template("News").Sentences
        );
        await using var engine = await EngineHarness.CreateAsync();
        var editor = engine.Tenant.As(TenantRole.Editor);
        var id = await engine.DraftAsync();
        var saved = Assert.IsType<TemplateOutcome.Saved>(
            await new CreateTemplate(engine.Db).ExecuteAsync(editor, new TemplateInput("News", "Hi", "<p>Hi</p>", null))
        );
        var before = await engine.Database.DumpAsync(engine.Tenant.Id);

        Assert.IsType<TemplateOutcome.Deleted>(
            await new DeleteTemplate(engine.Db).ExecuteAsync(editor, saved.TemplateId)
        );

        Assert.Equal(0, (await engine.Database.CountRowsAsync(engine.Tenant.Id))["Templates"]);
        Assert.Equal("<p>Hello {{first_name}}</p>", (await engine.CampaignAsync(id)).Html);
        // But for the template itself.
        Assert.Single(before.Except(await engine.Database.DumpAsync(engine.Tenant.Id)));
    }

    [Fact]
    public async Task Draft_ThatContinuesAnother()
    {
        Assert.Equal(
            [
                "Its text is gone for good. It was never launched, so nobody was mailed.",
                "Whoever it goes to waits in “Spring” again, which can be resumed or continued anew.",
            ],
            DeletionQuestions.Draft("Once more", "Spring").Sentences
        );
        Assert.Equal(
            "If it continues another campaign, whoever it goes to waits there again.",
            DeletionQuestions.Draft("Once more", null).Sentences[1]
        );
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 3);
        engine.Provider.Then(FakeProvider.Fault.DailyQuota);
        var source = await engine.LaunchAsync();
        await engine.RunAsync();
        var draft = await engine.FollowUpAsync(source);
        Assert.Equal(0, (await engine.CountsAsync(source)).Pending);

        Assert.Equal(
            DeleteDraftResult.Deleted,
            await new DeleteDraft(engine.Db).ExecuteAsync(engine.Tenant.As(TenantRole.Editor), draft, default)
        );

        Assert.Equal(3, (await engine.CountsAsync(source)).Pending);
        Assert.Empty(engine.Provider.Mailed);
        await engine.ResumeAsync(source);
        await engine.RunAsync();
        Assert.Equal(3, engine.Provider.Mailed.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Member(bool leaves)
    {
        Assert.Equal(
            [
                leaves
                    ? "You can no longer see or change anything here. Your account, and what you did, stay."
                    : "They can no longer see or change anything here, from now on. Their account, and what they did, stay; so do API keys and links that they were shown: revoke what they should not keep.",
            ],
            (leaves ? DeletionQuestions.Leaving("North") : DeletionQuestions.Member("Ada", "North")).Sentences
        );
        await using var engine = await EngineHarness.CreateAsync();
        var (owner, admin) = (engine.Tenant.As(TenantRole.Owner), engine.Tenant.As(TenantRole.Admin));
        await new AddContact(engine.Db).ExecuteAsync(admin, new ContactInput(Address, null, null, null));
        var key = Assert.IsType<ApiKeyOutcome.Created>(
            await new CreateApiKey(engine.Db).ExecuteAsync(owner, new ApiKeyInput("Program", ["read"]), default)
        );
        var adminId = engine.Tenant.People[TenantRole.Admin];

        Assert.Equal(
            ChangeMemberResult.Done,
            leaves
                ? await new LeaveTenant(engine.Db).ExecuteAsync(admin, default)
                : await new RemoveMember(engine.Db).ExecuteAsync(owner, adminId, default)
        );

        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            new AddContact(engine.Db).ExecuteAsync(admin, new ContactInput("b@example.net", null, null, null))
        );
        await using var db = engine.Db.Read(TenantScope.Installation);
        Assert.True(await db.Users.AnyAsync(user => user.Id == adminId));
        Assert.True(await db.Contacts.AnyAsync(row => row.NormalizedEmail == Address));
        Assert.True(
            await db.AuditEntries.AnyAsync(entry => entry.ActorId == adminId && entry.Action == "contact.added")
        );
        Assert.NotNull(await new FindProgram(engine.Db).ExecuteAsync(key.Token, from: null, default));
    }

    [Fact]
    public async Task Person()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactAsync(engine.Tenant, Address);
        await engine.LaunchAsync();
        await engine.PostAsync("receipt", Address);
        await engine.RunAsync();
        var erase = new ErasePerson(engine.Db, engine.Options);
        var admin = engine.Tenant.As(TenantRole.Admin);

        var question = DeletionQuestions.Person((await erase.LookAsync(admin, Address, default))!);
        var done = Assert.IsType<ErasePersonResult.Erased>(await erase.ExecuteAsync(admin, Address, default));

        Assert.Equal(Address, question.Type);
        Assert.StartsWith(
            $"The contact with its names, fields and tags goes; {done.Mails} mails lose name and address, and those that a program sent to the person alone their text too; {done.Entries} entr",
            question.Sentences[0],
            StringComparison.Ordinal
        );
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Equal("", (await db.Campaigns.SingleAsync(mail => mail.Kind == CampaignKind.Email)).Html);
        Assert.Equal(2, await db.Recipients.CountAsync(row => row.State == RecipientState.Accepted));
    }

    [Fact]
    public async Task Tenant()
    {
        Assert.Equal(
            "Nothing more is sent from now on.",
            TenantDeletionQuestion.Of(new TenantHoldings("North", 1, 1, 1, Sending: 0, 1, 1)).Sentences[1]
        );
        await using var engine = await EngineHarness.CreateAsync();
        var (tenant, owner) = (engine.Tenant, engine.Tenant.As(TenantRole.Owner));
        await new AddContact(engine.Db).ExecuteAsync(owner, new ContactInput(Address, null, null, null));
        await engine.Database.AddContactAsync(tenant, "bob@example.net");
        await engine.SuppressAsync("bob@example.net");
        await NameAsync(engine);
        await new CreateTemplate(engine.Db).ExecuteAsync(owner, new TemplateInput("News", "Hi", "<p>Hi</p>", null));
        var key = Assert.IsType<ApiKeyOutcome.Created>(
            await new CreateApiKey(engine.Db).ExecuteAsync(owner, new ApiKeyInput("Program", ["read"]), default)
        );
        await engine.DraftAsync();
        await engine.LaunchAsync();
        var delete = new DeleteTenant(engine.Db, new DeletionSignal());

        var question = TenantDeletionQuestion.Of(await delete.LookAsync(owner, default));

        Assert.Equal(("Delete “north Ltd” for good?", "north Ltd"), (question.Title, question.Type));
        Assert.Equal(
            [
                "2 contacts, 2 campaigns with their ledgers, templates, segments, the suppression list and 1 sending domain go. This cannot be undone, and no backup of it is made.",
                "1 campaign is being sent and stops at once; calls under way are let finish.",
                "4 members and 1 API key are locked out at once. People keep their accounts, which may belong to other organisations too.",
                "The audit log stays, without names, addresses and details, so that it can still be verified. Links to unsubscribe in mails that were sent say that nothing more will come.",
            ],
            question.Sentences
        );
        var before = await engine.Database.CountRowsAsync(tenant.Id);
        Assert.Equal((2, 2, 1, 1), (before["Contacts"], before["Campaigns"], before["Templates"], before["Segments"]));
        Assert.Equal(
            (1, 1, 1, 4),
            (before["SuppressedAddresses"], before["SendingDomains"], before["ApiKeys"], before["Memberships"])
        );

        Assert.IsType<DeleteTenantResult.Begun>(await delete.ExecuteAsync(owner, "north Ltd", default));

        // At once, before the first row is removed.
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            new AddContact(engine.Db).ExecuteAsync(owner, new ContactInput("c@example.net", null, null, null))
        );
        Assert.Null(await new FindProgram(engine.Db).ExecuteAsync(key.Token, from: null, default));
        await engine.RunAsync();
        Assert.Empty(engine.Provider.Mailed);

        Assert.Equal(
            1,
            await DeletionSteps.Job(engine.Database, engine.Crash, new ScriptedDomains()).RunOnceAsync(default)
        );

        var counts = await engine.Database.CountRowsAsync(tenant.Id);
        Assert.Equal(["AuditEntries"], counts.Where(table => table.Value > 0).Select(table => table.Key));
        await using var db = engine.Db.Read(TenantScope.Installation);
        Assert.False(await db.Tenants.AnyAsync());
        var people = tenant.People.Values.ToList();
        Assert.Equal(4, await db.Users.CountAsync(user => people.Contains(user.Id)));
        var log = await db
            .AuditEntries.Where(entry => entry.TenantId == tenant.Id)
            .OrderBy(entry => entry.Sequence)
            .ToListAsync();
        Assert.Contains("contact.added", log.Select(entry => entry.Action));
        // The last one, which says that it was deleted, names nobody.
        Assert.All(
            log.SkipLast(1),
            entry => Assert.Equal(("", "", null, null), (entry.ActorName, entry.TargetName, entry.Details, entry.From))
        );
        var verify = new VerifyAuditLog(
            engine.Db,
            TestDatabase.AuditKeys,
            new AuditAnchorFiles(Path.Combine(engine.Database.Folder, "anchors"))
        );
        Assert.True((await verify.ExecuteAsync(tenant.Scope, default)).IsWhole);
        var link = new UnsubscribeTokens(new byte[32]).Seal(tenant.Id, Address);
        Assert.True((await new UnsubscribeByLink(engine.Db, engine.Database.Ids).LookAsync(link, default))!.Gone);
    }

    private static async Task<Guid> NameAsync(EngineHarness engine, params Guid[] contacts)
    {
        var id = engine.Database.Ids.New();
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, _) =>
            {
                db.Segments.Add(
                    new Segment
                    {
                        TenantId = engine.Tenant.Id,
                        Id = id,
                        Name = "VIPs",
                        Match = SegmentMatch.Named,
                        CreatedAt = engine.Time.GetUtcNow(),
                    }
                );
                db.SegmentContacts.AddRange(
                    contacts.Select(contact => new SegmentContact
                    {
                        TenantId = engine.Tenant.Id,
                        SegmentId = id,
                        ContactId = contact,
                    })
                );
                return Task.CompletedTask;
            },
            default
        );
        return id;
    }
}
