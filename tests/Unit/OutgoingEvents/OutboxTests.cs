using System.Text.Json;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Ledgerpost.Recipients;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Sending;
using UnitTests.Webhooks;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.OutgoingEvents;

/// <summary>What is written for whom, and that it stands and falls with the change.</summary>
public sealed class OutboxTests
{
    [Fact]
    public async Task Campaign_Sent_TellsEachEndpointExactlyWhatItHasSubscribed()
    {
        await using var rig = await HookRig.CreateAsync();
        var engine = rig.Engine;
        var south = await engine.Database.AddTenantAsync("south");
        using var recipients = new HookServer();
        using var moves = new HookServer();
        using var foreign = new HookServer();
        var subscribed = await rig.SubscribeAsync(recipients, ["recipient.accepted", "campaign.sent"]);
        await rig.SubscribeAsync(moves, ["campaign.preparing", "campaign.sending", "campaign.sent", "campaign.paused"]);
        await rig.SubscribeAsync(foreign, HookRig.AllEvents, south);
        await engine.Database.AddContactsAsync(engine.Tenant, 150);

        var id = await engine.LaunchAsync();
        await engine.RunAsync();
        await rig.DeliverAsync();

        Assert.Empty(foreign.Hooks);
        Assert.Equal(
            ["campaign.preparing", "campaign.sending", "campaign.sent"],
            moves.Types.Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            Enumerable.Range(1, 150),
            recipients
                .Hooks.Where(hook => hook.Type == "recipient.accepted")
                .Select(hook => hook.Data.GetProperty("number").GetInt32())
                .Order()
        );
        var sent = Assert.Single(recipients.Hooks, hook => hook.Type == "campaign.sent").Data;
        Assert.Equal(id, sent.GetProperty("id").GetGuid());
        Assert.Equal(
            ("sent", 150),
            (sent.GetProperty("status").GetString(), sent.GetProperty("counts").GetProperty("accepted").GetInt32())
        );
        Assert.Equal(151, recipients.Hooks.Select(hook => hook.Id).Distinct().Count());
        Assert.All(recipients.Hooks, hook => Assert.True(hook.IsSignedWith(subscribed.Secret!)));
        var one = recipients.Hooks.First(hook => hook.Type == "recipient.accepted").Data;
        Assert.Equal("accepted", one.GetProperty("state").GetString());
        Assert.EndsWith("@example.net", one.GetProperty("email").GetString(), StringComparison.Ordinal);
        Assert.False(string.IsNullOrEmpty(one.GetProperty("provider_email_id").GetString()));
        Assert.Equal(0, await rig.DeliverAsync());
    }

    [Fact]
    public async Task Campaign_WithoutAnEndpoint_OrForOneThatWantsNoRecipients_WritesNotARowForThem()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer();
        await rig.Engine.Database.AddContactsAsync(rig.Engine.Tenant, 20);
        await rig.Engine.LaunchAsync();
        await rig.Engine.RunAsync();
        Assert.Empty(await rig.DeliveriesAsync());
        await rig.SubscribeAsync(server, ["campaign.sent", "recipient.refused"]);

        await rig.Engine.LaunchAsync();
        await rig.Engine.RunAsync();

