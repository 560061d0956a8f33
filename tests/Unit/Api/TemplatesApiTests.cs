namespace UnitTests.Api;

/// <summary>Templates, by programs.</summary>
public sealed class TemplatesApiTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    private ApiHost Api => portal.Api;

    [Fact]
    public async Task Template_IsMade_Replaced_GuardedByItsVersion_AndDeleted()
    {
        using var program = await Api.ProgramAsync(Api.North, "send", "read");

        var made = await program.CreateAsync(
            "templates",
            new
            {
                name = "Welcome",
                subject = "Hello {{first_name}}",
                html = "<p>Hello {{first_name}}</p>",
            }
        );
        var path = $"templates/{made.Text("id")}";
        var replaced = await program.SendAsync(
            HttpMethod.Put,
            path,
            new
            {
                name = "Welcome",
                subject = "Hi",
                html = "<p>Hi</p>",
                text = "Hi",
                version = 1,
            }
        );
        var stale = await program.SendAsync(
            HttpMethod.Put,
            path,
            new
            {
                name = "Welcome",
                subject = "Late",
                html = "<p>Late</p>",
                version = 1,
            }
        );
        var read = await program.SendAsync(HttpMethod.Get, path);
        var listed = await program.SendAsync(HttpMethod.Get, "templates?limit=1");
        var deleted = await program.SendAsync(HttpMethod.Delete, path);
        var gone = await program.SendAsync(HttpMethod.Get, path);

        Assert.Equal((201, "1"), (made.Status, made.Text("version")));
        Assert.Equal((200, "2", "Hi"), (replaced.Status, replaced.Text("version"), replaced.Text("text")));
        Assert.Equal((409, "changed_meanwhile", "2"), (stale.Status, stale.Code, stale.Text("version")));
        Assert.Equal(replaced.Body.ToString(), read.Body.ToString());
        Assert.False(listed.Body.GetProperty("data")[0].TryGetProperty("html", out _));
        Assert.Equal((204, 404), (deleted.Status, gone.Status));
    }

    [Fact]
    public async Task Template_WithFaults_OrWithoutTheScope_IsRefused_AndOneOf2MbIsRead()
    {
        using var program = await Api.ProgramAsync(Api.North);
        using var editor = await Api.ProgramAsync(Api.North, "contacts", "read");

        var wrong = await program.CreateAsync(
            "templates",
            new
            {
                name = new string('x', 101),
                subject = "{{#if}}",
                html = "{{ broken",
                body = "",
            }
        );
        var empty = await program.CreateAsync("templates", new { });
        var large = await program.CreateAsync("templates", new { name = "Large", html = new string('x', 2_000_000) });
        var denied = await editor.CreateAsync("templates", new { name = "Mine", html = "<p></p>" });

        Assert.Contains("name", wrong.WrongFields);
        Assert.Contains("body", wrong.WrongFields);
        Assert.Equal(["html", "name"], empty.WrongFields.Order(StringComparer.Ordinal));
        Assert.Equal((422, "html"), (large.Status, Assert.Single(large.WrongFields)));
        Assert.Equal((403, "insufficient_scope"), (denied.Status, denied.Code));
    }

    [Fact]
    public async Task Template_OfAnotherTenant_AnswersExactlyAsAnUnknownOne()
    {
        using var north = await Api.ProgramAsync(Api.North);
        using var south = await Api.ProgramAsync(Api.South);
        var body = new
        {
            name = "Southern",
            subject = "S",
            html = "<p>S</p>",
        };
        var id = (await south.CreateAsync("templates", body)).Text("id");

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Put, HttpMethod.Delete })
        {
            var content = method == HttpMethod.Put ? body : null;
            var foreign = await north.SendAsync(method, $"templates/{id}", content);
            var unknown = await north.SendAsync(method, $"templates/{Guid.NewGuid()}", content);
            Assert.Equal((404, unknown.Body.ToString()), (foreign.Status, foreign.Body.ToString()));
        }

        Assert.DoesNotContain(
            "Southern",
            (await north.SendAsync(HttpMethod.Get, "templates")).Body.ToString(),
            StringComparison.Ordinal
        );
        Assert.Equal(200, (await south.SendAsync(HttpMethod.Get, $"templates/{id}")).Status);
    }
}
