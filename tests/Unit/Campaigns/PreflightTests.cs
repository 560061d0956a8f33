using Ledgerpost.Campaigns;
using Ledgerpost.Senders;
using Ledgerpost.Suppression;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Campaigns;

public sealed class PreflightTests
{
    private const string Good = "<p>Hi</p><a href=\"{{unsubscribe_url}}\">Leave</a>";

    [Theory]
    [InlineData("", Good, "subject", "The subject is empty.")]
    [InlineData("S", " ", "html", "The content is empty.")]
    [InlineData("S", "a\n{{#if email}}", "html", "Line 2: {{#if}} is never closed; it needs {{/if}}.")]
    [InlineData("{{oops", Good, "subject", "There is {{ without }} after it.")]
    [InlineData("S", "{{frist_name}}", "html", "There is no field \u201c{{frist_name}}\u201d.")]
    [InlineData(
        "S",
        "<a href='www.a.test'>x</a>",
        "html",
        "The link \u201cx\u201d leads to \u201cwww.a.test\u201d, which no mail program can open."
    )]
    [InlineData(
        "S",
        "<a href='javascript:x()'>x</a>",
        "html",
        "The link \u201cx\u201d leads to \u201cjavascript:x()\u201d, which no mail program can open."
    )]
    [InlineData(
        "S",
        "<img src='/logo.png' alt=''>",
        "html",
        "The image \u201c/logo.png\u201d has no whole address, so nobody will see it."
    )]
    public void Content_Fault_IsABlockerAtItsField(string subject, string html, string field, string sentence)
    {
        var blocker = Assert.Single(ContentCheck.Run(subject, html), i => i.Severity == PreflightSeverity.Blocker);

        Assert.Equal((field, sentence), (blocker.Field, blocker.Sentence));
        Assert.NotNull(blocker.Mend);
    }