        Assert.Equal([EventType.CampaignSent], (await rig.DeliveriesAsync()).Select(row => row.Type));
    }

    [Fact]
    public async Task Change_ThatIsRolledBack_TellsNothing()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer();
        await rig.SubscribeAsync(server, HookRig.AllEvents);
        var engine = rig.Engine;
        await engine.Database.AddContactsAsync(engine.Tenant, 3);
        var id = await engine.LaunchAsync();
        var before = (await rig.DeliveriesAsync()).Count;

        await Assert.ThrowsAsync<TimeoutException>(() =>
            engine.Db.WriteAsync(
                engine.Tenant.Scope,
                async (db, token) =>
                {
                    Assert.True(
                        await CampaignTransitions.TryMoveAsync(
                            db,
                            engine.Tenant.Id,
                            id,
                            CampaignStatus.Sending,
                            CampaignStatus.Paused,
                            engine.Time.GetUtcNow(),
                            token
                        )
                    );
                    Assert.Equal(before + 1, await db.EventDeliveries.CountAsync(token));
                    throw new TimeoutException();
                },
                CancellationToken.None
            )
        );

        Assert.Equal(before, (await rig.DeliveriesAsync()).Count);
    }

    /// <summary>
    /// Told one after the other, the events end where the ledger stands, for everybody: a way in which a recipient's state
    /// changes and that tells nothing would be found here.
    /// </summary>
    [Fact]
    public async Task Events_ToldInOrder_EndWhereTheLedgerStands()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer();
        await rig.SubscribeAsync(server, HookRig.AllEvents);
        var engine = rig.Engine;
        await engine.Database.AddContactsAsync(engine.Tenant, 320);
        await engine.SuppressAsync("person5@example.net");
        engine.Provider.Refuses["person150@example.net"] = "Invalid `to` field.";
        engine.Provider.Then(Fault.LostAnswer);
        var first = await engine.LaunchAsync();
        await engine.TurnAsync();
        await engine.SuppressAsync("person299@example.net");
        await engine.Pause.ExecuteAsync(rig.Admin, first, CancellationToken.None);
        engine.Time.Advance(TimeSpan.FromHours(21));
        await engine.Expire.RunOnceAsync(CancellationToken.None);
        await engine.Continue.ExecuteAsync(rig.Admin, first, CancellationToken.None);
        await engine.RunAsync(TimeSpan.FromHours(1));
        engine.Time.Advance(TimeSpan.FromSeconds(1));
        engine.Provider.Always = Fault.DailyQuota;
        var second = await engine.LaunchAsync();
        await engine.RunAsync();
        engine.Time.Advance(TimeSpan.FromSeconds(1));
        await engine.Cancel.ExecuteAsync(rig.Admin, second, CancellationToken.None);

        await AssertToldAsync(
            rig,
            first,
            RecipientState.Accepted,
            RecipientState.Refused,
            RecipientState.Excluded,
            RecipientState.Unknown
        );
        await AssertToldAsync(rig, second, RecipientState.Excluded);
        // The provider proves afterwards what was unknown.
        var unknown = await StatesAsync(rig, first, RecipientState.Unknown);
        var mail = engine.Provider.Mailed.First(one =>
            one.CampaignTag == first.ToString("N") && unknown.Contains(one.Recipient)
        );
        engine.Time.Advance(TimeSpan.FromSeconds(1));
        await EventTests.ReceiveAsync(engine, EventTests.Event("email.delivered", mail));
        await AssertToldAsync(rig, first, RecipientState.Accepted, RecipientState.Refused, RecipientState.Excluded);
        var moves = (await rig.DeliveriesAsync()).Where(row => row.CampaignId == second && row.RecipientNumber is null);
        Assert.Equal(
            [
                EventType.CampaignPreparing,
                EventType.CampaignSending,
                EventType.CampaignPartial,
                EventType.CampaignCancelled,
            ],
            moves.OrderBy(row => row.OccurredAt).ThenBy(row => row.Type).Select(row => row.Type)
        );
        Assert.Equal("DailyQuota", moves.Single(row => row.Type == EventType.CampaignPartial).Reason);
    }

    [Fact]
    public async Task Report_OfTheProvider_IsToldOnce_HoweverOftenItComes()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer();
        await rig.SubscribeAsync(
            server,
            ["recipient.delivered", "recipient.bounced", "recipient.opened", "contact.unsubscribed"]
        );
        var engine = rig.Engine;
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        await engine.LaunchAsync();
        await engine.RunAsync();
        foreach (var id in new[] { "msg_1", "msg_1", "msg_2" })
        {
            await EventTests.ReceiveAsync(engine, EventTests.Event("email.opened", engine.Provider.Mailed[0]), id);
        }

        await EventTests.ReceiveAsync(engine, EventTests.Event("email.delivered", engine.Provider.Mailed[0]));
        await EventTests.ReceiveAsync(engine, EventTests.Event("email.bounced", engine.Provider.Mailed[1]));
        await EventTests.ReceiveAsync(engine, EventTests.Event("email.clicked", engine.Provider.Mailed[1]));
        await engine.SuppressAsync("person1@example.net");
        await engine.SuppressAsync("person1@example.net");

        await rig.DeliverAsync();

        Assert.Equal(
            [
                "contact.unsubscribed",
                "recipient.bounced",
                "recipient.delivered",
                "recipient.opened",
                "recipient.opened",
            ],
            server.Types.Order(StringComparer.Ordinal)
        );
        var bounced = server.Hooks.Single(hook => hook.Type == "recipient.bounced");
        Assert.Equal(
            ("bounced", "permanent", "2026-03-02T09:00:05.123+00:00"),
            (
                bounced.Data.GetProperty("delivery").GetString(),
                bounced.Data.GetProperty("reason").GetString(),
                bounced.Body.GetProperty("timestamp").GetString()
            )
        );
        Assert.Equal(
            "person1@example.net",
            server.Hooks.Single(hook => hook.Type == "contact.unsubscribed").Data.GetProperty("email").GetString()
        );
    }

    [Fact]
    public async Task TransactionalMail_IsToldOfItsRecipientAlone_ByTheMailsId()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer();
        await rig.SubscribeAsync(server, HookRig.AllEvents);
        var id = await rig.Engine.PostAsync("receipt-1");
        await rig.Engine.RunAsync();

        await rig.DeliverAsync();

        var told = Assert.Single(server.Hooks);
        Assert.Equal(
            ("recipient.accepted", id, JsonValueKind.Null),
            (told.Type, told.Data.GetProperty("email_id").GetGuid(), told.Data.GetProperty("campaign_id").ValueKind)
        );
    }

    [Fact]
    public void Bit_OfEveryEvent_StaysWhatItWas() =>
        Assert.Equal(
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22],
            EventTypes.All.Select(type => (int)type)
        );

    private static async Task<HashSet<int>> StatesAsync(HookRig rig, Guid campaignId, RecipientState state)
    {
        await using var db = rig.Engine.Db.Read(rig.Engine.Tenant.Scope);
        return
        [
            .. await db
                .Recipients.Where(row => row.CampaignId == campaignId && row.State == state)
                .Select(row => row.Number)
                .ToListAsync(),
        ];
    }

    private static async Task AssertToldAsync(HookRig rig, Guid campaignId, params RecipientState[] among)
    {
        await using var db = rig.Engine.Db.Read(rig.Engine.Tenant.Scope);
        var ledger = await db.Recipients.Where(row => row.CampaignId == campaignId).ToListAsync();
        EventType[] states =
        [
            EventType.RecipientAccepted,
            EventType.RecipientRefused,
            EventType.RecipientExcluded,
            EventType.RecipientUnknown,
        ];
        var told = (await rig.DeliveriesAsync())
            .Where(row => row.CampaignId == campaignId && states.Contains(row.Type))
            .GroupBy(row => row.RecipientNumber!.Value)
            .ToDictionary(rows => rows.Key, rows => rows.MaxBy(row => row.OccurredAt)!);

        Assert.Equal(among.Order(), ledger.Select(row => row.State).Distinct().Order());
        Assert.All(
            ledger,
            row =>
                Assert.Equal(
                    ($"Recipient{row.State}", row.Reason),
                    (told[row.Number].Type.ToString(), told[row.Number].Reason)
                )
        );
    }
}
