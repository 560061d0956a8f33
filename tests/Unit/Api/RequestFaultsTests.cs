using System.Text;
using Ledgerpost.Campaigns;
using Microsoft.AspNetCore.Routing;

namespace UnitTests.Api;

/// <summary>A request with faults is told of all of them, however its address is spelt.</summary>
public sealed class RequestFaultsTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    private ApiHost Api => portal.Api;

    [Theory]
    [InlineData("../../API/v1/contacts", 200, null)]
    [InlineData("../../Api/V1/Contacts/nowhere", 404, "not_found")]
    [InlineData("../../API/V1/segments/nowhere/at/all", 404, "not_found")]
    public async Task Address_InAnotherCase_HasTheSameRules(string path, int status, string? code)
    {
        using var program = await Api.ProgramAsync(Api.North);

        var reply = await program.SendAsync(HttpMethod.Get, path);

        Assert.Equal((status, code), (reply.Status, reply.Code));
        Assert.Equal(code is null, reply.Headers.ContainsKey("RateLimit-Remaining"));
    }

    [Theory]
    [InlineData("contacts?tagg=x", "unknown_parameter", "tagg")]
    [InlineData(
        "contacts?subscribed=perhaps&segment_id=7&limit=0&tagg=x",
        "unknown_parameter",
        "limit,segment_id,subscribed,tagg"
    )]
    [InlineData("contacts?subscribed=perhaps&segment_id=7&limit=0", "validation_failed", "limit,segment_id,subscribed")]
    [InlineData("contacts?cursor=none&subscribed=perhaps&limit=0", "invalid_cursor", "limit,subscribed")]
    [InlineData("contacts/export?limit=5", "unknown_parameter", "limit")]
    [InlineData("audit?from=yesterday&to=tomorrow", "validation_failed", "from,to")]
    [InlineData("segments?name=News", "unknown_parameter", "name")]
    [InlineData("contacts?tag=a,b&email=%00", "validation_failed", "email,tag")]
    [InlineData("contacts/export?tag=", "validation_failed", "tag")]
    [InlineData("audit?action=a%00&target=%00&actor=%00", "validation_failed", "action,actor,target")]
    [InlineData("emails?to=a%00", "validation_failed", "to")]
    [InlineData("suppressions?email=%00", "validation_failed", "email")]
    public async Task Parameters_ThatAreWrongOrNotKnown_AreToldOfAllAtOnce(string path, string code, string fields)
    {
        using var program = await Api.ProgramAsync(Api.North);

        var reply = await program.SendAsync(HttpMethod.Get, path);

        Assert.Equal((code == "validation_failed" ? 422 : 400, code), (reply.Status, reply.Code));
        Assert.Equal(fields, string.Join(',', reply.WrongFields.Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"\u00ff\":1}")]
    public async Task Body_WithANameThatIsNoText_IsRefused(string body)
    {
        using var program = await Api.ProgramAsync(Api.North);
        // Latin 1 is no UTF-8 beyond ASCII.
        using var content = new ByteArrayContent(Encoding.Latin1.GetBytes(body));
        content.Headers.ContentType = new("application/json");

        var reply = await program.CreateAsync("contacts", content);

        Assert.Equal((400, "invalid_body"), (reply.Status, reply.Code));
    }

    [Fact]
    public async Task EveryPost_RefusesAFieldThatItDoesNotKnow_AlsoWhereItTakesNoBody()
    {
        using var program = await Api.ProgramAsync(Api.North);
        using var operatorProgram = Api.Client(ApiHost.OperatorKey);
        // A file with a form around it.
        var posts = Paths("POST").Where(path => path != "contacts/imports").ToList();

        Assert.True(posts.Count > 20);
        foreach (var path in posts)
        {
            var sent = path.StartsWith("tenants", StringComparison.Ordinal) ? operatorProgram : program;

            var reply = await sent.CreateAsync(path, new { no_such_field = 1 }, "unknown-1");

            Assert.True(
                (reply.Status, reply.Code) == (422, "validation_failed") && reply.WrongFields.Contains("no_such_field"),
                $"{path}: {reply.Status} {reply.Body}"
            );
        }
    }

    [Fact]
    public async Task EveryDelete_TakesNoBody_OrAnEmptyObject()
    {
        using var program = await Api.ProgramAsync(Api.North);
        using var operatorProgram = Api.Client(ApiHost.OperatorKey);
        var deletes = Paths("DELETE").ToList();

        Assert.True(deletes.Count > 8);
        foreach (var path in deletes)
        {
            var sent = path.StartsWith("tenants", StringComparison.Ordinal) ? operatorProgram : program;
            using var text = new StringContent("now");

            var field = await sent.SendAsync(HttpMethod.Delete, path, new { force = true });
            var list = await sent.SendAsync(HttpMethod.Delete, path, new[] { "all" });
            var noJson = await sent.SendAsync(HttpMethod.Delete, path, text);
            var empty = await sent.SendAsync(HttpMethod.Delete, path, new { });
            var none = await sent.SendAsync(HttpMethod.Delete, path);

            Assert.True(
                (field.Status, field.Code) == (422, "validation_failed") && field.WrongFields.Contains("force"),
                $"{path}: {field.Status} {field.Body}"
            );
            Assert.Equal((400, "invalid_body"), (list.Status, list.Code));
            Assert.Equal((415, "unsupported_media_type"), (noJson.Status, noJson.Code));
            Assert.Equal((404, "not_found"), (empty.Status, empty.Code));
            Assert.Equal((404, "not_found"), (none.Status, none.Code));
        }
    }

    [Fact]
    public async Task Delete_WithAField_DeletesNothing()
    {
        using var program = await Api.ProgramAsync(Api.North);
        var path =
            $"contacts/{(await program.CreateAsync("contacts", new { email = "stays@example.net" })).Text("id")}";

        var refused = await program.SendAsync(HttpMethod.Delete, path, new { dry_run = true });
        var kept = await program.SendAsync(HttpMethod.Get, path);
        var deleted = await program.SendAsync(HttpMethod.Delete, path, new { });

        Assert.Equal((422, "dry_run"), (refused.Status, Assert.Single(refused.WrongFields)));
        Assert.Equal((200, 204), (kept.Status, deleted.Status));
    }

    [Theory]
    [InlineData("POST", "campaigns", 5_000_000, 201)]
    [InlineData("PATCH", "campaigns/{campaign}", 5_000_000, 200)]
    [InlineData("PUT", "templates/{template}", 5_000_000, 200)]
    [InlineData("POST", "contacts", 1_000_000, 201)]
    public async Task Body_AsLongAsItsRouteTakes_IsTaken_AndOneByteMoreIsNot(
        string method,
        string path,
        int most,
        int taken
    )
    {
        using var program = await Api.ProgramAsync(Api.North);
        // As whoever sends much does: it is refused before it is sent.
        program.DefaultRequestHeaders.ExpectContinue = true;
        var one = $"{Guid.NewGuid():N}";
        var sender = await Api.AddSenderAsync(domain: $"{one}.example");
        var made = Assert.IsType<CreateCampaignResult.Created>(
            await Api.Host.Get<CreateCampaign>().ExecuteAsync(Api.North.Caller, "Long", CancellationToken.None)
        );
        var template = await program.CreateAsync("templates", new { name = one, html = "<p>Short</p>" });
        var at = path.Replace("{campaign}", $"{made.Id}", StringComparison.Ordinal)
            .Replace("{template}", template.Text("id"), StringComparison.Ordinal);
        var body = path switch
        {
            "contacts" => $"{{\"email\":\"{one}@example.net\"}}",
            "campaigns" =>
                $"{{\"subject\":\"Long\",\"html\":\"<p>Long</p>\",\"sender_id\":\"{sender}\",\"audience\":{{}}}}",
            _ => $"{{\"name\":\"Long {one}\",\"html\":\"<p>Long</p>\"}}",
        };

        var over = await SendAsync(most + 1);
        var full = await SendAsync(most);

        Assert.Equal((413, "body_too_large"), (over.Status, over.Code));
        Assert.Equal(taken, full.Status);

        // White space between its fields counts too.
        async Task<ApiReply> SendAsync(int bytes)
        {
            using var content = new StringContent(
                body[..^1] + new string(' ', bytes - body.Length) + "}",
                Encoding.UTF8,
                "application/json"
            );
            return await program.SendAsync(new HttpMethod(method), at, content);
        }
    }

    /// <summary>What is looked up is told beside what is wrong by itself, and what is told is not told twice.</summary>
    [Fact]
    public async Task Body_WithAFaultOfShape_IsToldOfWhatIsNotThere_OrIsThereAlready_InTheSameAnswer()
    {
        using var program = await Api.ProgramAsync(Api.North);
        const string Unknown = "0190f3a2-0000-7000-8000-000000000000";
        var sender = await Api.AddSenderAsync(domain: "faults.example");
        var senders = (await program.SendAsync(HttpMethod.Get, "senders?limit=200")).Body.GetProperty("data");
        var domain = senders
            .EnumerateArray()
            .Single(row => row.GetProperty("id").GetGuid() == sender)
            .GetProperty("domain_id")
            .GetString();
        var draft = await program.CreateAsync(
            "campaigns",
            new
            {
                subject = "Hello",
                html = "<p>Hello</p>",
                sender_id = sender,
                audience = new { },
            }
        );
        var named = await program.CreateAsync("segments", new { name = "Taken" });
        var ruled = await program.CreateAsync(
            "segments",
            new { name = "Ruled", rule = new { tags = new[] { "red" } } }
        );
        await program.CreateAsync("templates", new { name = "Taken", html = "<p>Hello</p>" });
        var other = await program.CreateAsync("templates", new { name = "Other", html = "<p>Hello</p>" });
        var campaign = $"campaigns/{draft.Text("id")}";

        await ToldAsync(
            "PATCH",
            campaign,
            $"{{\"subject\":7,\"sender_id\":\"{Unknown}\",\"audience\":{{\"segment_id\":\"{Unknown}\",\"exclude_recipients_of\":[\"{draft.Text("id")}\"]}}}}",
            "audience,audience.exclude_recipients_of[0],sender_id,subject"
        );
        await ToldAsync("PATCH", campaign, $"{{\"sender_id\":\"{Unknown}\"}}", "sender_id");
        await ToldAsync(
            "PATCH",
            campaign,
            $"{{\"audience\":{{\"segment_id\":\"{Unknown}\",\"tag\":\"red\"}}}}",
            "audience"
        );
        await ToldAsync(
            "PATCH",
            campaign,
            "{\"schedule_at\":\"2020-01-01T00:00:00Z\",\"surplus\":1}",
            "schedule_at,surplus"
        );
        await ToldAsync(
            "PATCH",
            campaign,
            $"{{\"schedule_at\":null,\"name\":\"\",\"sender_id\":\"{Unknown}\"}}",
            "name,schedule_at,sender_id"
        );
        await ToldAsync(
            "POST",
            "senders",
            $"{{\"domain_id\":\"{domain}\",\"local_part\":\"news\",\"display_name\":7}}",
            "display_name,local_part"
        );
        await ToldAsync("POST", "segments", "{\"name\":\"Taken\",\"rule\":{\"tags\":[]}}", "name,rule.tags");
        await ToldAsync("POST", "segments", "{\"name\":\"Taken\",\"surplus\":1}", "name,surplus");
        await ToldAsync("PATCH", $"segments/{ruled.Text("id")}", "{\"name\":\"Taken\",\"rule\":null}", "name,rule");
        await ToldAsync(
            "POST",
            $"segments/{named.Text("id")}/contacts",
            $"{{\"contact_ids\":[\"{Unknown}\"],\"surplus\":1}}",
            "contact_ids,surplus"
        );
        await ToldAsync("POST", "templates", "{\"name\":\"Taken\",\"html\":\"<p>{{b}}\"}", "html,name");
        await ToldAsync(
            "PUT",
            $"templates/{other.Text("id")}",
            "{\"name\":\"Taken\",\"html\":\" \",\"version\":\"1\"}",
            "html,name,version"
        );

        async Task ToldAsync(string method, string path, string body, string fields)
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            var reply = await program.SendAsync(new HttpMethod(method), path, content);
            Assert.Equal((422, "validation_failed"), (reply.Status, reply.Code));
            Assert.Equal(fields, string.Join(',', reply.WrongFields.Order(StringComparer.Ordinal)));
        }
    }

    [Theory]
    [InlineData(
        "POST",
        "campaigns",
        "{\"surplus\":1,\"template_id\":\"0190f3a2-0000-7000-8000-000000000000\",\"sender_id\":\"0190f3a2-0000-7000-8000-000000000000\",\"audience\":{\"segment_id\":\"0190f3a2-0000-7000-8000-000000000000\",\"exclude_recipients_of\":[\"0190f3a2-0000-7000-8000-000000000000\"]},\"schedule_at\":\"2020-01-01T00:00:00Z\"}",
        "audience,audience.exclude_recipients_of[0],schedule_at,sender_id,surplus,template_id"
    )]
    [InlineData(
        "POST",
        "campaigns",
        "{\"resume_from_campaign_id\":\"0190f3a2-0000-7000-8000-000000000000\",\"sender_id\":\"0190f3a2-0000-7000-8000-000000000000\",\"subject\":7}",
        "resume_from_campaign_id,sender_id,subject"
    )]
    [InlineData(
        "POST",
        "emails",
        "{\"to\":\"ada@example.net\",\"subject\":7,\"text\":\"Hi\",\"sender_id\":\"0190f3a2-0000-7000-8000-000000000000\"}",
        "sender_id,subject"
    )]
    [InlineData(
        "POST",
        "senders",
        "{\"domain_id\":\"0190f3a2-0000-7000-8000-000000000000\",\"local_part\":\"news\",\"reply_to\":7}",
        "domain_id,reply_to"
    )]
    [InlineData("POST", "templates", "{\"name\":7,\"subject\":\"{{a}}\",\"html\":\"<p>{{b}}\"}", "html,name,subject")]
    [InlineData(
        "POST",
        "campaigns",
        "{\"name\":\"\",\"subject\":7,\"html\":\"x\\u0000\",\"audience\":{\"tag\":\"a,b\"}}",
        "audience.tag,html,name,sender_id,subject"
    )]
    [InlineData(
        "POST",
        "campaigns",
        "{\"template_id\":\"0190f3a2-0000-7000-8000-000000000000\",\"sender_id\":\"0190f3a2-0000-7000-8000-000000000000\",\"audience\":{},\"schedule_at\":\"2020-01-01T00:00:00Z\"}",
        "schedule_at,sender_id,template_id"
    )]
    [InlineData(
        "POST",
        "campaigns",
        "{\"schedule_at\":\"2027-01-01T09:00:00\",\"send\":7,\"resume_from_campaign_id\":7,\"subject\":\"x\",\"html\":\"x\",\"sender_id\":7,\"audience\":null}",
        "audience,resume_from_campaign_id,schedule_at,send,sender_id"
    )]
    [InlineData(
        "POST",
        "campaigns/{id}/unknown",
        "{\"call\":\"first\",\"decision\":\"forget\",\"chunk\":1}",
        "call,chunk,decision"
    )]
    [InlineData("POST", "campaigns/{id}/unknown", "{\"call\":null}", "call,decision")]
    [InlineData("POST", "domains", "{\"name\":\"nowhere\",\"region\":\"moon\"}", "name,region")]
    [InlineData("POST", "api-keys", "{\"name\":\"All\",\"scopes\":[]}", "scopes")]
    [InlineData("POST", "api-keys", "{\"name\":\"All\",\"scopes\":null}", "scopes")]
    [InlineData("PATCH", "campaigns/{id}", "{\"schedule_at\":\"2027-01-01\"}", "schedule_at")]
    [InlineData("PATCH", "campaigns/{id}", "{\"audience\":null}", "audience")]
    [InlineData("PATCH", "campaigns/{id}", "{\"audience\":{\"tag\":null}}", "audience.tag")]
    [InlineData("PATCH", "campaigns/{id}", "{\"audience\":{\"tag\":\"a\\u0000\"}}", "audience.tag")]
    [InlineData(
        "POST",
        "emails",
        "{\"to\":\"nobody\",\"subject\":7,\"surplus\":1}",
        "html,sender_id,subject,surplus,to"
    )]
    [InlineData(
        "POST",
        "senders",
        "{\"domain_id\":7,\"local_part\":\"a@b\",\"reply_to\":\"nobody\"}",
        "domain_id,local_part,reply_to"
    )]
    [InlineData(
        "PATCH",
        "contacts/{id}",
        "{\"email\":\"nobody\",\"tags\":[\"a,b\"],\"first_name\":7}",
        "email,first_name,tags"
    )]
    [InlineData("PATCH", "contacts/{id}", "{\"first_name\":7}", "first_name")]
    [InlineData("PATCH", "segments/{id}", "{\"name\":\" \",\"rule\":{\"tags\":[]},\"size\":1}", "name,rule.tags,size")]
    [InlineData("PATCH", "senders/{id}", "{\"display_name\":7,\"reply_to\":\"nobody\"}", "display_name,reply_to")]
    [InlineData("PATCH", "campaigns/{id}", "{\"name\":\"\",\"subject\":7}", "name,subject")]
    [InlineData(
        "PATCH",
        "webhook-endpoints/{id}",
        "{\"url\":\"nowhere\",\"events\":[\"moon.full\"],\"enabled\":7}",
        "enabled,events,url"
    )]
    [InlineData("PATCH", "webhook-endpoints/{id}", "{\"enabled\":7}", "enabled")]
    public async Task Body_WithFaultsOfShapeAndOfValue_IsToldOfAllAtOnce(
        string method,
        string path,
        string body,
        string fields
    )
    {
        using var program = await Api.ProgramAsync(Api.North);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");

        var reply = await program.SendAsync(
            new HttpMethod(method),
            path.Replace("{id}", $"{Guid.NewGuid()}", StringComparison.Ordinal),
            content,
            "faults-1"
        );

        Assert.Equal((422, "validation_failed"), (reply.Status, reply.Code));
        Assert.Equal(fields, string.Join(',', reply.WrongFields.Order(StringComparer.Ordinal)));
    }

    /// <summary>The API's routes with this method, under ids that nobody has.</summary>
    private IEnumerable<string> Paths(string method) =>
        Api
            .Host.Get<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains(method) == true)
            .Select(route => route.RoutePattern.RawText!.TrimEnd('/'))
            .Where(path => path.StartsWith("/api/v1/", StringComparison.Ordinal))
            .Select(path =>
                path["/api/v1/".Length..]
                    .Replace("{id:guid}", $"{Guid.NewGuid()}", StringComparison.Ordinal)
                    .Replace("{contact_id:guid}", $"{Guid.NewGuid()}", StringComparison.Ordinal)
            );
}
