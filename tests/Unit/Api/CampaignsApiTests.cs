using System.Text.Json;
using AdminPortal.Hosting;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;
using ResendEmulator.Faults;

namespace UnitTests.Api;

/// <summary>A program's campaign from its first contact to its last resume, against the built-in provider over real HTTP.</summary>
public sealed class CampaignsApiTests : IAsyncLifetime
{
    private ApiHost _api = null!;
    private HttpClient _program = null!;
    private Guid _sender;

    public async Task InitializeAsync()
    {
        _api = await ApiHost.StartAsync("--Sending:BatchSize=10");
        _program = await _api.ProgramAsync(_api.North);
        _sender = await _api.AddSenderAsync();
    }

    public async Task DisposeAsync()
    {
        _program.Dispose();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task Campaign_SentInOneRequest_IsSentOnce_HoweverOftenItIsAsked()
    {
        await AddContactsAsync(25);

        var first = await _program.CreateAsync("campaigns", Body(send: true), "launch-1");
        var id = first.Text("id")!;
        var sent = await UntilAsync(id, "sent");
        var again = await _program.CreateAsync("campaigns", Body(send: true), "launch-1");

        first.AssertTaken();
        Assert.Equal(
            (200, id, "sent", true),
            (again.Status, again.Text("id"), again.Text("status"), again.WasReplayed)
        );
        Assert.Equal((25, 25), (Count(sent, "recipients"), Count(sent, "accepted")));
        Assert.Equal(
            1,
            (await _program.SendAsync(HttpMethod.Get, "campaigns")).Body.GetProperty("data").GetArrayLength()
        );
        var state = await _api.Host.Get<EmbeddedEmulator>().Server!.Control.StateAsync();
        Assert.Equal((25, 0), (state.Mails, state.Duplicates));
    }

    [Fact]
    public async Task Key_IsTheSame_HoweverTheAddressIsSpelt()
    {
        await AddContactsAsync(2);

        var usual = await _program.CreateAsync("campaigns", Body(send: true), "launch-1");
        var odd = await _program.CreateAsync("Campaigns/", Body(send: true), "launch-1");
        var draft = (await _program.CreateAsync("campaigns", Body(send: false))).Text("id")!;
        var launched = await _program.CreateAsync($"campaigns/{draft}/send", null, "send-1");
        var again = await _program.CreateAsync($"campaigns/{Guid.Parse(draft):N}/Send/", null, "send-1");

        Assert.Equal((usual.Text("id"), true), (odd.Text("id"), odd.WasReplayed));
        launched.AssertTaken();
        Assert.Equal((draft, true), (again.Text("id"), again.WasReplayed));
        await UntilAsync(usual.Text("id")!, "sent");
        await UntilAsync(draft, "sent");
        await using var db = _api.Host.Get<PortalDb>().Read(_api.North.Caller.Scope);
        Assert.Equal(
            ["/api/v1/campaigns", $"/api/v1/campaigns/{draft}/send"],
            await db.IdempotencyRecords.OrderBy(record => record.Path).Select(record => record.Path).ToListAsync()
        );
    }

    [Fact]
    public async Task Looks_AndBounces_AreTold_MachinesApart()
    {
        await AddContactsAsync(3);
        var id = (await _program.CreateAsync("campaigns", Body(send: true), "launch-1")).Text("id")!;
        await UntilAsync(id, "sent");
        await _api.StopLoopsAsync();
        var at = DateTimeOffset.UnixEpoch;
        await _api
            .Host.Get<PortalDb>()
            .WriteAsync(
                _api.North.Caller.Scope,
                async (db, token) =>
                {
                    var rows = await db.Recipients.OrderBy(row => row.Number).ToListAsync(token);
                    (rows[0].OpenedAt, rows[0].OpenedByPersonAt, rows[0].ClickedAt) = (at, at.AddHours(1), at);
                    rows[1].OpenedAt = at;
                    (rows[2].Delivery, rows[2].Bounce) = (Delivery.Bounced, BounceType.Transient);
                },
                CancellationToken.None
            );

        var campaign = await _program.SendAsync(HttpMethod.Get, $"campaigns/{id}");
        var rows = (await _program.SendAsync(HttpMethod.Get, $"campaigns/{id}/recipients")).Body.GetProperty("data");

        Assert.Equal(
            (2, 1, 1, 1),
            (
                Count(campaign, "opened"),
                Count(campaign, "opened_by_machines"),
                Count(campaign, "clicked"),
                Count(campaign, "clicked_by_machines")
            )
        );
        Assert.Equal(at.AddHours(1), rows[0].GetProperty("opened_by_person_at").GetDateTimeOffset());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, rows[1].GetProperty("opened_by_person_at").ValueKind);
        Assert.Equal("transient", rows[2].GetProperty("bounce").GetString());
    }

