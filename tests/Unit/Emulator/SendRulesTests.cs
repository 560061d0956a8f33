using ResendEmulator.Protocol;
using UnitTests.Emulator.Support;
using static UnitTests.Emulator.Support.EmulatorHarness;

namespace UnitTests.Emulator;

public sealed class SendRulesTests
{
    [Fact]
    public async Task Email_Good_AnswersItsId()
    {
        await using var emulator = await StartAsync();
        var reply = await emulator.EmailAsync(Json(Mail("Ann <ann@one.test>")));

        Assert.Equal(200, reply.Code);
        Assert.True(Guid.TryParse(reply.Json.GetProperty("id").GetString(), out _));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("a@b")]
    [InlineData("a b@one.test")]
    [InlineData("jürgen@one.test")]
    [InlineData("a@one..test")]
    [InlineData("a@one.test\r\nBcc: x@one.test")]
    [InlineData("")]
    public async Task StrictBatch_WithOneBadRecipient_IsRefusedWhole_WithoutAnIndex(string bad)
    {
        await using var emulator = await StartAsync();
        var reply = await emulator.BatchAsync(Batch("a@one.test", bad, "c@one.test"), "k1");

        Assert.Equal((422, "validation_error"), (reply.Code, reply.Name));
        Assert.StartsWith("Invalid `to` field.", reply.Message);
        Assert.DoesNotContain("index", reply.Body);
        Assert.Equal(0, (await emulator.Control.StateAsync()).Mails);
    }

