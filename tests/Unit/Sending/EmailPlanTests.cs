using System.Data.Common;
using System.Reflection;
using AdminPortal.Features.Dashboard;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SQLitePCL;
using UnitTests.Support;
using Xunit.Abstractions;

namespace UnitTests.Sending;

/// <summary>
/// Transactional mails in their hundreds of thousands beside a few campaigns: what people look at and what the engine
/// claims by costs what it did without them, counted and not timed.
/// </summary>
public sealed class EmailPlanTests(ITestOutputHelper output)
{
    /// <summary>SQLite's own steps. A walk over all of them takes several for each row, whatever else the machine does.</summary>
    private const long Walk = 100_000;

    private const int CountedBy = 500;

    private long _steps;

    [Theory]
    [InlineData(CampaignStatus.Sent)]
    [InlineData(CampaignStatus.Sending)]
    [InlineData(CampaignStatus.Partial)]
    public async Task ManyMails_AreInNobodysWay(CampaignStatus status)
    {
        const int Mails = 100_000;
        await using var engine = await EngineHarness.CreateAsync();
        var south = await engine.Database.AddTenantAsync("south");
        await FillAsync(engine, Mails, status);
        await engine.Database.AddContactsAsync(south, 3);
        var campaign = await engine.LaunchAsync(south);
        var newest = await engine.PostAsync("newest", "newest@example.org");
        await engine.Db.AnalyzeAsync(CancellationToken.None);
        var (scope, none) = (engine.Tenant.Scope, CancellationToken.None);
        await CountStepsAsync(engine);

        await FastAsync("list of campaigns", () => new CampaignList(engine.Db).ExecuteAsync(scope, new(), none));
        await FastAsync(
            "page for programs",
            () => new CampaignPages(engine.Db).ExecuteAsync(scope, null, null, 50, none)
        );
        await FastAsync("dashboard", () => new DashboardQuery(engine.Db).ReadAsync(scope, none));
        await FastAsync("next due", () => engine.Claim.NextDueAsync(engine.Database.AccountId, none));
        var pages = new EmailPages(engine.Db);
        var first = await FastAsync("mails", () => pages.ExecuteAsync(scope, new(), none));
        await FastAsync(
            "an older page",
            () => pages.ExecuteAsync(scope, new EmailListQuery(After: first[^1].Cursor), none)
        );
        Assert.Single(
            await FastAsync(
                "an address",
                () => pages.ExecuteAsync(scope, new EmailListQuery(To: "mail777@example.org"), none)
            )
        );
        foreach (var one in new[] { EmailStatus.Sending, EmailStatus.Partial, EmailStatus.Sent, EmailStatus.Cancelled })
        {
            await FastAsync($"{one} ones", () => pages.ExecuteAsync(scope, new EmailListQuery(one), none));
        }

        for (var turn = 0; turn < 4; turn++)
        {
            engine.Time.Advance(TimeSpan.FromSeconds(1));
            await FastAsync("claim", () => engine.Claim.ExecuteAsync(engine.Database.AccountId, "worker", none));
        }

        await using var db = engine.Db.Read(TenantScope.Installation);
        var claimed = await db.Chunks.Where(chunk => chunk.State == ChunkState.Leased).ToListAsync();
        Assert.Contains(claimed, chunk => chunk.CampaignId == campaign);
        Assert.Contains(claimed, chunk => chunk.CampaignId != campaign);
        Assert.Equal(newest, first[0].Email.Id);
    }

    [Fact]
    public async Task ManyMails_AtAnOwnAccount_AreNotInTheWayOfItsWorkers()
    {
        const int Mails = 100_000;
        await using var engine = await EngineHarness.CreateAsync();
        var own = await engine.OwnAccountAsync("own");
        await FillAsync(engine, Mails, CampaignStatus.Sending, own.Id);
        await engine.Db.AnalyzeAsync(CancellationToken.None);
        await CountStepsAsync(engine);
        var none = CancellationToken.None;
        using var lane = engine.Lanes.Open(own);

        for (var turn = 0; turn < 4; turn++)
        {
            engine.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(own.Id, Assert.Single(await FastAsync("look", () => engine.Lanes.BusyAsync(none))).Id);
            Assert.NotNull(await FastAsync("claim", () => lane.Claim.ExecuteAsync(own.Id, "worker", none)));
        }
    }

    /// <summary>On PostgreSQL only what comes of it is looked at: it counts for each connection by itself, and late.</summary>
    private async Task<T> FastAsync<T>(string what, Func<Task<T>> step)
    {
        _steps = 0;
        var result = await step();
        output.WriteLine($"{what}: {_steps:N0} steps");
        Assert.True(_steps < Walk, $"{what} took {_steps} steps.");
        return result;
    }