    [Fact]
    public async Task Draft_IsMade_Changed_Sent_AndNotSentAgain()
    {
        await AddContactsAsync(3);

        var draft = await _program.CreateAsync("campaigns", Body(send: false));
        var id = draft.Text("id")!;
        var changed = await _program.SendAsync(HttpMethod.Patch, $"campaigns/{id}", new { name = "Renamed" });
        var withoutKey = await _program.CreateAsync($"campaigns/{id}/send", null);
        var launched = await _program.CreateAsync($"campaigns/{id}/send", null, "send-1");
        await UntilAsync(id, "sent");
        var otherKey = await _program.CreateAsync($"campaigns/{id}/send", null, "send-2");
        var sameKey = await _program.CreateAsync($"campaigns/{id}/send", null, "send-1");
        var late = await _program.SendAsync(HttpMethod.Patch, $"campaigns/{id}", new { subject = "Too late" });
        var deleted = await _program.SendAsync(HttpMethod.Delete, $"campaigns/{id}");

        Assert.Equal(
            (201, "draft", $"/api/v1/campaigns/{id}"),
            (draft.Status, draft.Text("status"), draft.Headers["Location"])
        );
        Assert.Equal((200, "Renamed"), (changed.Status, changed.Text("name")));
        Assert.Equal((400, "idempotency_key_required"), (withoutKey.Status, withoutKey.Code));
        launched.AssertTaken();
        Assert.Equal(
            (409, "already_launched", id, "sent"),
            (otherKey.Status, otherKey.Code, otherKey.Text("id"), otherKey.Text("state"))
        );
        Assert.Equal((200, "sent", true), (sameKey.Status, sameKey.Text("status"), sameKey.WasReplayed));
        Assert.Equal((409, "not_a_draft"), (late.Status, late.Code));
        Assert.Equal((409, "not_a_draft"), (deleted.Status, deleted.Code));
    }

    [Fact]
    public async Task Partial_IsTold_WithWhereToResume_AndResumedOnce()
    {
        await AddContactsAsync(30);
        var provider = _api.Host.Get<EmbeddedEmulator>().Server!.Control;
        await provider.AddFaultAsync(
            new FaultRule
            {
                Kind = FaultKind.Refuse,
                Status = 429,
                Name = "daily_quota_exceeded",
                On = FaultTarget.Batch,
            }
        );

        var id = (await _program.CreateAsync("campaigns", Body(send: true), "partial-1")).Text("id")!;
        var partial = await UntilAsync(id, "partial", pending: 30);
        var replay = await _program.CreateAsync("campaigns", Body(send: true), "partial-1");
        var preview = await _program.SendAsync(HttpMethod.Get, $"campaigns/{id}/resume-preview");
        var withoutKey = await _program.CreateAsync($"campaigns/{id}/resume", null);
        await provider.HealAsync();
        var resumed = await _program.CreateAsync($"campaigns/{id}/resume", null, "resume-1");
        var sent = await UntilAsync(id, "sent");
        var again = await _program.CreateAsync($"campaigns/{id}/resume", null, "resume-1");
        var other = await _program.CreateAsync($"campaigns/{id}/resume", null, "resume-2");

        Assert.Equal("daily_quota", partial.Text("reason"));
        Assert.EndsWith($"/api/v1/campaigns/{id}/resume", partial.Text("resume_url"), StringComparison.Ordinal);
        Assert.Equal((200, "partial", true), (replay.Status, replay.Text("status"), replay.WasReplayed));
        Assert.Equal(partial.Text("resume_url"), replay.Text("resume_url"));
        Assert.Equal("30", preview.Text("will_send"));
        Assert.Equal("idempotency_key_required", withoutKey.Code);
        resumed.AssertTaken();
        Assert.Equal((30, "2"), (Count(sent, "accepted"), sent.Text("runs")));
        Assert.Equal((200, true), (again.Status, again.WasReplayed));
        Assert.Equal((409, "not_resumable", "sent"), (other.Status, other.Code, other.Text("state")));
        var state = await provider.StateAsync();
        Assert.Equal((30, 0), (state.Mails, state.Duplicates));
    }

