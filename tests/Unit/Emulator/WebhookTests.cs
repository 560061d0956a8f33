using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ResendEmulator.Protocol;
using UnitTests.Emulator.Support;
using static UnitTests.Emulator.Support.EmulatorHarness;

namespace UnitTests.Emulator;

public sealed class WebhookTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private static readonly Behaviour AtOnce = new() { RateLimitPerSecond = 0, OutcomeAfter = TimeSpan.Zero };

    [Fact]
    public async Task Delivery_IsSigned_TaggedAndInTheDocumentedShape()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var emulator = await StartWith(receiver, AtOnce);
        var sent = await emulator.BatchAsync(Batch("a@one.test"));
        var hooks = await receiver.NextAsync(2);

        Assert.Equal(["email.sent", "email.delivered"], hooks.Select(hook => hook.Type));
        var hook = hooks[0];
        using var mac = new HMACSHA256(Convert.FromBase64String(Secret["whsec_".Length..]));
        var signed = Encoding.UTF8.GetBytes($"{hook.Id}.{hook.Timestamp}.{Encoding.UTF8.GetString(hook.Body)}");
        Assert.Equal("v1," + Convert.ToBase64String(mac.ComputeHash(signed)), hook.Signature);
        Assert.StartsWith("msg_", hook.Id);
        Assert.Equal(emulator.Control.Now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), hook.Timestamp);
        Assert.Equal(sent.Ids[0], hook.Data.GetProperty("email_id").GetString());
        Assert.Equal("spring", hook.Data.GetProperty("tags").GetProperty("campaign").GetString());
        Assert.Equal("Hello", hook.Data.GetProperty("subject").GetString());
        Assert.False(hook.Data.TryGetProperty("html", out _));
        Assert.EndsWith("Z", hook.Json.GetProperty("created_at").GetString());
    }

    [Fact]
    public async Task RefusedDelivery_ComesAgainOnTheSchedule_WithTheSameIdAndBytes()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = 500;
        await using var emulator = await StartWith(receiver, AtOnce);
        await emulator.BatchAsync(Batch("suppressed+x@one.test"));
        var attempts = new List<Delivery> { await receiver.NextAsync() };
        double[] waits = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600];
        foreach (var seconds in waits)
        {
            await emulator.Control.AdvanceClockAsync(TimeSpan.FromSeconds(seconds));
            attempts.Add(await receiver.NextAsync());
        }

        await emulator.Control.AdvanceClockAsync(TimeSpan.FromDays(2));
        Assert.Single(attempts.Select(attempt => attempt.Id).Distinct());
        Assert.Single(attempts.Select(attempt => Convert.ToBase64String(attempt.Body)).Distinct());
        Assert.Equal(8, attempts.Select(attempt => attempt.Timestamp).Distinct().Count());
        Assert.True(receiver.IsEmpty);
    }

    [Fact]
    public async Task Redirect_CountsAsARefusal_AndA2xxEndsTheRetries()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = 302;
        await using var emulator = await StartWith(receiver, AtOnce);
        await emulator.BatchAsync(Batch("suppressed@one.test"));
        var first = await receiver.NextAsync();
        receiver.Answer = 204;
        await emulator.Control.AdvanceClockAsync(TimeSpan.FromSeconds(5));
        var second = await receiver.NextAsync();

        Assert.Equal(first.Id, second.Id);
    }

    [Theory]
    [InlineData("bounced@resend.dev", "email.sent,email.bounced")]
    [InlineData("bounced+x@resend.dev", "email.sent,email.bounced")]
    [InlineData("delivered+y@resend.dev", "email.sent,email.delivered")]
    [InlineData("complained@resend.dev", "email.sent,email.delivered,email.complained")]
    [InlineData("suppressed@resend.dev", "email.suppressed")]
    [InlineData("bounced+lily@one.test", "email.sent,email.bounced")]
    [InlineData("delayed@one.test", "email.sent,email.delivery_delayed,email.delivered")]
    [InlineData("failed@one.test", "email.failed")]
    [InlineData("bouncedx@one.test", "email.sent,email.delivered")]
    public async Task TestRecipient_MeetsItsFate(string to, string types)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var emulator = await StartWith(receiver, AtOnce);
        var sent = await emulator.BatchAsync(Batch(to));
        var expected = types.Split(',');
        var hooks = await receiver.NextAsync(expected.Length);

        Assert.Equal(expected, hooks.Select(hook => hook.Type));
        var mail = await emulator.GetAsync($"/emails/{sent.Ids[0]}");
        Assert.Equal(expected[^1]["email.".Length..], mail.Json.GetProperty("last_event").GetString());
        if (expected[^1] is "email.bounced")
        {
            Assert.Equal("Permanent", hooks[^1].Data.GetProperty("bounce").GetProperty("type").GetString());
        }
    }

    [Fact]
    public async Task TestRecipient_ElsewhereSwitchedOff_IsOrdinary()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var emulator = await StartWith(receiver, AtOnce with { TestRecipientsEverywhere = false });
        await emulator.BatchAsync(Batch("bounced@one.test"));

        Assert.Equal(["email.sent", "email.delivered"], (await receiver.NextAsync(2)).Select(hook => hook.Type));
    }

    [Fact]
    public async Task Held_NothingLeaves_UntilReleased()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var emulator = await StartWith(receiver, AtOnce with { WebhooksHeld = true });
        await emulator.BatchAsync(Batch("a@one.test"));
        Assert.Equal(2, (await emulator.Control.StateAsync()).WebhooksWaiting);
        Assert.True(receiver.IsEmpty);
        emulator.Control.ReleaseWebhooks();

        Assert.Equal(2, (await receiver.NextAsync(2)).Count);
    }

    [Fact]
    public async Task Copies_AndReversedOrder_ArriveWithTheirIds()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var behaviour = AtOnce with { WebhooksHeld = true, WebhookCopies = 1, WebhookOrder = WebhookOrder.Reversed };
        await using var emulator = await StartWith(receiver, behaviour);
        await emulator.BatchAsync(Batch("a@one.test"));
        emulator.Control.ReleaseWebhooks();
        var hooks = await receiver.NextAsync(4);

        Assert.Equal(
            ["email.delivered", "email.delivered", "email.sent", "email.sent"],
            hooks.Select(hook => hook.Type)
        );
        Assert.Equal(2, hooks.Select(hook => hook.Id).Distinct().Count());
    }

    [Fact]
    public async Task Delay_KeepsEventsBackOnTheEmulatorsClock()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var emulator = await StartWith(receiver, AtOnce with { WebhookDelay = TimeSpan.FromMinutes(1) });
        await emulator.BatchAsync(Batch("suppressed@one.test"));
        await emulator.Control.AdvanceClockAsync(TimeSpan.FromSeconds(59));
        Assert.True(receiver.IsEmpty);
        await emulator.Control.AdvanceClockAsync(TimeSpan.FromSeconds(1));

        Assert.Equal("email.suppressed", (await receiver.NextAsync()).Type);
    }

    [Fact]
    public async Task Redeliver_SendsAgain_WithTheOldId()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var emulator = await StartWith(receiver, AtOnce);
        await emulator.BatchAsync(Batch("suppressed@one.test"));
        var first = await receiver.NextAsync();
        while ((await emulator.Control.StateAsync()).WebhooksWaiting > 0)
        {
            await Task.Yield();
        }

        Assert.Equal(1, await emulator.Control.RedeliverAsync());
        Assert.Equal(first.Id, (await receiver.NextAsync()).Id);
    }

    [Fact]
    public async Task WithoutAnEndpoint_EventsWait_AndComeWhenItIsSet()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var emulator = await StartAsync(behaviour: AtOnce);
        await emulator.BatchAsync(Batch("a@one.test"));
        await emulator.Control.SetWebhookAsync(receiver.Url, Secret);

        Assert.Equal(2, (await receiver.NextAsync(2)).Count);
    }

    [Fact]
    public async Task OpensAndClicks_ComeForTheirShare()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var emulator = await StartWith(receiver, AtOnce with { OpenShare = 1, ClickShare = 1 });
        await emulator.BatchAsync(Batch("a@one.test"));
        var hooks = await receiver.NextAsync(4);

        Assert.Equal(["email.opened", "email.clicked"], hooks.Skip(2).Select(hook => hook.Type));
        Assert.Equal(
            "https://ledgerpost.test/offer",
            hooks[3].Data.GetProperty("click").GetProperty("link").GetString()
        );
    }

    [Fact]
    public async Task Webhooks_CanBeManagedThroughTheApi()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var emulator = await StartAsync(behaviour: AtOnce);
        var made = await emulator.SendAsync(
            HttpMethod.Post,
            "/webhooks",
            Json(new { endpoint = receiver.Url, events = new[] { "email.delivered" } })
        );
        await emulator.BatchAsync(Batch("a@one.test"));

        Assert.Equal(201, made.Code);
        Assert.StartsWith("whsec_", made.Json.GetProperty("signing_secret").GetString());
        Assert.Equal("email.delivered", (await receiver.NextAsync()).Type);
    }

    private static Task<EmulatorHarness> StartWith(WebhookReceiver receiver, Behaviour behaviour) =>
        StartAsync(
            options =>
            {
                options.WebhookUrl = receiver.Url;
                options.WebhookSecret = Secret;
            },
            behaviour
        );
}