    /// <summary>On every connection that the database has or will take from its pool; and what it counts is a walk for each kind.</summary>
    private async Task CountStepsAsync(EngineHarness engine)
    {
        if (TestDatabase.Provider == DatabaseProvider.PostgreSql)
        {
            return;
        }

        var (all, none) = (TenantScope.Installation, CancellationToken.None);
        await engine.Db.WriteAsync(all, (db, _) => Task.FromResult(Count(db.Database.GetDbConnection())), none);
        // The one for statements that are kept prepared is made by the first of them.
        await engine.Claim.NextDueAsync(engine.Database.AccountId, none);
        var kept = Assert.Single((IEnumerable<SqliteConnection>)Field(Field(engine.Db, "_engine"), "_readers"));
        Count(kept);
        var pooled = Enumerable.Range(0, 4).Select(_ => engine.Db.Read(all)).ToList();
        foreach (var db in pooled)
        {
            await db.Database.OpenConnectionAsync(none);
            Count(db.Database.GetDbConnection());
        }

        foreach (var db in pooled)
        {
            await db.DisposeAsync();
        }

        // Each can fail.
        await IsAWalkAsync(() => engine.Db.WriteAsync(all, WalkAsync, none));
        await using var walk = kept.CreateCommand();
        walk.CommandText = """SELECT COUNT(*) FROM "Campaigns" WHERE "Html" <> ''""";
        await IsAWalkAsync(() => walk.ExecuteScalarAsync(none));
        await using var reading = engine.Db.Read(all);
        await IsAWalkAsync(() => WalkAsync(reading, none));
    }

    private static object Field(object of, string name) =>
        of.GetType().GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(of)!;

    private static Task<int> WalkAsync(PortalDbContext db, CancellationToken cancellation) =>
        db.Campaigns.CountAsync(campaign => campaign.Html != "", cancellation);

    private async Task IsAWalkAsync(Func<Task> step)
    {
        _steps = 0;
        await step();
        Assert.True(_steps > 2 * Walk, $"A walk took {_steps} steps.");
    }

    private bool Count(DbConnection connection)
    {
        raw.sqlite3_progress_handler(
            ((SqliteConnection)connection).Handle,
            CountedBy,
            _ =>
            {
                _steps += CountedBy;
                return 0;
            },
            null
        );
        return true;
    }

    /// <param name="through">The installation's account when null.</param>
    private static Task FillAsync(EngineHarness engine, int mails, CampaignStatus status, Guid? through = null)
    {
        var done = status == CampaignStatus.Sent;
        var (state, chunk) = done ? ("Accepted", "Accepted") : ("Pending", "Planned");
        var (tenant, sender) = (engine.Tenant.Id, engine.Tenant.SenderId);
        var account = through ?? engine.Database.AccountId;
        var at = InstantConverter.ToMicroseconds(engine.Time.GetUtcNow() - TimeSpan.FromDays(1));
        return engine.Db.WriteAsync(
            engine.Tenant.Scope,
            async (db, token) =>
            {
                // One real mail, and its likeness as often as is asked for.
                var id =
                    TestDatabase.Provider == DatabaseProvider.PostgreSql
                        ? "('01900000-0000-8000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
                        : "('01900000-0000-8000-8000-' || printf('%012X', n))";
                var numbers =
                    $"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {mails})";
                foreach (
                    var sql in new[]
                    {
                        $$"""
                            {{numbers}} INSERT INTO "Campaigns" ("TenantId", "Id", "LineageId", "LineagePlace", "Kind", "MailedTo",
                                "Name", "Status", "Version", "SenderId", "Subject", "Html", "AudienceKind", "CurrentRun",
                                "LastChunk", "CreatedBy", "CreatedAt", "UpdatedAt", "LaunchedAt")
                            SELECT {0}, {{id}}, {{id}}, 0, 1, 'mail' || n || '@example.org', 'Receipt', '{{status}}', 0, {1},
                                'Receipt', '<p>Thanks</p>', 'Address', 1, 1, 'test', {2} + n, {2} + n, {2} + n FROM numbers
                            """,
                        $$"""
                            {{numbers}} INSERT INTO "Runs" ("TenantId", "CampaignId", "Number", "Kind", "AccountId", "StartedBy",
                                "StartedAt", "Planned")
                            SELECT {0}, {{id}}, 1, 'Launch', {3}, 'test', {2} + n, 1 FROM numbers
                            """,
                        $$"""
                            {{numbers}} INSERT INTO "Recipients" ("TenantId", "CampaignId", "Number", "Email", "NormalizedEmail",
                                "ChunkNumber", "State", "UpdatedAt", "Opens", "Clicks")
                            SELECT {0}, {{id}}, 1, 'mail' || n || '@example.org', 'mail' || n || '@example.org', 1, '{{state}}',
                                {2} + n, 0, 0 FROM numbers
                            """,
                        $$"""
                            {{numbers}} INSERT INTO "Chunks" ("TenantId", "CampaignId", "Number", "RunNumber", "FirstRecipient",
                                "LastRecipient", "Generation", "Epoch", "State", "Attempts", "Failures", "Mails")
                            SELECT {0}, {{id}}, 1, 1, 1, 1, 1, 0, '{{chunk}}', 0, 0, 0 FROM numbers
                            """,
                    }
                )
                {
                    await db.Database.ExecuteSqlAsync(
                        System.Runtime.CompilerServices.FormattableStringFactory.Create(
                            sql,
                            tenant,
                            sender,
                            at,
                            account
                        ),
                        token
                    );
                }

                return true;
            },
            CancellationToken.None
        );
    }
}
