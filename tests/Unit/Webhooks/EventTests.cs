using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Suppression;
using Ledgerpost.Webhooks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Sending;
using UnitTests.Support;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Webhooks;

public sealed class EventTests
{
    internal const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Fact]
    public async Task TaggedEvent_ProvesTheWholeBatch_EvenIfTheSettleNeverCame()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.LostAnswer);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        Assert.Equal(100, (await engine.CountsAsync(id)).InDoubt);

        await ReceiveAsync(engine, Event("email.delivered", engine.Provider.Mailed[41]));

        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        await engine.RunAsync(TimeSpan.FromHours(1));
        Assert.Single(engine.Provider.Calls);
    }

    [Fact]
    public async Task TaggedEvent_TurnsUnknownIntoAccepted()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.LostAnswer);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        engine.Time.Advance(TimeSpan.FromHours(21));
        await engine.Expire.RunOnceAsync(CancellationToken.None);
        Assert.Equal(100, (await engine.CountsAsync(id)).Unknown);

        await ReceiveAsync(engine, Event("email.bounced", engine.Provider.Mailed[0]));

        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task TaggedEvent_WhileTheCallIsInFlight_AndTheSettleAfterIt_AreOneAcceptance()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        engine.Crash.On = async point =>
        {
            if (point == Ledgerpost.Sending.CrashPoints.BeforeSettle)
            {
                await ReceiveAsync(engine, Event("email.sent", engine.Provider.Mailed[0]));
            }
        };

        await engine.RunAsync();

        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        Assert.Single(engine.Provider.Calls);
    }

    [Fact]
    public async Task Tags_AsAList_ProveTheBatchAsAnObjectDoes()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        engine.Provider.Then(Fault.LostAnswer);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        var mail = engine.Provider.Mailed[0];

        await ReceiveAsync(
            engine,
            $$$"""
            {"type":"email.delivered","created_at":"2026-03-02T09:00:05.123Z","data":{"email_id":"{{{mail.Id}}}","tags":[
                {"name":"campaign","value":"{{{mail.CampaignTag}}}"},{"name":"recipient","value":"{{{mail.Recipient}}}"},
                {"name":"chunk","value":"{{{mail.Chunk}}}"},{"name":"generation","value":"{{{mail.Generation}}}"}]}}
            """
        );

        Assert.Equal(2, (await engine.CountsAsync(id)).Accepted);
    }

    [Theory]
    [InlineData("2026-03-02T09:00:05.123Z", "2026-03-02T09:00:05.1230000+00:00")]
    [InlineData("2025-11-30 20:39:59.540771+00", "2025-11-30T20:39:59.5407710+00:00")]
    public async Task Timestamp_InEitherForm_IsTheInstantOfTheStory(string written, string instant)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        await engine.LaunchAsync();
        await engine.RunAsync();

        await ReceiveAsync(
            engine,
            Event("email.delivered", engine.Provider.Mailed[0], tagged: false)
                .Replace("2026-03-02T09:00:05.123Z", written, StringComparison.Ordinal)
        );

        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var line = await db.RecipientEvents.SingleAsync(row => row.Type == "email.delivered");
        Assert.Equal(instant, line.OccurredAt.ToString("O", CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task UntaggedEvent_WaitsForItsProviderId()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        var id = await engine.LaunchAsync();
        await ReceiveAsync(engine, Event("email.delivered", new Mail("", "", 0, 0, 0, "mail-1"), tagged: false));
        Assert.Equal(0, (await engine.CountsAsync(id)).Delivered);

        await engine.RunAsync();
        engine.Time.Advance(TimeSpan.FromSeconds(2));
        await ApplyAsync(engine);

        Assert.Equal(1, (await engine.CountsAsync(id)).Delivered);
    }

    [Fact]
    public async Task Events_InAnyOrderAndTwice_EndTheSame()
    {
        string[] types = ["email.sent", "email.delivery_delayed", "email.delivered", "email.complained"];
        var orders = new[] { types, [.. types.Reverse()], [types[2], types[0], types[3], types[1]] };
        foreach (var order in orders)
        {
            await using var engine = await EngineHarness.CreateAsync();
            await engine.Database.AddContactsAsync(engine.Tenant, 1);
            var id = await engine.LaunchAsync();
            await engine.RunAsync();
            foreach (var type in order.Concat(order))
            {
                await ReceiveAsync(engine, Event(type, engine.Provider.Mailed[0]), messageId: $"msg_{type}");
            }

            await using var db = engine.Db.Read(engine.Tenant.Scope);
            Assert.Equal(Delivery.Complained, (await db.Recipients.SingleAsync()).Delivery);
            Assert.Equal(4, await db.RecipientEvents.CountAsync());
            Assert.Equal(SuppressionReason.Complained, (await db.SuppressedAddresses.SingleAsync()).Reason);
        }
    }

    [Theory]
    [InlineData("email.bounced", SuppressionReason.Bounced)]
    [InlineData("email.complained", SuppressionReason.Complained)]
    public async Task BounceAndComplaint_SuppressInTheirOwnTenantOnly(string type, SuppressionReason reason)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var south = await engine.Database.AddTenantAsync("south");
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        await engine.Database.AddContactsAsync(south, 1);
        await engine.LaunchAsync();
        var theirId = await engine.LaunchAsync(south);
        await engine.RunAsync();
        Assert.Equal(engine.Provider.Mailed[0].To, engine.Provider.Mailed[1].To);

        await ReceiveAsync(
            engine,
            Event(type, engine.Provider.Mailed.Single(mail => mail.CampaignTag != theirId.ToString("N")))
        );

        await using var ours = engine.Db.Read(engine.Tenant.Scope);
        await using var theirs = engine.Db.Read(south.Scope);
        Assert.Equal(reason, (await ours.SuppressedAddresses.SingleAsync()).Reason);
        Assert.Equal(0, await theirs.SuppressedAddresses.CountAsync());
        Assert.Null((await theirs.Recipients.SingleAsync()).Delivery);
    }

    [Theory]
    [InlineData("email.bounced", "Transient")]
    [InlineData("email.bounced", "Undetermined")]
    [InlineData("email.bounced", "SomethingNew")]
    [InlineData("email.suppressed", null)]
    [InlineData("email.failed", null)]
    public async Task PassingTrouble_AndTheProvidersOwnList_SuppressNobody(string type, string? bounceType)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        await engine.LaunchAsync();
        await engine.RunAsync();

        await ReceiveAsync(engine, Event(type, engine.Provider.Mailed[0], bounceType: bounceType));

        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Equal(0, await db.SuppressedAddresses.CountAsync());
        var expected = bounceType switch
        {
            null => (BounceType?)null,
            "Transient" => BounceType.Transient,
            _ => BounceType.Undetermined,
        };
        Assert.Equal(expected, (await db.Recipients.SingleAsync()).Bounce);
    }

    [Theory]
    [InlineData("email.sent")]
    [InlineData("email.delivered")]
    [InlineData("email.delivery_delayed")]
    [InlineData("email.bounced")]
    [InlineData("email.complained")]
    [InlineData("email.opened")]
    [InlineData("email.clicked")]
    [InlineData("email.failed")]
    [InlineData("email.suppressed")]
    [InlineData("email.scheduled")]
    public async Task Event_VerifiedByAnotherAccount_TouchesNothing(string type)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await SentBeforeTheKeyMovedAsync(engine);
        // An account that is no longer the installation's, which the database itself would refuse.
        await AccountTriggers.DropAsync(engine.Database);
        await engine.Db.WriteAsync(
            TenantScope.Installation,
            (db, token) =>
                db
                    .ProviderAccounts.Where(account => !account.IsCurrent)
                    .ExecuteUpdateAsync(set => set.SetProperty(account => account.OwnerId, engine.Tenant.Id), token),
            CancellationToken.None
        );
        var before = await RowsAsync(engine);

        // Of a settled call and of one in doubt, tagged and by the provider's id.
        await ReceiveAsync(engine, Event(type, engine.Provider.Mailed[0]));
        await ReceiveAsync(engine, Event(type, engine.Provider.Mailed[0], tagged: false));
        await ReceiveAsync(engine, Event(type, engine.Provider.Mailed[100]));

        Assert.Equal(1, (await engine.CountsAsync(id)).InDoubt);
        Assert.Equal(before, await RowsAsync(engine));
        await using var db = engine.Db.Read(Ledgerpost.Data.TenantScope.Installation);
        Assert.Equal(0, await db.SuppressedAddresses.CountAsync());
        Assert.Equal(0, await db.RecipientEvents.CountAsync());
        Assert.All(
            await db.WebhookMessages.ToListAsync(),
            e => Assert.Equal((WebhookState.Ignored, Guid.Empty), (e.State, e.TenantId))
        );
    }

    [Fact]
    public async Task Event_AfterTheKeyHasMovedToAnotherAccount_StillCountsForTheOldOnesMail()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await SentBeforeTheKeyMovedAsync(engine);

        await ReceiveAsync(engine, Event("email.complained", engine.Provider.Mailed[0]));
        await ReceiveAsync(engine, Event("email.bounced", engine.Provider.Mailed[1], tagged: false));
        await ReceiveAsync(engine, Event("email.delivered", engine.Provider.Mailed[100]));

        var counts = await engine.CountsAsync(id);
        Assert.Equal((101, 0, 1, 1), (counts.Accepted, counts.InDoubt, counts.Complained, counts.Bounced));
        await using var db = engine.Db.Read(TenantScope.Installation);
        Assert.Equal(
            [SuppressionReason.Bounced, SuppressionReason.Complained],
            (await db.SuppressedAddresses.Select(row => row.Reason).ToListAsync()).OrderBy(reason => reason.ToString())
        );
    }

    /// <summary>A settled call of 100, one in doubt, and then the key is another account's.</summary>
    private static async Task<Guid> SentBeforeTheKeyMovedAsync(EngineHarness engine)
    {
        await engine.Database.AddContactsAsync(engine.Tenant, 101);
        engine.Provider.Then(Fault.None, Fault.LostAnswer);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        await engine.TurnAsync();
        await engine.Accounts.EnsureAsync("http://elsewhere.test", "re_other", CancellationToken.None);
        return id;
    }

    private static async Task<string> RowsAsync(EngineHarness engine)
    {
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        return JsonSerializer.Serialize(await db.Recipients.OrderBy(r => r.Number).ToListAsync());
    }

    [Fact]
    public async Task UntaggedEvent_ThatNobodyClaims_DoesNotWaitForEver()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await ReceiveAsync(engine, Event("email.delivered", new Mail("", "", 0, 0, 0, "foreign"), tagged: false));

        engine.Time.Advance(TimeSpan.FromDays(3));
        await ApplyAsync(engine);

        await using var db = engine.Db.Read(Ledgerpost.Data.TenantScope.Installation);
        Assert.Equal("No recipient of ours.", (await db.WebhookMessages.SingleAsync()).Note);
    }

    [Fact]
    public async Task Event_WithHalfASurrogatePair_IsAppliedWithoutIt()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        var id = await engine.LaunchAsync();
        await engine.RunAsync();

        await ReceiveAsync(
            engine,
            Event("email.bounced", engine.Provider.Mailed[0])
                .Replace("No such user.", "\\ud800", StringComparison.Ordinal)
        );

        Assert.Equal(1, (await engine.CountsAsync(id)).Bounced);
    }

    [Fact]
    public async Task Event_ThatCannotBeApplied_HoldsUpNobody()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        var id = await engine.LaunchAsync();
        await engine.RunAsync();
        // Two mails with one id, which no provider gives: the untagged event fits both.
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db.Recipients.ExecuteUpdateAsync(set => set.SetProperty(r => r.ProviderEmailId, "mail-x"), token),
            CancellationToken.None
        );

        await ReceiveAsync(engine, Event("email.delivered", new Mail("", "", 0, 0, 0, "mail-x"), tagged: false));
        await ReceiveAsync(engine, Event("email.delivered", engine.Provider.Mailed[0]));

        Assert.Equal(1, (await engine.CountsAsync(id)).Delivered);
        await using var db = engine.Db.Read(Ledgerpost.Data.TenantScope.Installation);
        Assert.Equal(1, await db.WebhookMessages.CountAsync(m => m.Note == "It could not be applied."));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"type":"contact.created","data":{}}""")]
    [InlineData(
        """{"type":"email.sent","data":{"email_id":"x","tags":{"campaign":"zz","recipient":"1","chunk":"1","generation":"1"}}}"""
    )]
    [InlineData("""{"type":"email.sent","data":{"email_id":5}}""")]
    [InlineData("[]")]
    public async Task UnreadableOrForeignEvent_IsStored_AndChangesNothing(string body)
    {
        await using var engine = await EngineHarness.CreateAsync();

        Assert.Equal(WebhookReceipt.Stored, await ReceiveAsync(engine, body));
    }

    [Theory]
    [InlineData(true, 0, WebhookReceipt.Stored)]
    [InlineData(true, 299, WebhookReceipt.Stored)]
    [InlineData(true, 301, WebhookReceipt.NotOurs)]
    [InlineData(true, -301, WebhookReceipt.NotOurs)]
    [InlineData(false, 0, WebhookReceipt.NotOurs)]
    public async Task Signature_AndItsAge_Decide(bool signed, int age, WebhookReceipt expected)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var receive = Receive(engine, "whsec_AAAA", Secret);
        const string body = """{"type":"email.sent","data":{"email_id":"x"}}""";
        var timestamp = (engine.Time.GetUtcNow().ToUnixTimeSeconds() - age).ToString(CultureInfo.InvariantCulture);
        var signature = signed ? Sign("msg_1", timestamp, body) : Sign("msg_1", timestamp, body + " ");

        var receipt = await receive.ExecuteAsync(
            "msg_1",
            timestamp,
            $"v2,AAAA v1,AAAA v1,{signature}",
            Encoding.UTF8.GetBytes(body),
            CancellationToken.None
        );

        Assert.Equal(expected, receipt);
    }

    internal static string Event(
        string type,
        Mail mail,
        bool tagged = true,
        string? bounceType = "Permanent",
        string? userAgent = null
    ) =>
        JsonSerializer.Serialize(
            new Dictionary<string, object?>
            {
                ["type"] = type,
                ["created_at"] = "2026-03-02T09:00:05.123Z",
                ["data"] = new Dictionary<string, object?>
                {
                    ["email_id"] = mail.Id,
                    ["tags"] = tagged
                        ? new Dictionary<string, string>
                        {
                            ["campaign"] = mail.CampaignTag,
                            ["recipient"] = mail.Recipient.ToString(CultureInfo.InvariantCulture),
                            ["chunk"] = mail.Chunk.ToString(CultureInfo.InvariantCulture),
                            ["generation"] = mail.Generation.ToString(CultureInfo.InvariantCulture),
                        }
                        : null,
                    ["open"] = type == "email.opened" ? new { userAgent } : null,
                    ["click"] = type == "email.clicked" ? new { userAgent, link = "https://example.org" } : null,
                    ["bounce"] = type == "email.bounced" ? new { type = bounceType, message = "No such user." } : null,
                },
            }
        );

    internal static async Task<WebhookReceipt> ReceiveAsync(EngineHarness engine, string body, string? messageId = null)
    {
        var receipt = await StoreAsync(engine, body, messageId ?? $"msg_{engine.Database.Ids.New():N}");
        await ApplyAsync(engine);
        return receipt;
    }

    /// <summary>It comes in, rightly signed, and waits.</summary>
    internal static Task<WebhookReceipt> StoreAsync(
        EngineHarness engine,
        string body,
        string id,
        ReceiveWebhook? receive = null
    )
    {
        var timestamp = engine.Time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return (receive ?? Receive(engine, Secret)).ExecuteAsync(
            id,
            timestamp,
            $"v1,{Sign(id, timestamp, body)}",
            Encoding.UTF8.GetBytes(body),
            CancellationToken.None
        );
    }

    internal static async Task ApplyAsync(EngineHarness engine)
    {
        while (await engine.Events.RunOnceAsync(CancellationToken.None) > 0) { }
    }

    internal static ReceiveWebhook Receive(EngineHarness engine, params string[] secrets) =>
        new(
            engine.Db,
            new ProviderEndpoint(ProviderMode.Resend, "http://provider.test", "re_key", secrets),
            engine.Accounts,
            new OwnWebhooks(engine.Db, OwnAccountSteps.Secrets, NullLogger<OwnWebhooks>.Instance),
            new EventAllowance(engine.Db, NullLogger<EventAllowance>.Instance),
            new WebhookInbox(engine.Db, new WebhookSignal())
        );

    internal static string Sign(string id, string timestamp, string body, string secret = Secret) =>
        Convert.ToBase64String(
            HMACSHA256.HashData(
                Convert.FromBase64String(secret["whsec_".Length..]),
                Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}")
            )
        );
}