    [Fact]
    public async Task FollowUp_TakesOverWhoWaits_AndThereIsOnlyOne()
    {
        await AddContactsAsync(20);
        var provider = _api.Host.Get<EmbeddedEmulator>().Server!.Control;
        await provider.AddFaultAsync(
            new FaultRule
            {
                Kind = FaultKind.Refuse,
                Status = 429,
                Name = "daily_quota_exceeded",
                On = FaultTarget.Batch,
            }
        );
        var source = (await _program.CreateAsync("campaigns", Body(send: true), "source")).Text("id")!;
        await UntilAsync(source, "partial", pending: 20);
        await provider.HealAsync();

        var body = new
        {
            resume_from_campaign_id = source,
            subject = "Once more",
            send = true,
        };
        var followUp = await _program.CreateAsync("campaigns", body, "follow-1");
        var second = await _program.CreateAsync("campaigns", body, "follow-2");
        var sent = await UntilAsync(followUp.Text("id")!, "sent");

        followUp.AssertTaken();
        Assert.Equal(source, followUp.Text("resume_from_campaign_id"));
        Assert.Equal((409, "already_followed", followUp.Text("id")), (second.Status, second.Code, second.Text("id")));
        Assert.Equal(20, Count(sent, "accepted"));
        var state = await provider.StateAsync();
        Assert.Equal((20, 0), (state.Mails, state.Duplicates));
    }

    [Fact]
    public async Task RecipientsOfAnotherCampaign_AreLeftOut_AndAForeignOneIsNamedByItsPlace()
    {
        await AddContactsAsync(3);
        var first = (await _program.CreateAsync("campaigns", Body(send: true), "first")).Text("id")!;
        await UntilAsync(first, "sent");
        await _program.CreateAsync("contacts", new { email = "later@example.net" });
        var theirs = await _api
            .Host.Get<CreateCampaign>()
            .ExecuteAsync(_api.South.Caller, "Theirs", CancellationToken.None);
        var foreign = Assert.IsType<CreateCampaignResult.Created>(theirs).Id.ToString();
        const string Unknown = "0190f3a2-0000-7000-8000-000000000000";

        var refused = await _program.CreateAsync("campaigns", Excluding(first, foreign, Unknown), "refused");
        var draft = await _program.CreateAsync("campaigns", Excluding(first));
        var id = draft.Text("id")!;
        var changed = await _program.SendAsync(
            HttpMethod.Patch,
            $"campaigns/{id}",
            new { audience = new { exclude_recipients_of = new[] { foreign } } }
        );
        await _program.CreateAsync($"campaigns/{id}/send", null, "second");
        var sent = await UntilAsync(id, "sent");
        var excluded = await _program.SendAsync(HttpMethod.Get, $"campaigns/{id}/recipients?state=excluded");

        Assert.Equal(
            (422, "audience.exclude_recipients_of[1] audience.exclude_recipients_of[2]"),
            (refused.Status, string.Join(' ', refused.WrongFields))
        );
        Assert.Equal(first, draft.Body.GetProperty("audience").GetProperty("exclude_recipients_of")[0].GetString());
        Assert.Equal(
            (422, "audience.exclude_recipients_of[0]"),
            (changed.Status, string.Join(' ', changed.WrongFields))
        );
        Assert.Equal((4, 3, 1), (Count(sent, "recipients"), Count(sent, "excluded"), Count(sent, "accepted")));
        Assert.All(
            excluded.Body.GetProperty("data").EnumerateArray(),
            row => Assert.Equal("in_left_out_campaign", row.GetProperty("reason").GetString())
        );

        object Excluding(params string[] campaigns) =>
            new
            {
                subject = "Second",
                html = "<p>Second</p>",
                sender_id = _sender,
                audience = new { exclude_recipients_of = campaigns },
            };
    }

