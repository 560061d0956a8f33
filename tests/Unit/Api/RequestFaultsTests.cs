using System.Text;
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
        var posts = Api
            .Host.Get<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("POST") == true)
            .Select(route => route.RoutePattern.RawText!.TrimEnd('/'))
            .Where(path => path.StartsWith("/api/v1/", StringComparison.Ordinal))
            // A file with a form around it.
            .Where(path => path != "/api/v1/contacts/imports")
            .Select(path =>
                path["/api/v1/".Length..].Replace("{id:guid}", $"{Guid.NewGuid()}", StringComparison.Ordinal)
            )
            .ToList();

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

    [Theory]
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
}
