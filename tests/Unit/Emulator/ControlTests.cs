using System.Net;
using UnitTests.Emulator.Support;
using static UnitTests.Emulator.Support.EmulatorHarness;

namespace UnitTests.Emulator;

public sealed class ControlTests
{
    [Fact]
    public async Task Faults_SetOverHttp_HitAndAreCleared()
    {
        await using var emulator = await StartAsync();
        var set = await emulator.SendAsync(
            HttpMethod.Put,
            "/emulator/api/faults",
            """[{"kind":"refuse","on":"batch","from":2,"status":500,"name":"application_error"}]"""
        );
        var codes = new List<int>();
        for (var i = 0; i < 2; i++)
        {
            codes.Add((await emulator.BatchAsync(Batch($"r{i}@one.test"))).Code);
        }

        var faults = (await emulator.GetAsync("/emulator/api/faults")).Json;
        await emulator.SendAsync(HttpMethod.Post, "/emulator/api/faults/clear");

        Assert.Equal(200, set.Code);
        Assert.Equal([200, 500], codes);
        Assert.Equal((2, 1), (faults[0].GetProperty("seen").GetInt32(), faults[0].GetProperty("hit").GetInt32()));
        Assert.Equal(200, (await emulator.BatchAsync(Batch("z@one.test"))).Code);
    }

    [Theory]
    [InlineData("""[{"kind":"nonsense"}]""")]
    [InlineData("""[{"knid":"refuse"}]""")]
    [InlineData("not json")]
    public async Task Faults_Misspelt_AreRefused(string body)
    {
        await using var emulator = await StartAsync();
        Assert.Equal(400, (await emulator.SendAsync(HttpMethod.Put, "/emulator/api/faults", body)).Code);
    }

    [Fact]
    public async Task Settings_ChangeOnlyWhatIsNamed()
    {
        await using var emulator = await StartAsync();
        var reply = await emulator.SendAsync(
            HttpMethod.Put,
            "/emulator/api/settings",
            """{"daily_quota":5,"key_after_failure":"cache4xx","sent_after":"00:00:02"}"""
        );

        Assert.Equal(200, reply.Code);
        Assert.Equal(5, emulator.Control.Behaviour.DailyQuota);
        Assert.Equal(0, emulator.Control.Behaviour.RateLimitPerSecond);
        Assert.Equal(TimeSpan.FromSeconds(2), emulator.Control.Behaviour.SentAfter);
    }

    [Fact]
    public async Task Ledger_TellsDuplicatesAndMailsByAddressAndCampaign()
    {
        await using var emulator = await StartAsync();
        await emulator.BatchAsync(Json(new[] { Mail("a@one.test"), Mail("b@one.test"), Mail("a@one.test", "autumn") }));
        await emulator.BatchAsync(Batch("A@one.test"));
        var state = (await emulator.GetAsync("/emulator/api/state")).Json;
        var duplicates = (await emulator.GetAsync("/emulator/api/duplicates")).Json;
        var mails = (await emulator.GetAsync("/emulator/api/mails?to=a@one.test&campaign=spring")).Json;
        var calls = (await emulator.GetAsync("/emulator/api/calls")).Json;

        Assert.Equal(
            (4, 2, 1),
            (
                state.GetProperty("mails").GetInt32(),
                state.GetProperty("addresses").GetInt32(),
                state.GetProperty("duplicates").GetInt32()
            )
        );
        Assert.Equal("a@one.test", duplicates[0].GetProperty("address").GetString());
        Assert.Equal(2, mails.GetArrayLength());
        Assert.Equal(3, calls[0].GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Clock_AdvancedOverHttp_MovesTheDateHeader()
    {
        await using var emulator = await StartAsync();
        await emulator.SendAsync(HttpMethod.Post, "/emulator/api/clock/advance", """{"seconds":86400}""");

        Assert.Equal(new DateTimeOffset(2026, 3, 5, 5, 6, 7, TimeSpan.Zero), emulator.Control.Now);
        Assert.Equal(new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero), emulator.Time.GetUtcNow());
    }

    [Fact]
    public async Task Panel_RefusesForeignNamesAndForeignPages()
    {
        await using var emulator = await StartAsync();
        using var renamed = new HttpRequestMessage(HttpMethod.Get, "/emulator/api/state");
        renamed.Headers.Host = "evil.test";
        using var foreign = new HttpRequestMessage(HttpMethod.Post, "/emulator/api/reset");
        foreign.Headers.Add("Sec-Fetch-Site", "cross-site");

        using var origin = new HttpRequestMessage(HttpMethod.Post, "/emulator/api/reset");
        origin.Headers.Add("Origin", "https://evil.test");

        Assert.Equal(HttpStatusCode.Forbidden, (await emulator.Http.SendAsync(renamed)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await emulator.Http.SendAsync(origin)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await emulator.Http.SendAsync(foreign)).StatusCode);
    }
}
