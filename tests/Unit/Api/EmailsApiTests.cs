using System.Text.Json;
using AdminPortal.Hosting;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;
using ResendEmulator.Faults;

namespace UnitTests.Api;

/// <summary>Transactional mails as programs send them, over real HTTP and against the built-in provider.</summary>
public sealed class EmailsApiTests : IAsyncLifetime
{
    private ApiHost _api = null!;
    private HttpClient _program = null!;
    private Guid _sender;

    private ResendEmulator.Control.EmulatorControl Provider => _api.Host.Get<EmbeddedEmulator>().Server!.Control;

    public async Task InitializeAsync()
    {
        _api = await ApiHost.StartAsync();
        _program = await _api.ProgramAsync(_api.North);
        _sender = await _api.AddSenderAsync();
    }

    public async Task DisposeAsync()
    {
        _program.Dispose();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task Mail_IsSentOnce_AndReadByItsId_HoweverOftenItIsAsked()
    {
        var first = await _program.CreateAsync("emails", Body(), "order-1");
        var id = first.Text("id")!;
        var sent = await UntilAsync(id, "sent");
        var again = await _program.CreateAsync("emails", Body(), "order-1");
        var other = await _program.CreateAsync("emails", Body("bob@readers.example"), "order-1");

        first.AssertTaken();
        Assert.Equal(
            ("ada@readers.example", "Your {{code}}", "<p>{{code}}</p>", "accepted"),
            (sent.Text("to"), sent.Text("subject"), sent.Text("html"), sent.Text("state"))
        );
        Assert.NotNull(sent.Text("provider_email_id"));
        Assert.Equal(
            $"email/{Guid.Parse(id):N}/1/1/1",
            Assert.Single(sent.Body.GetProperty("attempts").EnumerateArray()).GetProperty("provider_key").GetString()
        );
        Assert.Equal(
            (200, id, "sent", true),
            (again.Status, again.Text("id"), again.Text("status"), again.WasReplayed)
        );
        Assert.Equal((422, "idempotency_key_reused"), (other.Status, other.Code));
        Assert.Equal(1, (await Provider.StateAsync()).Mails);
        await using var db = _api.Host.Get<PortalDb>().Read(_api.North.Caller.Scope);
        Assert.Null((await db.IdempotencyRecords.SingleAsync()).ExpiresAt);
    }

    [Theory]
    [InlineData("emails/")]
    [InlineData("Emails")]
    [InlineData("../V1/EMAILS/")]
    [InlineData("../../API/v1/emails")]
    [InlineData("%65mails")]
    public async Task Key_IsTheSame_HoweverTheAddressIsSpelt(string spelling)
    {
        var odd = await _program.CreateAsync(spelling, Body(), "order-1");
        var usual = await _program.CreateAsync("emails", Body(), "order-1");

        odd.AssertTaken();
        Assert.Equal((odd.Text("id"), true), (usual.Text("id"), usual.WasReplayed));
        await UntilAsync(odd.Text("id")!, "sent");
        Assert.Equal(1, (await Provider.StateAsync()).Mails);
    }

    [Fact]
    public async Task SixtyFourAtOnce_WithOneKey_GiveOneMail()
    {
        for (var round = 0; round < 3; round++)
        {
            var (body, key) = (Body($"crowd{round}@readers.example"), $"crowd-{round}");
            var replies = await Task.WhenAll(
                Enumerable.Range(0, 64).Select(_ => _program.CreateAsync("emails", body, key))
            );

            Assert.All(replies, reply => Assert.Contains(reply.Status, (int[])[200, 202]));
            Assert.Single(replies, reply => !reply.WasReplayed).AssertTaken();
            await UntilAsync(Assert.Single(replies.Select(reply => reply.Text("id")).Distinct())!, "sent");
        }

        Assert.Equal(3, (await Provider.StateAsync()).Mails);
    }

    [Fact]
    public async Task WrongFields_AreAllNamed_AndNothingIsSent()
    {
        var foreign = await ForeignSenderAsync();
        var nothing = await _program.CreateAsync("emails", new { }, "k-1");
        var hostile = await _program.CreateAsync(
            "emails",
            new
            {
                to = "ada@readers.example, bob@readers.example",
                subject = "Hi\r\nBcc: eve@readers.example",
                html = "a\u0000b",
                sender_id = foreign,
            },
            "k-2"
        );
        var many = await _program.CreateAsync(
            "emails",
            new
            {
                to = new[] { "ada@readers.example" },
                subject = "Hi",
                text = "Hi",
                sender_id = _sender,
            },
            "k-3"
        );
        var unknownField = await _program.CreateAsync(
            "emails",
            new
            {
                to = "ada@readers.example",
                subject = "Hi",
                text = "Hi",
                sender_id = _sender,
                bcc = "eve@readers.example",
            },
            "k-4"
        );
        var withoutKey = await _program.CreateAsync("emails", Body());

        Assert.Equal((422, "validation_failed"), (nothing.Status, nothing.Code));
        Assert.Equal(["to", "subject", "html", "sender_id"], nothing.WrongFields);
        Assert.Equal(["to", "subject", "html", "sender_id"], hostile.WrongFields);
        Assert.Equal((422, "to"), (many.Status, Assert.Single(many.WrongFields)));
        Assert.Equal((422, "bcc"), (unknownField.Status, Assert.Single(unknownField.WrongFields)));
        Assert.Equal((400, "idempotency_key_required"), (withoutKey.Status, withoutKey.Code));
        Assert.Equal(0, await CountAsync());
    }

    [Fact]
    public async Task SuppressedAddress_UnverifiedSender_AndAKeyThatMayNotSend_AreRefused_AndTheKeyMayComeAgain()
    {
        using var reader = await _api.ProgramAsync(_api.North, "read");
        var suppression = await _program.CreateAsync(
            "suppressions",
            new { email = "Ada@Readers.example", reason = "unsubscribed" }
        );
        var suppressed = await _program.CreateAsync("emails", Body(), "order-1");
        await SetDomainAsync(DomainStatus.Pending);
        var unverified = await _program.CreateAsync("emails", Body("bob@readers.example"), "order-1");
        await SetDomainAsync(DomainStatus.Verified);
        var forbidden = await reader.CreateAsync("emails", Body("bob@readers.example"), "order-1");
        var mended = await _program.CreateAsync("emails", Body("bob@readers.example"), "order-1");

        Assert.Equal(201, suppression.Status);
        Assert.Equal(
            (422, "address_suppressed", "unsubscribed"),
            (suppressed.Status, suppressed.Code, suppressed.Text("reason"))
        );
        Assert.Equal((422, "not_launchable"), (unverified.Status, unverified.Code));
        Assert.Equal((403, "insufficient_scope"), (forbidden.Status, forbidden.Code));
        mended.AssertTaken();
        Assert.False(mended.WasReplayed);
        await UntilAsync(mended.Text("id")!, "sent");
        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task AnswerThatProvesNothing_IsRepeatedUnderTheSameKey_WhileTheCallerRepeatsItsRequest()
    {
        await Provider.AddFaultAsync(
            new FaultRule
            {
                Kind = FaultKind.Refuse,
                Status = 503,
                On = FaultTarget.Batch,
                Times = 1,
            }
        );

        var first = await _program.CreateAsync("emails", Body(), "order-1");
        var again = await _program.CreateAsync("emails", Body(), "order-1");
        var sent = await UntilAsync(first.Text("id")!, "sent");

        Assert.Equal(first.Text("id"), again.Text("id"));
        var attempts = sent.Body.GetProperty("attempts").EnumerateArray().ToList();
        Assert.True(attempts.Count >= 2, $"{sent.Body}");
        Assert.Single(attempts.Select(attempt => attempt.GetProperty("provider_key").GetString()).Distinct());
        var state = await Provider.StateAsync();
        Assert.Equal((1, 0), (state.Mails, state.Duplicates));
    }

    [Fact]
    public async Task Partial_SaysWhy_AndWhereItGoesOn()
    {
        await Provider.AddFaultAsync(
            new FaultRule
            {
                Kind = FaultKind.Refuse,
                Status = 429,
                Name = "daily_quota_exceeded",
                On = FaultTarget.Batch,
            }
        );
        var id = (await _program.CreateAsync("emails", Body(), "order-1")).Text("id")!;
        var partial = await UntilAsync(id, "partial");
        var replay = await _program.CreateAsync("emails", Body(), "order-1");
        await Provider.HealAsync();
        var withoutKey = await _program.CreateAsync($"emails/{id}/resume", null);
        var resumed = await _program.CreateAsync($"emails/{id}/resume", null, "resume-1");
        await UntilAsync(id, "sent");
        var other = await _program.CreateAsync($"emails/{id}/resume", null, "resume-2");

        Assert.Equal("daily_quota", partial.Text("reason"));
        Assert.EndsWith($"/api/v1/emails/{id}/resume", partial.Text("resume_url"), StringComparison.Ordinal);
        Assert.Equal((200, "partial", true), (replay.Status, replay.Text("status"), replay.WasReplayed));
        Assert.Equal("idempotency_key_required", withoutKey.Code);
        resumed.AssertTaken();
        Assert.Equal((409, "not_resumable"), (other.Status, other.Code));
        Assert.Equal(1, (await Provider.StateAsync()).Mails);
    }

    [Fact]
    public async Task Mails_AreListedPageByPage_AndAreNoCampaigns_AndNobodyElses()
    {
        using var south = await _api.ProgramAsync(_api.South);
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add((await _program.CreateAsync("emails", Body($"p{i % 2}@readers.example"), $"k-{i}")).Text("id")!);
        }

        await UntilAsync(ids[4], "sent");
        var listed = new List<string>();
        string? cursor = null;
        do
        {
            var page = await _program.SendAsync(HttpMethod.Get, $"emails?limit=2&cursor={cursor}");
            listed.AddRange(Ids(page));
            cursor = page.Body.GetProperty("next_cursor").GetString();
        } while (cursor is not null);

        Assert.Equal(Enumerable.Reverse(ids), listed);
        Assert.Equal([ids[3], ids[1]], Ids(await _program.SendAsync(HttpMethod.Get, "emails?to=P1@readers.example")));
        Assert.Empty(Ids(await _program.SendAsync(HttpMethod.Get, "emails?status=refused")));
        Assert.Empty(Ids(await _program.SendAsync(HttpMethod.Get, "campaigns")));
        Assert.Empty(Ids(await south.SendAsync(HttpMethod.Get, "emails")));
        foreach (var (client, path) in new[] { (south, "emails/"), (_program, "campaigns/") })
        {
            Assert.Equal(404, (await client.SendAsync(HttpMethod.Get, path + ids[0])).Status);
            Assert.Equal(404, (await client.CreateAsync($"{path}{ids[0]}/resume", null, "r")).Status);
        }

        foreach (
            var rest in new[]
            {
                "stats",
                "recipients",
                "recipients/1",
                "resume-preview",
                "content",
                "preview",
                "launch-preview",
                "unknown",
            }
        )
        {
            Assert.Equal(404, (await _program.SendAsync(HttpMethod.Get, $"campaigns/{ids[0]}/{rest}")).Status);
        }

        foreach (var verb in new[] { "pause", "continue", "cancel", "send", "duplicate" })
        {
            Assert.Equal(404, (await _program.CreateAsync($"campaigns/{ids[0]}/{verb}", null, verb)).Status);
        }
    }

    private static List<string> Ids(ApiReply page) =>
        [.. page.Body.GetProperty("data").EnumerateArray().Select(row => row.GetProperty("id").GetString()!)];

    private object Body(string to = "ada@readers.example") =>
        new
        {
            to,
            subject = "Your {{code}}",
            html = "<p>{{code}}</p>",
            sender_id = _sender,
        };

    private async Task<int> CountAsync()
    {
        await using var db = _api.Host.Get<PortalDb>().Read(_api.North.Caller.Scope);
        return await db.Campaigns.CountAsync();
    }

    private Task SetDomainAsync(DomainStatus status) =>
        _api
            .Host.Get<PortalDb>()
            .WriteAsync(
                _api.North.Caller.Scope,
                (db, token) =>
                    db.SendingDomains.ExecuteUpdateAsync(set => set.SetProperty(row => row.Status, status), token),
                CancellationToken.None
            );

    /// <summary>Another tenant's, which reads like one that is not there.</summary>
    private Task<Guid> ForeignSenderAsync() =>
        _api
            .Host.Get<PortalDb>()
            .WriteAsync(
                _api.South.Caller.Scope,
                async (db, token) =>
                {
                    var ids = _api.Host.Get<Ledgerpost.IIds>();
                    var domain = new SendingDomain
                    {
                        TenantId = _api.South.TenantId,
                        Id = ids.New(),
                        Name = "south.example",
                        AccountId = await db
                            .ProviderAccounts.Where(account => account.IsCurrent)
                            .Select(account => account.Id)
                            .SingleAsync(token),
                        Status = DomainStatus.Verified,
                        CreatedAt = DateTimeOffset.UnixEpoch,
                    };
                    var sender = new SenderIdentity
                    {
                        TenantId = _api.South.TenantId,
                        Id = ids.New(),
                        DomainId = domain.Id,
                        LocalPart = "news",
                        CreatedAt = DateTimeOffset.UnixEpoch,
                    };
                    db.SendingDomains.Add(domain);
                    db.SenderIdentities.Add(sender);
                    return sender.Id;
                },
                CancellationToken.None
            );

    /// <summary>As a program does: it reads until the mail stands where it should.</summary>
    private async Task<ApiReply> UntilAsync(string id, string status)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var reply = await _program.SendAsync(HttpMethod.Get, $"emails/{id}");
            if (reply.Text("status") == status)
            {
                return reply;
            }

            Assert.False(patience.IsCancellationRequested, $"It is {reply.Text("status")} still: {reply.Body}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }
}