    [Fact]
    public async Task PermissiveBatch_AcceptsTheGood_AndNamesTheBadByIndex()
    {
        await using var emulator = await StartAsync();
        var reply = await emulator.BatchAsync(Batch("bad", "b@one.test", "c@", "d@one.test"), validation: "permissive");

        Assert.Equal(200, reply.Code);
        Assert.Equal(2, reply.Ids.Length);
        Assert.Equal(
            [0, 2],
            reply.Json.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("index").GetInt32())
        );
        var mails = await emulator.Control.MailsAsync();
        Assert.Equal(["d@one.test", "b@one.test"], mails.Select(mail => mail.To[0]));
        Assert.Equal(reply.Ids, mails.Select(mail => mail.Id).Reverse());
    }

    [Fact]
    public async Task PermissiveBatch_AllGood_HasEmptyErrors()
    {
        await using var emulator = await StartAsync();
        var reply = await emulator.BatchAsync(Batch("a@one.test"), validation: "permissive");

        Assert.Equal(0, reply.Json.GetProperty("errors").GetArrayLength());
    }

    [Fact]
    public async Task PermissiveBatch_AllBad_AnswersTheSwitchedStatus()
    {
        await using var emulator = await StartAsync();
        var usual = await emulator.BatchAsync(Batch("bad"), validation: "permissive");
        emulator.Control.Behaviour = emulator.Control.Behaviour with { PermissiveAllInvalidStatus = 422 };
        var switched = await emulator.BatchAsync(Batch("bad"), validation: "permissive");

        Assert.Equal((200, 422), (usual.Code, switched.Code));
    }

    [Theory]
    [InlineData(false, 403)]
    [InlineData(true, 200)]
    public async Task PermissiveBatch_WithAnUnverifiedSender_FollowsTheSwitch(bool covers, int status)
    {
        await using var emulator = await StartAsync();
        emulator.Control.Behaviour = emulator.Control.Behaviour with { PermissiveCoversDomains = covers };
        var body = Json(new[] { Mail("a@one.test"), Mail("b@one.test", from: "x@elsewhere.test") });
        var reply = await emulator.BatchAsync(body, validation: "permissive");

        Assert.Equal(status, reply.Code);
        Assert.Equal(covers ? 1 : 0, (await emulator.Control.StateAsync()).Mails);
    }

    [Fact]
    public async Task Recipients_AtExampleCom_AreRefused_UnlessSwitchedOff()
    {
        await using var emulator = await StartAsync();
        var refused = await emulator.BatchAsync(Batch("a@example.com"));
        emulator.Control.Behaviour = emulator.Control.Behaviour with { RefuseExampleRecipients = false };
        var taken = await emulator.BatchAsync(Batch("a@example.com"));

        Assert.Equal((422, 200), (refused.Code, taken.Code));
        Assert.StartsWith("Invalid `to` field.", refused.Message);
    }

    [Fact]
    public async Task Batch_Of100_IsTaken_Of101_IsRefused()
    {
        await using var emulator = await StartAsync();
        string Of(int count) => Batch([.. Enumerable.Range(0, count).Select(i => $"r{i}@one.test")]);
        var full = await emulator.BatchAsync(Of(100));
        var over = await emulator.BatchAsync(Of(101));
        emulator.Control.Behaviour = emulator.Control.Behaviour with
        {
            TooManyStatus = 400,
            TooManyMessage = "Too many",
        };
        var switched = await emulator.BatchAsync(Of(101));

        Assert.Equal(100, full.Ids.Length);
        Assert.Equal((422, "validation_error"), (over.Code, over.Name));
        Assert.Equal((400, "Too many"), (switched.Code, switched.Message));
    }

    [Fact]
    public async Task Batch_AnswersIdsInTheOrderOfItsMails()
    {
        await using var emulator = await StartAsync();
        var to = Enumerable.Range(0, 20).Select(i => $"r{i}@one.test").ToArray();
        var reply = await emulator.BatchAsync(Batch(to));
        var byId = (await emulator.Control.MailsAsync()).ToDictionary(mail => mail.Id, mail => mail.To[0]);

        Assert.Equal(to, reply.Ids.Select(id => byId[id]));
    }

    [Theory]
    [InlineData("""{"to":"a@one.test","subject":"s","text":"t"}""", "missing_required_field", "Missing `from` field.")]
    [InlineData(
        """{"from":"n@demo.ledgerpost.test","subject":"s","text":"t"}""",
        "missing_required_field",
        "Missing `to` field."
    )]
    [InlineData(
        """{"from":"n@demo.ledgerpost.test","to":"a@one.test","text":"t"}""",
        "missing_required_field",
        "Missing `subject` field."
    )]
    [InlineData(
        """{"from":"n@demo.ledgerpost.test","to":"a@one.test","subject":"s"}""",
        "missing_required_field",
        "Missing `html` or `text` field."
    )]
    [InlineData(
        """{"from":"broken","to":"a@one.test","subject":"s","text":"t"}""",
        "validation_error",
        "Invalid `from` field."
    )]
    [InlineData(
        """{"from":"n@demo.ledgerpost.test","to":"a@one.test","subject":"s","text":"t","tags":[{"name":"a b","value":"c"}]}""",
        "validation_error",
        "Tags should only contain ASCII"
    )]
    [InlineData(
        """{"from":"n@demo.ledgerpost.test","to":"a@one.test","subject":"s","text":"t","tags":{"name":"c"}}""",
        "validation_error",
        "The `tags` field must"
    )]
    [InlineData(
        """{"from":"n@demo.ledgerpost.test","to":"a@one.test","subject":"s","text":"t","headers":{"X-A":1}}""",
        "validation_error",
        "The `headers` field must"
    )]
    [InlineData(
        """{"from":"n@demo.ledgerpost.test","to":"a@one.test","subject":"s","text":"t","attachments":[{}]}""",
        "invalid_attachment",
        "Attachment must have"
    )]
    [InlineData(
        """{"from":"n@demo.ledgerpost.test","to":7,"subject":"s","text":"t"}""",
        "validation_error",
        "Invalid `to` field."
    )]
    [InlineData("""[1]""", "validation_error", "Each email must be an object.")]
    public async Task Email_WithAFault_IsRefusedByName(string body, string name, string message)
    {
        await using var emulator = await StartAsync();
        var reply = await emulator.EmailAsync(body);

        Assert.Equal((422, name), (reply.Code, reply.Name));
        Assert.StartsWith(message, reply.Message);
        Assert.Equal(422, reply.Json.GetProperty("statusCode").GetInt32());
    }

    [Theory]
    [InlineData("not json", 400)]
    [InlineData("{}", 422)]
    [InlineData("[]", 422)]
    public async Task Batch_ThatIsNoList_IsRefused(string body, int status)
    {
        await using var emulator = await StartAsync();
        var reply = await emulator.BatchAsync(body);

        Assert.Equal(status, reply.Code);
    }

    [Fact]
    public async Task Sender_OfAnUnknownDomain_Is403()
    {
        await using var emulator = await StartAsync();
        var reply = await emulator.EmailAsync(Json(Mail("a@one.test", from: "x@elsewhere.test")));

        Assert.Equal((403, "validation_error"), (reply.Code, reply.Name));
        Assert.Contains("elsewhere.test domain is not verified", reply.Message);
    }

    [Fact]
    public async Task Key_MissingUnknownOrRestricted_IsRefusedByName()
    {
        await using var emulator = await StartAsync(options =>
            options.ApiKeys.Add(new() { Token = "re_send", Access = "sending_access" })
        );
        async Task<Reply> With(string? key, HttpMethod method, string path)
        {
            emulator.Http.DefaultRequestHeaders.Remove("Authorization");
            if (key is not null)
            {
                emulator.Http.DefaultRequestHeaders.Add("Authorization", $"Bearer {key}");
            }

            return await emulator.SendAsync(method, path, method == HttpMethod.Post ? Json(Mail("a@one.test")) : null);
        }

        var missing = await With(null, HttpMethod.Post, "/emails");
        var unknown = await With("re_other", HttpMethod.Post, "/emails");
        var sends = await With("re_send", HttpMethod.Post, "/emails");
        var reads = await With("re_send", HttpMethod.Get, "/emails");

        Assert.Equal((401, "missing_api_key"), (missing.Code, missing.Name));
        Assert.Equal((401, "validation_error", "API key is invalid"), (unknown.Code, unknown.Name, unknown.Message));
        Assert.Equal(200, sends.Code);
        Assert.Equal((401, "restricted_api_key"), (reads.Code, reads.Name));
    }

    [Fact]
    public async Task Call_WithoutUserAgent_MeetsTheFirewallInsteadOfTheApi()
    {
        await using var emulator = await StartAsync();
        emulator.Http.DefaultRequestHeaders.Remove("User-Agent");
        var reply = await emulator.EmailAsync(Json(Mail("a@one.test")));

        Assert.Equal((403, "error code: 1010"), (reply.Code, reply.Body));
    }

    [Fact]
    public async Task UnknownPath_Is404_AndWrongMethod_Is405_InTheApisShape()
    {
        await using var emulator = await StartAsync();
        var path = await emulator.GetAsync("/nothing/here");
        var method = await emulator.SendAsync(HttpMethod.Put, "/emails", "{}");

        Assert.Equal((404, "not_found"), (path.Code, path.Name));
        Assert.Equal((405, "method_not_allowed"), (method.Code, method.Name));
    }

    [Fact]
    public async Task BodylessPostWithContentType_IsNotRefusedForItsBody()
    {
        await using var emulator = await StartAsync();
        var id = (await emulator.GetAsync("/domains")).Json.GetProperty("data")[0].GetProperty("id").GetString();
        var reply = await emulator.SendAsync(HttpMethod.Post, $"/domains/{id}/verify", "");

        Assert.Equal(200, reply.Code);
    }
}