    [Fact]
    public async Task Campaign_IsScheduled_Moved_MadeADraft_AndScheduledInOneRequest()
    {
        await AddContactsAsync(2);
        var id = (await _program.CreateAsync("campaigns", Body(send: false))).Text("id")!;
        var at = DateTimeOffset.UtcNow.AddDays(2);
        var body = new
        {
            subject = "Later",
            html = "<p>Later</p>",
            sender_id = _sender,
            audience = new { },
            schedule_at = at,
        };

        var past = await PatchAsync(new { schedule_at = "2020-01-01T00:00:00Z" });
        var mixed = await PatchAsync(new { schedule_at = at, name = "Other" });
        var scheduled = await PatchAsync(new { schedule_at = at });
        var frozen = await PatchAsync(new { subject = "Too late" });
        var deleted = await _program.SendAsync(HttpMethod.Delete, $"campaigns/{id}");
        var moved = await PatchAsync(new { schedule_at = at.AddDays(1) });
        var draft = await PatchAsync(new { schedule_at = (DateTimeOffset?)null });
        var withoutKey = await _program.CreateAsync("campaigns", body);
        var atOnce = await _program.CreateAsync("campaigns", body, "later-1");
        var again = await _program.CreateAsync("campaigns", body, "later-1");
        var cancelled = await _program.CreateAsync($"campaigns/{atOnce.Text("id")}/cancel", null);
        await PatchAsync(new { schedule_at = at });
        var now = await _program.CreateAsync($"campaigns/{id}/send", null, "now-1");
        await UntilAsync(id, "sent");

        Assert.Equal((422, "schedule_at"), (past.Status, string.Join(' ', past.WrongFields)));
        Assert.Equal((422, "schedule_at"), (mixed.Status, string.Join(' ', mixed.WrongFields)));
        Assert.Equal((200, "scheduled"), (scheduled.Status, scheduled.Text("status")));
        Assert.Equal((409, "not_a_draft"), (frozen.Status, frozen.Code));
        Assert.Equal((409, "not_a_draft"), (deleted.Status, deleted.Code));
        Assert.NotEqual(scheduled.Text("schedule_at"), moved.Text("schedule_at"));
        Assert.Equal((200, "draft"), (draft.Status, draft.Text("status")));
        Assert.Equal((400, "idempotency_key_required"), (withoutKey.Status, withoutKey.Code));
        Assert.Equal((202, "scheduled"), (atOnce.Status, atOnce.Text("status")));
        Assert.Equal((202, atOnce.Text("id"), true), (again.Status, again.Text("id"), again.WasReplayed));
        Assert.Equal((200, "cancelled"), (cancelled.Status, cancelled.Text("status")));
        now.AssertTaken();

        Task<ApiReply> PatchAsync(object patch) => _program.SendAsync(HttpMethod.Patch, $"campaigns/{id}", patch);
    }

    [Fact]
    public async Task Send_ThatCannotBe_MakesNothing()
    {
        var nobody = await _program.CreateAsync("campaigns", Body(send: true), "nobody");
        var broken = await _program.CreateAsync(
            "campaigns",
            new
            {
                subject = "Hello",
                html = "<p>{{no_such_field}}</p>",
                sender_id = _sender,
                audience = new { },
                send = true,
            },
            "broken"
        );
        var empty = await _program.CreateAsync("campaigns", new { audience = new { segment = 1 } });

        Assert.Equal((422, "not_launchable"), (nobody.Status, nobody.Code));
        Assert.Equal((422, "not_launchable"), (broken.Status, broken.Code));
        Assert.Equal(["audience", "html", "sender_id", "subject"], empty.WrongFields.Order(StringComparer.Ordinal));
        await using var db = _api.Host.Get<PortalDb>().Read(_api.North.Caller.Scope);
        Assert.Empty(await db.Campaigns.ToListAsync());
    }

