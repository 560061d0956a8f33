using System.Text.Json;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Api;

/// <summary>What pages show before a launch and ask after one, by programs: content, previews, copies, and the unknown.</summary>
public sealed class CampaignContentApiTests : IAsyncLifetime
{
    private ApiHost _api = null!;
    private HttpClient _program = null!;
    private Guid _sender;

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
    public async Task Content_IsReadBeforeAndAfterTheLaunch_AndShownAsAContact()
    {
        var ada = await AddContactAsync("ada@readers.example", "Ada");
        using var sender = await _api.ProgramAsync(_api.North, "send");
        var id = await DraftAsync("<p>Good news, {{first_name}}.</p>");

        var content = await GetAsync($"campaigns/{id}/content");
        var bySender = await sender.SendAsync(HttpMethod.Get, $"campaigns/{id}/content");
        var asAda = await GetAsync($"campaigns/{id}/preview?contact_id={ada}");
        var sample = await GetAsync($"campaigns/{id}/preview");
        var nobody = await GetAsync($"campaigns/{id}/preview?contact_id={Guid.NewGuid()}");
        var peek = await sender.SendAsync(HttpMethod.Get, $"campaigns/{id}/preview?contact_id={ada}");
        var wrong = await GetAsync($"campaigns/{id}/preview?contact_id=ada");
        await LaunchAsync(id);
        var sent = await GetAsync($"campaigns/{id}/content");

        Assert.Equal(
            (200, "Hello {{first_name}}", "<p>Good news, {{first_name}}.</p>"),
            (content.Status, content.Text("subject"), content.Text("html"))
        );
        Assert.Equal(JsonValueKind.Null, content.Body.GetProperty("text").ValueKind);
        Assert.Contains("news@", content.Text("from"), StringComparison.Ordinal);
        Assert.Equal(content.Body.ToString(), bySender.Body.ToString());
        Assert.Equal(
            ("Hello Ada", "ada@readers.example", $"{ada}"),
            (asAda.Text("subject"), asAda.Text("email"), asAda.Text("contact_id"))
        );
        Assert.Contains("Good news, Ada.", asAda.Text("html"), StringComparison.Ordinal);
        Assert.Equal("Hello Alex", sample.Text("subject"));
        Assert.Equal((404, "not_found"), (nobody.Status, nobody.Code));
        Assert.Equal((403, "insufficient_scope"), (peek.Status, peek.Code));
        Assert.Equal((422, "contact_id"), (wrong.Status, Assert.Single(wrong.WrongFields)));
        Assert.Equal(
            ("Hello {{first_name}}", "<p>Good news, {{first_name}}.</p>"),
            (sent.Text("subject"), sent.Text("html"))
        );
    }

    [Fact]
    public async Task LaunchPreview_SaysWhomALaunchWouldMail_AndWhatIsInItsWay_UntilItIsLaunched()
    {
        await AddContactAsync("ada@readers.example", "Ada");
        await AddContactAsync("bob@readers.example", "Bob");
        await _program.CreateAsync("suppressions", new { email = "bob@readers.example", reason = "unsubscribed" });
        var id = await DraftAsync("<p>Good news.</p>");
        var broken = await DraftAsync("<p>{{no_such_field}}</p>");

        var preview = await GetAsync($"campaigns/{id}/launch-preview");
        var blocked = await GetAsync($"campaigns/{broken}/launch-preview");
        var unreadable = await GetAsync($"campaigns/{broken}/preview");
        await LaunchAsync(id);
        var late = await GetAsync($"campaigns/{id}/launch-preview");

        Assert.Equal((200, "1"), (preview.Status, preview.Text("will_send")));
        var excluded = Assert.Single(preview.Body.GetProperty("excluded").EnumerateArray());
        Assert.Equal(
            ("unsubscribed", 1),
            (excluded.GetProperty("reason").GetString(), excluded.GetProperty("count").GetInt32())
        );
        Assert.True(preview.Body.GetProperty("may_launch").GetBoolean());
        Assert.Contains(("sender_id", "ok"), Checks(preview));
        Assert.False(blocked.Body.GetProperty("may_launch").GetBoolean());
        Assert.Contains(("html", "blocker"), Checks(blocked));
        Assert.Equal((422, "not_launchable"), (unreadable.Status, unreadable.Code));
        Assert.Equal((409, "already_launched", "sent"), (late.Status, late.Code, late.Text("state")));

        static IEnumerable<(string?, string?)> Checks(ApiReply reply) =>
            reply
                .Body.GetProperty("checks")
                .EnumerateArray()
                .Select(check => (check.GetProperty("field").GetString(), check.GetProperty("severity").GetString()));
    }

