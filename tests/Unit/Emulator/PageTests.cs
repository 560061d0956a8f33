using UnitTests.Emulator.Support;
using static UnitTests.Emulator.Support.EmulatorHarness;

namespace UnitTests.Emulator;

public sealed class PageTests
{
    private const string Hostile = "<script>alert(1)</script>\" onload=\"x";

    [Fact]
    public async Task Inbox_ShowsMail_AndEncodesWhatIsHostile()
    {
        await using var emulator = await StartAsync();
        var body = new
        {
            from = "News <news@demo.ledgerpost.test>",
            to = "a@one.test",
            subject = Hostile,
            text = Hostile,
            headers = new Dictionary<string, string> { ["X-Evil"] = Hostile },
        };
        var id = (await emulator.EmailAsync(Json(body))).Json.GetProperty("id").GetString();
        var list = await emulator.GetAsync("/?q=" + Uri.EscapeDataString("<script>"));
        var mail = await emulator.GetAsync($"/emulator/mail/{id}");

        foreach (var page in new[] { list, mail })
        {
            Assert.Equal(200, page.Code);
            Assert.DoesNotContain("<script", page.Body);
            Assert.DoesNotContain("\" onload", page.Body);
            Assert.Contains("&lt;script&gt;", page.Body);
            Assert.StartsWith("default-src 'none'", page.Headers["Content-Security-Policy"]);
        }
    }

    [Fact]
    public async Task MailsHtml_IsServedOnlyIntoASandbox()
    {
        await using var emulator = await StartAsync();
        var id = (await emulator.BatchAsync(Batch("a@one.test"))).Ids[0];
        var page = await emulator.GetAsync($"/emulator/mail/{id}");
        var html = await emulator.GetAsync($"/emulator/mail/{id}/html");

        Assert.Contains("sandbox=\"\"", page.Body);
        Assert.Contains("<p>Hi", html.Body);
        Assert.StartsWith("sandbox; default-src 'none'", html.Headers["Content-Security-Policy"]);
    }

    [Fact]
    public async Task Inbox_SearchesAndPages()
    {
        await using var emulator = await StartAsync();
        await emulator.BatchAsync(Batch([.. Enumerable.Range(0, 60).Select(i => $"r{i:D2}@one.test")]));
        var first = await emulator.GetAsync("/");
        var second = await emulator.GetAsync("/?page=1");
        var found = await emulator.GetAsync("/?q=R07@");
        var nothing = await emulator.GetAsync("/?q=nobody");

        Assert.Contains("r59@one.test", first.Body);
        Assert.DoesNotContain("r09@one.test", first.Body);
        Assert.Contains("Older", first.Body);
        Assert.Contains("r09@one.test", second.Body);
        Assert.Contains("r07@one.test", found.Body);
        Assert.DoesNotContain("r08@one.test", found.Body);
        Assert.Contains("No mail matches.", nothing.Body);
    }

    [Fact]
    public async Task FaultButton_SetsItsRule_AndHealEndsIt()
    {
        await using var emulator = await StartAsync();
        async Task PressAsync(params (string, string)[] fields)
        {
            using var form = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Item1, f.Item2)));
            using var answer = await emulator.Http.PostAsync("/emulator/control", form);
            Assert.Equal(303, (int)answer.StatusCode);
        }

        await PressAsync(("fault", "fail"), ("skip", "2"), ("address", ""));
        var codes = new List<int>();
        for (var i = 0; i < 4; i++)
        {
            codes.Add((await emulator.BatchAsync(Batch($"r{i}@one.test"))).Code);
        }

        var page = await emulator.GetAsync("/emulator/control");
        await PressAsync(("do", "heal"));
        Assert.Equal([200, 200, 503, 503], codes);
        Assert.Contains("Fail every call with 503, after 2 more calls", page.Body);
        Assert.Equal(200, (await emulator.BatchAsync(Batch("z@one.test"))).Code);

        await PressAsync(("do", "clock"), ("seconds", "3600"));
        Assert.Equal(TimeSpan.FromHours(1), (await emulator.Control.StateAsync()).ClockOffset);
    }

    [Theory]
    [InlineData("/emulator/calls", 200)]
    [InlineData("/emulator/style.css", 200)]
    [InlineData("/emulator/mail/nonsense", 404)]
    [InlineData("/favicon.ico", 204)]
    public async Task Pages_Answer(string path, int status)
    {
        await using var emulator = await StartAsync();
        await emulator.BatchAsync(Batch("a@one.test"), "k<b>1");
        var reply = await emulator.GetAsync(path);

        Assert.Equal(status, reply.Code);
        Assert.DoesNotContain("k<b>1", reply.Body);
    }
}
