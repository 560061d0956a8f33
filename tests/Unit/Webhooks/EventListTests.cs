using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Tenancy;
using Ledgerpost.Webhooks;
using Microsoft.EntityFrameworkCore;
using UnitTests.Sending;
using static UnitTests.Sending.FakeProvider;
using static UnitTests.Webhooks.EventTests;

namespace UnitTests.Webhooks;

/// <summary>Who sees which events, what a replay does, what is forgotten, and how machines are told from people.</summary>
public sealed class EventListTests
{
    private static readonly Mail Foreign = new("", "", 0, 0, 0, "foreign");

    [Fact]
    public async Task Events_AreSeenByTheTenantWhoseMailsTheyAreAbout_AndNobodysByTheOperator()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var south = await engine.Database.AddTenantAsync("south");
        await SendAsync(engine);
        await ReceiveAsync(engine, Event("email.delivered", engine.Provider.Mailed[0]));
        await ReceiveAsync(engine, Event("email.opened", Foreign, tagged: false), "foreign-1");
        await ReceiveAsync(engine, "not json", "foreign-2");
        var list = new ListEvents(engine.Db);

        var ours = await list.ExecuteAsync(engine.Tenant.Scope, new EventListQuery(), CancellationToken.None);
        var theirs = await list.ExecuteAsync(south.Scope, new EventListQuery(), CancellationToken.None);
        var nobodys = await list.ExecuteAsync(
            await OperatorAsync(engine),
            new EventListQuery(),
            CancellationToken.None
        );

