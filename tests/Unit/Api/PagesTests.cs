namespace UnitTests.Api;

/// <summary>Lists that are read page by page while they grow.</summary>
public sealed class PagesTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    [Theory]
    [InlineData("campaigns")]
    [InlineData("emails")]
    public async Task Pages_WhileRowsAreAdded_ShowEveryEarlierRowOnce(string path)
    {
        using var program = await portal.Api.ProgramAsync(portal.Api.North);
        var sender = await portal.Api.AddSenderAsync(domain: $"{path}.example");
        var made = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            made.Add(await AddAsync());
        }

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await program.SendAsync(
                HttpMethod.Get,
                $"{path}?limit=2" + (cursor is null ? "" : $"&cursor={cursor}")
            );
            seen.AddRange(
                page.Body.GetProperty("data").EnumerateArray().Select(row => row.GetProperty("id").GetString()!)
            );
            cursor = page.Body.GetProperty("next_cursor").GetString();
            await AddAsync();
        } while (cursor is not null);

        Assert.Equal(Enumerable.Reverse(made), seen);

        async Task<string> AddAsync()
        {
            object body =
                path == "emails"
                    ? new
                    {
                        to = "ada@readers.example",
                        subject = "Your code",
                        html = "<p>7</p>",
                        sender_id = sender,
                    }
                    : new
                    {
                        subject = "News",
                        html = "<p>Good news.</p>",
                        sender_id = sender,
                        audience = new { },
                    };
            var added = await program.CreateAsync(path, body, Guid.NewGuid().ToString());
            return added.Text("id") ?? throw new InvalidOperationException($"{added.Body}");
        }
    }
}
