using System.Text.Json;
using ResendEmulator.Faults;
using ResendEmulator.Protocol;
using UnitTests.Emulator.Support;
using static UnitTests.Emulator.Support.EmulatorHarness;

namespace UnitTests.Emulator;

public sealed class RetrievalTests
{
    [Fact]
    public async Task Email_ReadBack_HasItsContentAndTagsAsAList()
    {
        await using var emulator = await StartAsync();
        var sent = await emulator.BatchAsync(Batch("a@one.test", "b@one.test"));
        var mail = (await emulator.GetAsync($"/emails/{sent.Ids[1]}")).Json;

        Assert.Equal("email", mail.GetProperty("object").GetString());
        Assert.Equal("b@one.test", mail.GetProperty("to")[0].GetString());
        Assert.Contains("Hi", mail.GetProperty("html").GetString());
        Assert.Equal("campaign", mail.GetProperty("tags")[0].GetProperty("name").GetString());
        Assert.Equal("sent", mail.GetProperty("last_event").GetString());
        Assert.Equal("2026-03-04 05:06:07.000000+00", mail.GetProperty("created_at").GetString());
    }

    [Fact]
    public async Task LastEvent_FollowsTheEmulatorsClock()
    {
        await using var emulator = await StartAsync();
        var sent = await emulator.EmailAsync(Json(Mail("a@one.test")));
        var path = $"/emails/{sent.Json.GetProperty("id").GetString()}";
        await emulator.Control.AdvanceClockAsync(TimeSpan.FromSeconds(1));

        Assert.Equal("delivered", (await emulator.GetAsync(path)).Json.GetProperty("last_event").GetString());
    }

    [Theory]
    [InlineData("/emails/nonsense", 422, "invalid_parameter")]
    [InlineData("/emails/11111111-1111-4111-8111-111111111111", 404, "not_found")]
    [InlineData("/emails?limit=0", 422, "validation_error")]
    [InlineData("/emails?limit=101", 422, "validation_error")]
    [InlineData("/emails?after=x&before=y", 422, "validation_error")]
    [InlineData("/logs/nonsense", 422, "invalid_parameter")]
    [InlineData("/domains/11111111-1111-4111-8111-111111111111", 404, "not_found")]
    public async Task BadQuestions_AreAnsweredByName(string path, int status, string name)
    {
        await using var emulator = await StartAsync();
        var reply = await emulator.GetAsync(path);

        Assert.Equal((status, name), (reply.Code, reply.Name));
    }

    [Fact]
    public async Task List_PagesBothWays_NewestFirst_WithoutContentOrTags()
    {
        await using var emulator = await StartAsync();
        var ids = (await emulator.BatchAsync(Batch([.. Enumerable.Range(0, 7).Select(i => $"r{i}@one.test")]))).Ids;
        Array.Reverse(ids);
        var first = (await emulator.GetAsync("/emails?limit=3")).Json;
        var second = (await emulator.GetAsync($"/emails?limit=3&after={ids[2]}")).Json;
        var last = (await emulator.GetAsync($"/emails?limit=3&after={ids[5]}")).Json;
        var back = (await emulator.GetAsync($"/emails?limit=3&before={ids[6]}")).Json;

        Assert.Equal(ids[..3], IdsOf(first));
        Assert.True(first.GetProperty("has_more").GetBoolean());
        Assert.Equal(ids[3..6], IdsOf(second));
        Assert.Equal(ids[6..], IdsOf(last));
        Assert.False(last.GetProperty("has_more").GetBoolean());
        Assert.Equal(ids[3..6], IdsOf(back));
        Assert.False(first.GetProperty("data")[0].TryGetProperty("html", out _));
        Assert.False(first.GetProperty("data")[0].TryGetProperty("tags", out _));
    }

    [Fact]
    public async Task Logs_KeepTheAnswerThatTheCallerNeverGot()
    {
        await using var emulator = await StartAsync();
        await emulator.Control.SetFaultsAsync(
            new FaultRule
            {
                Kind = FaultKind.Cut,
                Point = FaultPoint.After,
                Times = 1,
            }
        );
        await Assert.ThrowsAsync<HttpRequestException>(() => emulator.BatchAsync(Batch("a@one.test"), "k1"));
        var line = (await emulator.GetAsync("/logs")).Json.GetProperty("data")[0];
        var log = (await emulator.GetAsync($"/logs/{line.GetProperty("id").GetString()}")).Json;

        Assert.Equal("/emails/batch", line.GetProperty("endpoint").GetString());
        Assert.Equal(200, log.GetProperty("response_status").GetInt32());
        Assert.Equal("a@one.test", log.GetProperty("request_body")[0].GetProperty("to").GetString());
        Assert.Equal(
            (await emulator.Control.MailsAsync())[0].Id,
            log.GetProperty("response_body").GetProperty("data")[0].GetProperty("id").GetString()
        );
        Assert.DoesNotContain("k1", log.GetRawText());
    }