    [Fact]
    public async Task Send_WithAField_IsRefused_AndLaunchesNothing()
    {
        await AddContactsAsync(1);
        var id = (await _program.CreateAsync("campaigns", Body(send: false))).Text("id")!;

        var later = await _program.CreateAsync(
            $"campaigns/{id}/send",
            new { schedule_at = "2027-01-01T00:00:00Z" },
            "s"
        );
        var seen = await _program.SendAsync(HttpMethod.Get, $"campaigns/{id}");
        using var nothing = new StringContent("", null, "application/x-www-form-urlencoded");
        var empty = await _program.CreateAsync($"campaigns/{id}/pause", nothing);
        var sent = await _program.CreateAsync($"campaigns/{id}/send", new { }, "s");

        Assert.Equal((422, "schedule_at"), (later.Status, string.Join(' ', later.WrongFields)));
        Assert.Equal("draft", seen.Text("status"));
        Assert.Equal((409, "not_in_this_state"), (empty.Status, empty.Code));
        sent.AssertTaken();
    }

    [Theory]
    [InlineData("null", "audience")]
    [InlineData("{\"segment_id\":null}", "audience.segment_id")]
    [InlineData("{\"tag\":null}", "audience.tag")]
    [InlineData("{\"exclude_recipients_of\":null}", "audience.exclude_recipients_of")]
    public async Task Audience_OfNull_IsNotEverybody(string audience, string field)
    {
        await AddContactsAsync(2);
        var tagged = new
        {
            subject = "Hello",
            html = "<p>Good news.</p>",
            sender_id = _sender,
            audience = new { tag = " Big  NEWS " },
        };

        var draft = await _program.CreateAsync("campaigns", tagged);
        var path = $"campaigns/{draft.Text("id")}";
        var made = await _program.CreateAsync(
            "campaigns",
            Json(
                $"{{\"subject\":\"Hello\",\"html\":\"Hello\",\"sender_id\":\"{_sender}\",\"send\":true,\"audience\":{audience}}}"
            ),
            "null"
        );
        var patched = await _program.SendAsync(HttpMethod.Patch, path, Json($"{{\"audience\":{audience}}}"));
        var seen = await _program.SendAsync(HttpMethod.Get, path);
        var back = await _program.SendAsync(
            HttpMethod.Patch,
            path,
            new { audience = seen.Body.GetProperty("audience") }
        );
        var other = await _program.SendAsync(HttpMethod.Patch, path, new { audience = new { tag = "OTHER" } });

        Assert.Equal((422, field), (made.Status, string.Join(' ', made.WrongFields)));
        Assert.Equal((422, field), (patched.Status, string.Join(' ', patched.WrongFields)));
        Assert.Equal("big news", seen.Body.GetProperty("audience").GetProperty("tag").GetString());
        Assert.Equal(200, back.Status);
        Assert.Equal("other", other.Body.GetProperty("audience").GetProperty("tag").GetString());

        static StringContent Json(string text) => new(text, System.Text.Encoding.UTF8, "application/json");
    }

