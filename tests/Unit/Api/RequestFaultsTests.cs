using System.Text;

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
    public async Task Parameters_ThatAreWrongOrNotKnown_AreToldOfAllAtOnce(string path, string code, string fields)
    {
        using var program = await Api.ProgramAsync(Api.North);

        var reply = await program.SendAsync(HttpMethod.Get, path);

        Assert.Equal((code == "validation_failed" ? 422 : 400, code), (reply.Status, reply.Code));
        Assert.Equal(fields, string.Join(',', reply.WrongFields.Order(StringComparer.Ordinal)));
    }

    [Theory]
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