    [Theory]
    [InlineData("<a href='#'>x</a>", "leads nowhere")]
    [InlineData("<a href='http://a.test'>x</a>", "not encrypted")]
    [InlineData("<img src='https://a.test/i.png'>", "no text for those")]
    [InlineData("<script>x()</script>", "remove <script>")]
    public void Content_Weakness_IsAWarning(string html, string words)
    {
        var warning = Assert.Single(ContentCheck.Run("S", html), i => i.Severity == PreflightSeverity.Warning);

        Assert.Contains(words, warning.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Hi {{frist_name}}", "There is no field \u201c{{frist_name}}\u201d.")]
    [InlineData("Hi\n{{#if email}}", "Line 2: {{#if}} is never closed; it needs {{/if}}.")]
    public void PlainText_Fault_IsABlockerAtItsField(string text, string sentence)
    {
        var blocker = Assert.Single(
            ContentCheck.Run("S", Good, text),
            item => item.Severity == PreflightSeverity.Blocker
        );

        Assert.Equal(("text", sentence), (blocker.Field, blocker.Sentence));
    }

    [Fact]
    public void Content_WithoutLink_SaysThatWeAddOne()
    {
        Assert.Contains(
            "we add one",
            Assert.Single(ContentCheck.Run("S", "<p>Hi</p>")).Sentence,
            StringComparison.Ordinal
        );
        Assert.Contains("can leave", Assert.Single(ContentCheck.Run("S", Good)).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Content_Over90Kb_IsABlocker()
    {
        var html = Good + new string('x', 91 * 1024);

        Assert.Contains(
            ContentCheck.Run("S", html),
            i => i.Sentence.StartsWith("The mail is 91 KB", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Check_EverythingInOrder_MayLaunch_AndCountsWhoIsLeftOut()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.AddContactsAsync(tenant, 3);
        await SuppressAsync(database, tenant, "person2@example.net");

        var report = await CheckAsync(database, tenant, Draft(tenant));

        Assert.True(report.MayLaunch, string.Join(' ', report.Blockers));
        Assert.Equal((3, 1), (report.People, report.LeftOut));
        Assert.Contains(
            report.Items,
            i => i.Sentence == "2 people will get it; 1 are left out, unsubscribed or suppressed."
        );
    }

    [Fact]
    public async Task Check_DomainNotVerified_SenderGone_NobodyThere_AreBlockers()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.Db.WriteAsync(
            tenant.Scope,
            async (db, token) => (await db.SendingDomains.SingleAsync(token)).Status = DomainStatus.Failed,
            CancellationToken.None
        );

        Assert.Contains(
            "The domain north.test is not verified, so the provider would refuse every mail.",
            (await CheckAsync(database, tenant, Draft(tenant))).Blockers
        );
        var gone = await CheckAsync(database, tenant, Draft(tenant) with { SenderId = database.Ids.New() });
        Assert.Equal(["The sender was deleted.", "Nobody is in this audience."], gone.Blockers);
        var open = await CheckAsync(
            database,
            tenant,
            Draft(tenant) with
            {
                SenderId = null,
                AudienceKind = AudienceKind.Tag,
            }
        );
        Assert.Equal(["No sender is chosen.", "No tag is chosen."], open.Blockers);
        var segment = Draft(tenant) with
        {
            AudienceKind = AudienceKind.Segment,
            AudienceSegmentId = database.Ids.New(),
        };
        Assert.Contains("The segment was deleted.", (await CheckAsync(database, tenant, segment)).Blockers);
    }

    [Fact]
    public async Task Check_EverybodySuppressed_IsABlocker()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.AddContactsAsync(tenant, 1);
        await SuppressAsync(database, tenant, "person1@example.net");

        var report = await CheckAsync(database, tenant, Draft(tenant));

        Assert.Equal(["Everybody in this audience is unsubscribed or suppressed."], report.Blockers);
    }

    [Fact]
    public async Task Check_NamesThatAreMissing_WarnsUnlessThoughtOf()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.AddContactsAsync(tenant, 2);

        var bare = await CheckAsync(database, tenant, Draft(tenant) with { Subject = "{{first_name}} {{last_name}}" });
        var asked = await CheckAsync(
            database,
            tenant,
            Draft(tenant) with
            {
                Subject = "S {{#if last_name}}{{last_name}}{{/if}}",
            }
        );

        Assert.Equal(
            ["2 people of 2 have no last name: {{last_name}} stays empty for them."],
            bare.Items.Where(i => i.Severity == PreflightSeverity.Warning).Select(i => i.Sentence)
        );
        Assert.DoesNotContain(asked.Items, i => i.Severity == PreflightSeverity.Warning);
    }

    [Fact]
    public async Task Check_OwnFields_NobodysIsSaidWithThoseThereAre_AndMissingOnesAreCounted()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var contacts = await database.AddContactsAsync(tenant, 3);
        // A value that looks like a field is none.
        await database.SetFieldsAsync(tenant, contacts[0], ("town", "Rome \"land\":\"x\""));
        await database.SetFieldsAsync(tenant, contacts[1], ("town", "Oslo"), ("company", "Co"));
        var south = await database.AddTenantAsync("south");
        await database.SetFieldsAsync(south, (await database.AddContactsAsync(south, 1))[0], ("land", "x"));

        var report = await CheckAsync(
            database,
            tenant,
            Draft(tenant) with
            {
                Subject = "{{fields.land}} {{fallback fields.company \"x\"}}",
                Html = Good + "<a href=\"{{fields.land}}\">x</a>{{fields.town}}",
            }
        );

        Assert.True(report.MayLaunch);
        Assert.Equal(
            [
                (
                    "subject",
                    "No contact has a field \u201cland\u201d: {{fields.land}} is empty for everybody.",
                    "Your contacts have fields.company, fields.town."
                ),
                (
                    "html",
                    "1 person of 3 have no field \u201ctown\u201d: {{fields.town}} stays empty for them.",
                    "Write {{fallback fields.town \"...\"}} instead."
                ),
            ],
            report.Items.Where(i => i.Severity == PreflightSeverity.Warning).Select(i => (i.Field, i.Sentence, i.Mend!))
        );
    }

    [Fact]
    public async Task Preview_OwnFields_AreTheContacts_AndTheSamplesAreTheirNames()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var contact = (await database.AddContactsAsync(tenant, 1))[0];
        await database.SetFieldsAsync(tenant, contact, ("town", "Rome"));
        var preview = new PreviewCampaign(database.Db);

        async Task<string> SubjectAsync(Guid? seenBy) =>
            Assert
                .IsType<PreviewResult.Rendered>(
                    await preview.ExecuteAsync(
                        tenant.Scope,
                        "{{fields.town}}/{{fields.land}}",
                        Good,
                        seenBy,
                        CancellationToken.None
                    )
                )
                .Mail.Subject;

        Assert.Equal(("Rome/", "[town]/[land]"), (await SubjectAsync(contact), await SubjectAsync(null)));
    }

    [Fact]
    public async Task Preview_AsAContact_AndAsTheSampleWhenThatContactIsAnothers()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var contact = (await database.AddContactsAsync(north, 1))[0];
        var preview = new PreviewCampaign(database.Db);

        var ours = await preview.ExecuteAsync(north.Scope, "Hi {{first_name}}", Good, contact, CancellationToken.None);
        var theirs = await preview.ExecuteAsync(
            south.Scope,
            "Hi {{first_name}}",
            Good,
            contact,
            CancellationToken.None
        );

        Assert.Equal("Hi First1", Assert.IsType<PreviewResult.Rendered>(ours).Mail.Subject);
        Assert.Equal("Hi Alex", Assert.IsType<PreviewResult.Rendered>(theirs).Mail.Subject);
    }

    private static DraftContent Draft(TestTenant tenant) =>
        new("Spring", tenant.SenderId, "Subject", Good, AudienceKind.All, null, null);

    private static Task<PreflightReport> CheckAsync(TestDatabase database, TestTenant tenant, DraftContent draft) =>
        new Preflight(database.Db).ExecuteAsync(tenant.Scope, draft, CancellationToken.None);

    private static Task SuppressAsync(TestDatabase database, TestTenant tenant, string email) =>
        database.Db.WriteAsync(
            tenant.Scope,
            (db, token) =>
                Suppress.AddAsync(
                    db,
                    tenant.Id,
                    email,
                    SuppressionReason.Unsubscribed,
                    null,
                    database.Time.GetUtcNow(),
                    database.Ids,
                    token
                ),
            CancellationToken.None
        );
}