    [Fact]
    public async Task Duplicate_IsADraftOfItsOwn_MadeOncePerKey()
    {
        await AddContactAsync("ada@readers.example", "Ada");
        using var reader = await _api.ProgramAsync(_api.North, "read");
        var id = await DraftAsync("<p>Good news.</p>");
        await LaunchAsync(id);

        var denied = await reader.CreateAsync($"campaigns/{id}/duplicate", null, "copy-1");
        var copy = await _program.CreateAsync($"campaigns/{id}/duplicate", null, "copy-1");
        var again = await _program.CreateAsync($"campaigns/{id}/duplicate", null, "copy-1");
        var another = await _program.CreateAsync($"campaigns/{id}/duplicate", null);
        var content = await GetAsync($"campaigns/{copy.Text("id")}/content");

        Assert.Equal((403, "insufficient_scope"), (denied.Status, denied.Code));
        Assert.Equal(
            (201, "draft", "Copy of Spring", $"/api/v1/campaigns/{copy.Text("id")}"),
            (copy.Status, copy.Text("status"), copy.Text("name"), copy.Headers["Location"])
        );
        Assert.NotEqual(id, copy.Text("id"));
        Assert.Equal((201, copy.Text("id"), true), (again.Status, again.Text("id"), again.WasReplayed));
        Assert.Equal(201, another.Status);
        Assert.NotEqual(copy.Text("id"), another.Text("id"));
        Assert.Equal("<p>Good news.</p>", content.Text("html"));
        await using var db = _api.Host.Get<PortalDb>().Read(_api.North.Caller.Scope);
        Assert.Equal(3, await db.Campaigns.CountAsync());
    }

