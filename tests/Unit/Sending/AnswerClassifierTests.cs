using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;

namespace UnitTests.Sending;

/// <summary>Which answers prove something. Everything that is not listed as a proof must come out as none.</summary>
public sealed class AnswerClassifierTests
{
    [Theory]
    [InlineData(500, """{"statusCode":500,"name":"application_error","message":"x"}""")]
    [InlineData(503, """{"statusCode":503,"name":"service_unavailable","message":"x"}""")]
    [InlineData(200, """{"data":[{"id":"a"}]}""")]
    [InlineData(200, """{"data":[{"id":"a"},{"id":"a"}]}""")]
    [InlineData(200, """{"data":[{"id":"a"},{}]}""")]
    [InlineData(200, """{"data":[{"id":"a"},{"id":""}]}""")]
    [InlineData(200, """{"data":[{"id":"a"},{"id":"b"},{"id":"c"}]}""")]
    [InlineData(200, """{"data":[{"id":"a"},{"id":"\ud800"}]}""")]
    [InlineData(200, """{"data":[{"id":"a"},{"id":"b\u0000"}]}""")]
    [InlineData(200, """{"id":"a"}""")]
    [InlineData(200, "")]
    [InlineData(201, """{"data":[{"id":"a"},{"id":"b"}]}""")]
    [InlineData(302, "")]
    [InlineData(403, "<html>error code: 1010</html>")]
    [InlineData(401, """{"message":"Unauthorized"}""")]
    [InlineData(403, """{"statusCode":401,"message":"a proxy's"}""")]
    [InlineData(422, """{"statusCode":422,"name":"validation_error","message":"\ud800"}""")]
    [InlineData(409, """{"statusCode":409,"name":"something_new","message":"x"}""")]
    [InlineData(408, """{"statusCode":408,"name":"timeout","message":"x"}""")]
    [InlineData(425, """{"statusCode":425,"name":"too_early","message":"x"}""")]
    [InlineData(451, """{"statusCode":451,"name":"security_error","message":"x"}""")]
    public void AnythingElse_ProvesNothing(int status, string body) =>
        Assert.IsType<Outcome.Ambiguous>(Classify(status, body));

    /// <summary>Every error name that the provider documents, those of older SDKs, and errors without a name.</summary>
    [Theory]
    [InlineData(400, "invalid_idempotency_key", RefusalKind.Content)]
    [InlineData(400, "validation_error", RefusalKind.Content)]
    [InlineData(404, "not_found", RefusalKind.Content)]
    [InlineData(405, "method_not_allowed", RefusalKind.Content)]
    [InlineData(413, "payload_too_large", RefusalKind.Content)]
    [InlineData(422, "validation_error", RefusalKind.Content)]
    [InlineData(422, "invalid_attachment", RefusalKind.Content)]
    [InlineData(422, "invalid_parameter", RefusalKind.Content)]
    [InlineData(422, "missing_required_field", RefusalKind.Content)]
    [InlineData(422, "missing_required_parameter", RefusalKind.Content)]
    [InlineData(422, "invalid_access", RefusalKind.Content)]
    [InlineData(422, "invalid_region", RefusalKind.Content)]
    [InlineData(422, null, RefusalKind.Content)]
    [InlineData(401, "missing_api_key", RefusalKind.Key)]
    [InlineData(401, "restricted_api_key", RefusalKind.Key)]
    [InlineData(401, "validation_error", RefusalKind.Key)]
    [InlineData(401, "invalid_api_key", RefusalKind.Key)]
    [InlineData(401, null, RefusalKind.Key)]
    [InlineData(403, "restricted_api_key", RefusalKind.Key)]
    [InlineData(403, "suspended_api_key", RefusalKind.Key)]
    [InlineData(403, "invalid_permission", RefusalKind.Key)]
    [InlineData(403, "invalid_api_key", RefusalKind.Key)]
    [InlineData(400, "missing_api_key", RefusalKind.Key)]
    [InlineData(403, "validation_error", RefusalKind.Sender)]
    [InlineData(403, null, RefusalKind.Sender)]
    [InlineData(422, "invalid_from_address", RefusalKind.Sender)]
    [InlineData(403, "email_above_quota", RefusalKind.MonthlyQuota)]
    [InlineData(429, "rate_limit_exceeded", RefusalKind.Rate)]
    [InlineData(429, null, RefusalKind.Rate)]
    [InlineData(429, "daily_quota_exceeded", RefusalKind.DailyQuota)]
    [InlineData(429, "monthly_quota_exceeded", RefusalKind.MonthlyQuota)]
    public void TheProvidersOwnNo_IsARefusal(int status, string? name, RefusalKind kind)
    {
        var named = name is null ? "" : $"\"name\":\"{name}\",";
        var body = $$"""{{{named}}"message":"No.","statusCode":{{status}}}""";

        var refusal = Assert.IsType<Outcome.Refusal>(Classify(status, body));
        Assert.Equal((kind, name, "No."), (refusal.Kind, refusal.Name, refusal.Message));
    }

    [Theory]
    [InlineData("concurrent_idempotent_requests")]
    [InlineData("resource_locked")]
    public void StillAtWork_IsBusy(string name) =>
        Assert.IsType<Outcome.Busy>(Classify(409, $$"""{"statusCode":409,"name":"{{name}}","message":"Wait."}"""));

    [Fact]
    public void KeyOfOtherBytes_IsAMismatch() =>
        Assert.IsType<Outcome.KeyMismatch>(
            Classify(409, """{"statusCode":409,"name":"invalid_idempotent_request","message":"Other."}""")
        );

    [Fact]
    public void Words_ThatADatabaseMayRefuse_AreMadePlain()
    {
        var words = new string('x', 499) + "\U0001F600";
        var body = $$"""{"statusCode":422,"name":"a\u0000b","message":"{{words}}"}""";

        var refusal = Assert.IsType<Outcome.Refusal>(Classify(422, body));

        Assert.Equal(("a b", new string('x', 499)), (refusal.Name, refusal.Message));
    }

    [Fact]
    public void AsManyIdsAsMails_IsAcceptance() =>
        Assert.Equal(
            ["a", "b"],
            Assert.IsType<Outcome.Accepted>(Classify(200, """{"data":[{"id":"a"},{"id":"b"}]}""")).ProviderIds
        );

    [Fact]
    public void NothingWritten_IsNotSent() =>
        Assert.IsType<Outcome.NotSent>(AnswerClassifier.Classify(new ProviderAnswer.NotSent(NotSentFor.TooLate), 2));

    private static Outcome Classify(int status, string body) =>
        AnswerClassifier.Classify(new ProviderAnswer.Http(status, body, ProviderHeaders.Empty), mails: 2);
}