        var item = Assert.Single(ours.Items);
        Assert.Equal(
            ("email.delivered", WebhookState.Applied, "Spring", 1, "person1@example.net"),
            (item.Type, item.State, item.Campaign, item.RecipientNumber, item.Email)
        );
        Assert.Empty(theirs.Items);
        Assert.Equal(
            [("foreign-2", WebhookState.Ignored), ("foreign-1", WebhookState.Waiting)],
            nobodys.Items.Select(e => (e.MessageId, e.State))
        );
        Assert.All(nobodys.Items, e => Assert.Null(e.Email));
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            list.ExecuteAsync(engine.Tenant.As(TenantRole.Owner).Actor, new EventListQuery(), CancellationToken.None)
        );
    }

    [Fact]
    public async Task List_IsReadPageByPage_WhileEventsComeIn()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var actor = await OperatorAsync(engine);
        for (var i = 0; i < 25; i++)
        {
            await StoreAsync(engine, "not json", $"msg-{i:D2}");
            engine.Time.Advance(TimeSpan.FromMilliseconds(i % 3));
        }

        await ApplyAsync(engine);
        var list = new ListEvents(engine.Db);
        var seen = new List<string>();
        EventCursor? after = null;
        do
        {
            var query = new EventListQuery(WebhookState.Ignored, EventCursor.TryParse(after?.ToString()), 10);
            var page = await list.ExecuteAsync(actor, query, CancellationToken.None);
            seen.AddRange(page.Items.Select(item => item.MessageId));
            after = page.Next;
            await ReceiveAsync(engine, "not json", $"late-{seen.Count}");
        } while (after is not null);

        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"msg-{24 - i:D2}"), seen);
    }

    [Fact]
    public async Task Replay_OfWhatWaits_FindsTheMailThatHasComeMeanwhile_AndIsAudited()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        var id = await engine.LaunchAsync();
        await ReceiveAsync(engine, Event("email.delivered", Foreign with { Id = "mail-1" }, tagged: false), "early");
        engine.Time.Advance(TimeSpan.FromDays(3));
        await ApplyAsync(engine);
        await engine.RunAsync();
        var replay = new ReplayEvent(engine.Db, new WebhookSignal());
        var actor = await OperatorAsync(engine);

        Assert.Equal(ReplayResult.Asked, await replay.ExecuteAsync(actor, engine.Database.AccountId, "early", default));
        await ApplyAsync(engine);

        Assert.Equal(1, (await engine.CountsAsync(id)).Delivered);
        // It is the tenant's now: the operator has nothing to do with it, and the tenant cannot count it twice.
        Assert.Equal(
            ReplayResult.NotFound,
            await replay.ExecuteAsync(actor, engine.Database.AccountId, "early", default)
        );
        Assert.Equal(
            ReplayResult.AppliedAlready,
            await replay.ExecuteAsync(engine.Tenant.As(TenantRole.Admin), engine.Database.AccountId, "early", default)
        );
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            replay.ExecuteAsync(engine.Tenant.As(TenantRole.Editor), engine.Database.AccountId, "early", default)
        );
        await using var db = engine.Db.Read(TenantScope.Installation);
        Assert.Equal(1, await db.AuditEntries.CountAsync(entry => entry.Action == "event.replayed"));
    }

    [Fact]
    public async Task OldEvents_AreForgotten_AndBroughtAgainTheyCountNothingTwice()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await SendAsync(engine);
        var opened = Event("email.opened", engine.Provider.Mailed[0]);
        await ReceiveAsync(engine, opened, "msg-1");
        var forget = new ForgetEvents(engine.Db);
        Assert.Equal(0, await forget.RunOnceAsync(CancellationToken.None));

        engine.Time.Advance(ForgetEvents.Kept + TimeSpan.FromSeconds(1));
        Assert.Equal(1, await forget.RunOnceAsync(CancellationToken.None));
        Assert.Equal(WebhookReceipt.Stored, await ReceiveAsync(engine, opened, "msg-1"));

        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Equal(1, (await db.Recipients.SingleAsync()).Opens);
        Assert.Equal(1, await db.RecipientEvents.CountAsync());
    }

    [Fact]
    public async Task ForeignEvent_IsLookedForLessAndLessOften()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await ReceiveAsync(engine, Event("email.delivered", Foreign, tagged: false));
        var looks = 0;
        while (await engine.Events.NextDueAsync(CancellationToken.None) is { } due)
        {
            engine.Time.Advance(due - engine.Time.GetUtcNow());
            looks += await engine.Events.RunOnceAsync(CancellationToken.None);
        }

        // In three days; each second would be a quarter of a million.
        Assert.InRange(looks, 15, 60);
    }

    [Fact]
    public async Task Looks_AreCountedOncePerPersonAndInTotal_AndMachinesApart()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 3);
        var id = await engine.LaunchAsync();
        await engine.RunAsync();
        var mails = engine.Provider.Mailed;
        foreach (var type in new[] { "email.opened", "email.clicked" })
        {
            await ReceiveAsync(engine, Event(type, mails[0], userAgent: "Mozilla/5.0"));
            await ReceiveAsync(engine, Event(type, mails[0], userAgent: "Mozilla/5.0 (X11) Firefox/128.0"));
            await ReceiveAsync(engine, Event(type, mails[0], userAgent: "Mozilla/5.0 (X11) Firefox/128.0"));
            await ReceiveAsync(engine, Event(type, mails[1], userAgent: "Barracuda Sentinel (EE)"));
        }

        var counts = await engine.CountsAsync(id);
        Assert.Equal((2, 1, 2, 1), (counts.Opened, counts.OpenedByMachines, counts.Clicked, counts.ClickedByMachines));
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var row = await db.Recipients.SingleAsync(r => r.Number == 1);
        Assert.Equal((3, 1, 3, 1), (row.Opens, row.MachineOpens, row.Clicks, row.MachineClicks));
        Assert.Equal("Barracuda", (await db.RecipientEvents.FirstAsync(e => e.RecipientNumber == 2)).Machine);
    }

    [Theory]
    [InlineData("Mozilla/5.0", null, "Apple Mail Privacy Protection")]
    [InlineData("Mozilla/5.0 (via ggpht.com GoogleImageProxy)", null, "Gmail image proxy")]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64)", "40.107.3.4", "Microsoft Defender")]
    [InlineData(null, "209.222.82.1", "Barracuda")]
    [InlineData("x", "205.220.165.9", "Proofpoint")]
    [InlineData("x", "207.211.31.9", "Mimecast")]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64)", "192.0.2.1", null)]
    [InlineData(null, null, null)]
    public void Machine_IsKnownByItsWordsOrItsNetwork(string? agent, string? address, string? name) =>
        Assert.Equal(name, KnownMachines.NameOf(agent, address));

    [Fact]
    public void Secret_ThatCannotBeRead_SignsNothing() =>
        Assert.False(
            WebhookSignature.Verify(
                ["whsec_!"],
                "msg",
                "0",
                "v1," + Convert.ToBase64String(System.Security.Cryptography.HMACSHA256.HashData([], "msg.0."u8)),
                default,
                DateTimeOffset.UnixEpoch
            )
        );

    private static async Task SendAsync(EngineHarness engine)
    {
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        await engine.LaunchAsync();
        await engine.RunAsync();
    }

    internal static async Task<Actor> OperatorAsync(EngineHarness engine)
    {
        var owner = engine.Tenant.People[TenantRole.Viewer];
        await engine.Db.WriteAsync(
            TenantScope.Installation,
            (db, token) =>
                db
                    .Users.Where(user => user.Id == owner)
                    .ExecuteUpdateAsync(set => set.SetProperty(user => user.IsOperator, true), token),
            CancellationToken.None
        );
        return engine.Tenant.As(TenantRole.Viewer).Actor;
    }
}