    [Fact]
    public async Task Unknown_IsListed_AndDecidedOnce()
    {
        await AddContactAsync("ada@readers.example", "Ada");
        await AddContactAsync("bob@readers.example", "Bob");
        using var reader = await _api.ProgramAsync(_api.North, "read");
        string[] ids = [await DraftAsync("<p>1</p>"), await DraftAsync("<p>2</p>"), await DraftAsync("<p>3</p>")];
        foreach (var id in ids)
        {
            await LaunchAsync(id);
        }

        await _api.StopLoopsAsync();
        await SetUnknownAsync(Guid.Parse(ids[0]), CampaignStatus.Partial);
        await SetUnknownAsync(Guid.Parse(ids[1]), CampaignStatus.Partial);
        var listed = await reader.SendAsync(HttpMethod.Get, $"campaigns/{ids[0]}/unknown");
        var row = Assert.Single(listed.Body.GetProperty("data").EnumerateArray());
        var call = row.GetProperty("call").GetInt32();

        var denied = await reader.CreateAsync($"campaigns/{ids[0]}/unknown", Body("treat_as_sent"), "decide-1");
        var nowhere = await _program.CreateAsync(
            $"campaigns/{ids[0]}/unknown",
            new { call = 99, decision = "treat_as_sent" }
        );
        var known = await _program.CreateAsync($"campaigns/{ids[2]}/unknown", Body("send_again"), "again-2");
        var treated = await _program.CreateAsync($"campaigns/{ids[0]}/unknown", Body("treat_as_sent"), "decide-1");
        var again = await _program.CreateAsync($"campaigns/{ids[0]}/unknown", Body("treat_as_sent"), "decide-1");
        var second = await _program.CreateAsync($"campaigns/{ids[0]}/unknown", Body("send_again"), "decide-2");
        var keyless = await _program.CreateAsync($"campaigns/{ids[1]}/unknown", Body("send_again"));
        var waiting = await _program.CreateAsync($"campaigns/{ids[1]}/unknown", Body("send_again"), "again-1");
        await SetUnknownAsync(Guid.Parse(ids[2]), CampaignStatus.Cancelled);
        var over = await _program.CreateAsync($"campaigns/{ids[2]}/unknown", Body("send_again"), "again-3");
        var left = await GetAsync($"campaigns/{ids[0]}/unknown");

        Assert.Equal(2, row.GetProperty("people").GetInt32());
        Assert.Equal((403, "insufficient_scope"), (denied.Status, denied.Code));
        Assert.Equal((404, "not_found"), (nowhere.Status, nowhere.Code));
        Assert.Equal((400, "idempotency_key_required"), (keyless.Status, keyless.Code));
        Assert.Equal((409, "not_unknown"), (known.Status, known.Code));
        Assert.Equal(
            (200, "sent", 2, 0),
            (treated.Status, treated.Text("status"), Accepted(treated), Pending(treated))
        );
        Assert.Equal((200, true), (again.Status, again.WasReplayed));
        Assert.Equal(
            (409, "already_decided", "treat_as_sent", "Test"),
            (second.Status, second.Code, second.Text("decision"), second.Text("by"))
        );
        Assert.Equal(
            (200, "partial", 0, 2),
            (waiting.Status, waiting.Text("status"), Accepted(waiting), Pending(waiting))
        );
        Assert.Equal((409, "not_in_this_state", "cancelled"), (over.Status, over.Code, over.Text("state")));
        Assert.Empty(left.Body.GetProperty("data").EnumerateArray());
        await using var db = _api.Host.Get<PortalDb>().Read(_api.North.Caller.Scope);
        Assert.Equal(
            [("campaign.treated_as_sent", ids[0]), ("campaign.sent_again", ids[1])],
            (
                await db
                    .AuditEntries.Where(entry =>
                        entry.ActorKind == ActorKind.Program
                        && (entry.Action == "campaign.treated_as_sent" || entry.Action == "campaign.sent_again")
                    )
                    .OrderBy(entry => entry.Sequence)
                    .ToListAsync()
            ).Select(entry => (entry.Action, entry.TargetId))
        );

        object Body(string decision) => new { call, decision };
        static int Accepted(ApiReply campaign) => Count(campaign, "accepted");
        static int Pending(ApiReply campaign) => Count(campaign, "pending");
        static int Count(ApiReply campaign, string name) =>
            campaign.Body.GetProperty("counts").GetProperty(name).GetInt32();
    }

    private Task<ApiReply> GetAsync(string path) => _program.SendAsync(HttpMethod.Get, path);

    private async Task<Guid> AddContactAsync(string email, string firstName) =>
        Guid.Parse((await _program.CreateAsync("contacts", new { email, first_name = firstName })).Text("id")!);

    private async Task<string> DraftAsync(string html)
    {
        var draft = await _program.CreateAsync(
            "campaigns",
            new
            {
                name = "Spring",
                subject = "Hello {{first_name}}",
                html,
                sender_id = _sender,
                audience = new { },
            }
        );
        Assert.Equal(201, draft.Status);
        return draft.Text("id")!;
    }

    /// <summary>Launched, and sent to everybody.</summary>
    private async Task LaunchAsync(string id)
    {
        (await _program.CreateAsync($"campaigns/{id}/send", null, $"send-{id}")).AssertTaken();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await GetAsync($"campaigns/{id}")).Text("status") != "sent")
        {
            Assert.False(patience.IsCancellationRequested, "It is not sent.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>Its calls stand as if their answers had not come before the window's end.</summary>
    private Task SetUnknownAsync(Guid id, CampaignStatus status) =>
        _api
            .Host.Get<PortalDb>()
            .WriteAsync(
                _api.North.Caller.Scope,
                async (db, token) =>
                {
                    (await db.Campaigns.SingleAsync(row => row.Id == id, token)).Status = status;
                    foreach (var chunk in await db.Chunks.Where(row => row.CampaignId == id).ToListAsync(token))
                    {
                        chunk.State = ChunkState.Unknown;
                    }

                    foreach (var one in await db.Recipients.Where(row => row.CampaignId == id).ToListAsync(token))
                    {
                        (one.State, one.ProviderEmailId, one.AcceptedAt) = (RecipientState.Unknown, null, null);
                    }
                },
                CancellationToken.None
            );
}