    [Fact]
    public async Task Creation_WithAnotherTenantsSegmentOrSender_IsRefusedAtItsField_AsIfThereWereNone()
    {
        using var south = await _api.ProgramAsync(_api.South);
        var theirs = (await south.CreateAsync("segments", new { name = "Theirs" })).Text("id");

        foreach (var segment in new[] { theirs, $"{Guid.NewGuid()}" })
        {
            var refused = await _program.CreateAsync(
                "campaigns",
                new
                {
                    subject = "Hello",
                    html = "<p>Good news.</p>",
                    sender_id = Guid.NewGuid(),
                    audience = new { segment_id = segment },
                }
            );

            Assert.Equal(422, refused.Status);
            Assert.Equal(["audience", "sender_id"], refused.WrongFields.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task Ledger_IsPagedByNumber_AndEachRecipientHasItsStory()
    {
        await AddContactsAsync(7);
        var id = (await _program.CreateAsync("campaigns", Body(send: true), "ledger")).Text("id")!;
        await UntilAsync(id, "sent");

        var numbers = new List<int>();
        string? cursor = null;
        do
        {
            var page = await _program.SendAsync(
                HttpMethod.Get,
                $"campaigns/{id}/recipients?state=accepted&limit=3" + (cursor is null ? "" : $"&cursor={cursor}")
            );
            numbers.AddRange(
                page.Body.GetProperty("data").EnumerateArray().Select(row => row.GetProperty("number").GetInt32())
            );
            cursor = page.Text("next_cursor") is { Length: > 0 } next ? next : null;
        } while (cursor is not null);

        await _api
            .Host.Get<PortalDb>()
            .WriteAsync(
                _api.North.Caller.Scope,
                (db, token) =>
                    db
                        .Recipients.Where(row => row.Number > 4)
                        .ExecuteUpdateAsync(
                            set =>
                                set.SetProperty(row => row.OpenedAt, DateTimeOffset.UtcNow)
                                    .SetProperty(row => row.Opens, 3)
                                    .SetProperty(row => row.MachineOpens, 1)
                                    .SetProperty(row => row.ClickedAt, DateTimeOffset.UtcNow)
                                    .SetProperty(row => row.Clicks, 2),
                            token
                        ),
                CancellationToken.None
            );
        var listed = await _program.SendAsync(HttpMethod.Get, $"campaigns/{id}/recipients?limit=5");
        var story = await _program.SendAsync(HttpMethod.Get, $"campaigns/{id}/recipients/5");
        var stats = await _program.SendAsync(HttpMethod.Get, $"campaigns/{id}/stats");

        var unknownState = await _program.SendAsync(HttpMethod.Get, $"campaigns/{id}/recipients?state=lost");

        Assert.Equal(["state"], unknownState.WrongFields);
        Assert.Equal(Enumerable.Range(1, 7), numbers);
        Assert.Equal(1, story.Body.GetProperty("attempts").GetArrayLength());
        Assert.Equal("accepted", story.Body.GetProperty("attempts")[0].GetProperty("outcome").GetString());
        Assert.Equal(7, stats.Body.GetProperty("counts").GetProperty("accepted").GetInt32());
        Assert.Equal("9 3 6 0", Looks(stats.Body));
        Assert.Equal("3 1 2 0", Looks(story.Body));
        Assert.Equal("3 1 2 0", Looks(listed.Body.GetProperty("data")[4]));

        static string Looks(JsonElement shape) =>
            string.Join(
                ' ',
                ((string[])["opens", "opens_by_machines", "clicks", "clicks_by_machines"]).Select(field =>
                    shape.GetProperty(field)
                )
            );
    }

    [Fact]
    public async Task Campaign_OfAnotherTenant_AnswersExactlyAsAnUnknownOne()
    {
        await AddContactsAsync(1);
        var id = (await _program.CreateAsync("campaigns", Body(send: false))).Text("id")!;
        using var south = await _api.ProgramAsync(_api.South);
        var unknown = "0190f3a2-0000-7000-8000-000000000000";
        (HttpMethod Method, string Path)[] routes =
        [
            (HttpMethod.Get, ""),
            (HttpMethod.Patch, ""),
            (HttpMethod.Delete, ""),
            (HttpMethod.Post, "/send"),
            (HttpMethod.Post, "/pause"),
            (HttpMethod.Post, "/continue"),
            (HttpMethod.Post, "/cancel"),
            (HttpMethod.Post, "/resume"),
            (HttpMethod.Get, "/resume-preview"),
            (HttpMethod.Get, "/recipients"),
            (HttpMethod.Get, "/recipients/1"),
            (HttpMethod.Get, "/stats"),
            (HttpMethod.Get, "/content"),
            (HttpMethod.Get, "/preview"),
            (HttpMethod.Get, "/launch-preview"),
            (HttpMethod.Post, "/duplicate"),
            (HttpMethod.Get, "/unknown"),
            (HttpMethod.Post, "/unknown"),
        ];

        foreach (var (method, path) in routes)
        {
            object? body =
                method == HttpMethod.Patch ? new { name = "Mine" }
                : method == HttpMethod.Post && path == "/unknown" ? new { call = 1, decision = "send_again" }
                : null;
            var foreign = await south.SendAsync(method, $"campaigns/{id}{path}", body, $"foreign-{path}");
            var none = await south.SendAsync(method, $"campaigns/{unknown}{path}", body, $"none-{path}");
            Assert.True(
                (foreign.Status, foreign.Code) == (404, "not_found"),
                $"{method} {path}: {foreign.Status} {foreign.Code}"
            );
            Assert.Equal(none.Body.ToString(), foreign.Body.ToString());
        }

        Assert.Equal("draft", (await _program.SendAsync(HttpMethod.Get, $"campaigns/{id}")).Text("status"));
    }

    [Fact]
    public async Task Moves_OfADraft_SayWhereItStands()
    {
        var id = (await _program.CreateAsync("campaigns", Body(send: false))).Text("id")!;

        foreach (var verb in new[] { "pause", "continue", "cancel" })
        {
            var reply = await _program.CreateAsync($"campaigns/{id}/{verb}", null);
            Assert.Equal((409, "not_in_this_state", "draft"), (reply.Status, reply.Code, reply.Text("state")));
        }
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task SixtyFourAtOnce_WithOneKey_SendOneCampaign_ARoundAHundredTimes()
    {
        await AddContactsAsync(1);

        for (var round = 0; round < 100; round++)
        {
            var replies = await Task.WhenAll(
                Enumerable
                    .Range(0, 64)
                    .Select(_ => _program.CreateAsync("campaigns", Body(send: true), $"crowd-{round}"))
            );
            Assert.All(
                replies,
                reply =>
                    Assert.True(
                        reply.Status is 200 or 202 || (reply.Status, reply.Code) == (409, "request_in_progress"),
                        $"Round {round}: {reply.Status} {reply.Body}"
                    )
            );
            Assert.Single(replies.Where(reply => reply.Status < 300).Select(reply => reply.Text("id")).Distinct());
            Assert.Single(replies, reply => reply.Status < 300 && !reply.WasReplayed).AssertTaken();
        }

        await using var db = _api.Host.Get<PortalDb>().Read(_api.North.Caller.Scope);
        Assert.Equal(100, await db.Campaigns.CountAsync());
    }

    private async Task AddContactsAsync(int count)
    {
        for (var i = 1; i <= count; i++)
        {
            Assert.Equal(
                201,
                (await _program.CreateAsync("contacts", new { email = $"person{i}@readers.example" })).Status
            );
        }
    }

    private object Body(bool send) =>
        new
        {
            name = "Spring",
            subject = "Hello {{first_name}}",
            html = "<p>Good news.</p>",
            sender_id = _sender,
            audience = new { },
            send,
        };

    private static int Count(ApiReply campaign, string name) =>
        campaign.Body.GetProperty("counts").GetProperty(name).GetInt32();

    /// <summary>As a program does: it reads until the campaign stands where it should.</summary>
    /// <param name="pending">How many wait then; of calls in flight at a stop the people come back one by one.</param>
    private async Task<ApiReply> UntilAsync(string id, string status, int pending = 0)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var reply = await _program.SendAsync(HttpMethod.Get, $"campaigns/{id}");
            if (reply.Text("status") == status && Count(reply, "pending") == pending)
            {
                return reply;
            }

            Assert.False(patience.IsCancellationRequested, $"It is {reply.Text("status")} still: {reply.Body}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }
}