    [Fact]
    public async Task Scheduled_WaitsForItsTime_AndCanBeMovedOrCanceled()
    {
        await using var emulator = await StartAsync();
        async Task<string> ScheduleAsync(string to)
        {
            var body = new
            {
                from = "n@demo.ledgerpost.test",
                to,
                subject = "s",
                text = "t",
                scheduled_at = "2026-03-04T06:06:07Z",
            };
            return (await emulator.EmailAsync(Json(body))).Json.GetProperty("id").GetString()!;
        }

        async Task<string> LastEventAsync(string id) =>
            (await emulator.GetAsync($"/emails/{id}")).Json.GetProperty("last_event").GetString()!;

        var kept = await ScheduleAsync("a@one.test");
        var moved = await ScheduleAsync("b@one.test");
        var canceled = await ScheduleAsync("c@one.test");
        var patch = await emulator.SendAsync(
            HttpMethod.Patch,
            $"/emails/{moved}",
            Json(new { scheduled_at = "2026-03-05T06:06:07Z" })
        );
        await emulator.SendAsync(HttpMethod.Post, $"/emails/{canceled}/cancel");
        Assert.Equal("scheduled", await LastEventAsync(kept));
        await emulator.Control.AdvanceClockAsync(TimeSpan.FromHours(2));

        Assert.Equal(200, patch.Code);
        Assert.Equal("delivered", await LastEventAsync(kept));
        Assert.Equal("scheduled", await LastEventAsync(moved));
        Assert.Equal("canceled", await LastEventAsync(canceled));
    }

    [Fact]
    public async Task Domain_IsMadeVerifiedUsedAndDeleted()
    {
        await using var emulator = await StartAsync(
            behaviour: new Behaviour { RateLimitPerSecond = 0, DomainVerificationTakes = TimeSpan.FromMinutes(10) }
        );
        var made = await emulator.SendAsync(HttpMethod.Post, "/domains", Json(new { name = "mail.acme.test" }));
        var path = "/domains/" + made.Json.GetProperty("id").GetString();
        async Task<string> StatusAsync() => (await emulator.GetAsync(path)).Json.GetProperty("status").GetString()!;
        var mail = Json(Mail("a@one.test", from: "x@mail.acme.test"));

        Assert.Equal(201, made.Code);
        Assert.Equal("send.mail", made.Json.GetProperty("records")[0].GetProperty("name").GetString());
        Assert.Equal(JsonValueKind.Number, made.Json.GetProperty("records")[0].GetProperty("priority").ValueKind);
        Assert.Equal("not_started", await StatusAsync());
        Assert.Equal(403, (await emulator.EmailAsync(mail)).Code);
        Assert.Equal(200, (await emulator.SendAsync(HttpMethod.Post, path + "/verify")).Code);
        Assert.Equal("pending", await StatusAsync());
        await emulator.Control.AdvanceClockAsync(TimeSpan.FromMinutes(10));
        Assert.Equal("verified", await StatusAsync());
        Assert.Equal(200, (await emulator.EmailAsync(mail)).Code);
        var twice = await emulator.SendAsync(HttpMethod.Post, "/domains", Json(new { name = "Mail.Acme.test" }));
        Assert.Equal((403, "validation_error"), (twice.Code, twice.Name));
        Assert.True((await emulator.SendAsync(HttpMethod.Delete, path, "")).Json.GetProperty("deleted").GetBoolean());
        Assert.Equal(404, (await emulator.GetAsync(path)).Code);
    }

    [Fact]
    public async Task Domain_NamedToFail_Fails_AndControlCanSetAnyStatus()
    {
        await using var emulator = await StartAsync();
        var made = await emulator.SendAsync(HttpMethod.Post, "/domains", Json(new { name = "x.unverified.test" }));
        var path = "/domains/" + made.Json.GetProperty("id").GetString();
        await emulator.SendAsync(HttpMethod.Post, path + "/verify");
        Assert.Equal("failed", (await emulator.GetAsync(path)).Json.GetProperty("status").GetString());
        Assert.True(await emulator.Control.SetDomainStatusAsync("demo.ledgerpost.test", "failed"));

        Assert.Equal(403, (await emulator.EmailAsync(Json(Mail("a@one.test")))).Code);
    }

    private static string[] IdsOf(JsonElement list) =>
        [.. list.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("id").GetString()!)];
}
