using System.Net;
using Ledgerpost.Sending.Provider;

namespace UnitTests.Sending;

/// <summary>Whose a key is decides where doubt is repeated: only the provider's own word counts.</summary>
public sealed class AccountProbeTests
{
    [Theory]
    [InlineData(200, """{"object":"email","id":"mail-1"}""", true)]
    [InlineData(404, """{"statusCode":404,"name":"not_found","message":"Email not found"}""", false)]
    [InlineData(401, """{"statusCode":401,"name":"restricted_api_key","message":"It may only send."}""", false)]
    [InlineData(200, "<html>Sign in to this network</html>", null)]
    [InlineData(200, """{"object":"email","id":"mail-2"}""", null)]
    [InlineData(403, "<html>error code: 1010</html>", null)]
    [InlineData(404, "<html>No such page</html>", null)]
    [InlineData(429, """{"statusCode":429,"name":"rate_limit_exceeded","message":"Slower."}""", null)]
    [InlineData(503, "", null)]
    public async Task WhatIsNotTheProvidersWord_SaysNothing(int status, string body, bool? reads)
    {
        using var http = new ResendHttp(new Answers(status, body));
        var probe = new ResendAccountProbe(http, TimeProvider.System);

        Assert.Equal(
            reads,
            await probe.CanReadEmailAsync("http://provider.test", "re_1", "mail-1", CancellationToken.None)
        );
    }

    private sealed class Answers(int status, string body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        ) => Task.FromResult(new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body) });
    }
}
