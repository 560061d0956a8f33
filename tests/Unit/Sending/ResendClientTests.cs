using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Ledgerpost.Data;
using Ledgerpost.Sending.Provider;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>The provider's client over real sockets: what goes over the wire, once and in time.</summary>
public sealed class ResendClientTests
{
    private const string Ok =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"data\":[]}";

    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""[{"to":["å@example.net"]}]""");

    [Fact]
    public async Task Post_SendsTheExactBytes_UnderItsKey_AndSaysWhoItIs()
    {
        using var server = new RawServer(
            (stream, token) => stream.WriteAsync(Encoding.ASCII.GetBytes(Ok), token).AsTask()
        );
        var time = new ManualTime();
        using var http = ResendHttp.CreateClient();

        var answer = await Client(http, server, time).PostAsync(Request(server, time), CancellationToken.None);

        Assert.Equal(200, Assert.IsType<ProviderAnswer.Http>(answer).Status);
        var seen = Assert.Single(server.Requests);
        Assert.Equal(Body, seen.Body);
        Assert.StartsWith("POST /emails/batch HTTP/1.1", seen.Head, StringComparison.Ordinal);
        Assert.Contains("Idempotency-Key: 1/key\r\n", seen.Head, StringComparison.Ordinal);
        Assert.Contains("Authorization: Bearer re_key\r\n", seen.Head, StringComparison.Ordinal);
        Assert.Contains("User-Agent: Ledgerpost/", seen.Head, StringComparison.Ordinal);
        Assert.Contains("x-batch-validation: strict\r\n", seen.Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Redirect_IsAnAnswer_AndNotFollowed(int status)
    {
        using var server = new RawServer(
            (stream, token) =>
                stream
                    .WriteAsync(
                        Encoding.ASCII.GetBytes(
                            $"HTTP/1.1 {status} Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
                        ),
                        token
                    )
                    .AsTask()
        );
        var time = new ManualTime();
        using var http = ResendHttp.CreateClient();

        var answer = await Client(http, server, time).PostAsync(Request(server, time), CancellationToken.None);

        Assert.Equal(status, Assert.IsType<ProviderAnswer.Http>(answer).Status);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ConnectionCut_AfterTheBody_IsOnePostAndNoRetry(bool reused)
    {
        var calls = 0;
        using var server = new RawServer(
            async (stream, token) =>
            {
                // The second call goes over the first one's connection: where a handler likes to try again by itself.
                if (reused && Interlocked.Increment(ref calls) == 1)
                {
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(Ok), token);
                    return;
                }

                stream.Close();
            }
        );
        var time = new ManualTime();
        using var http = ResendHttp.CreateClient();
        var client = Client(http, server, time);
        if (reused)
        {
            await client.PostAsync(Request(server, time, "1/first"), CancellationToken.None);
        }

        var answer = await client.PostAsync(Request(server, time), CancellationToken.None);

        Assert.IsType<ProviderAnswer.None>(answer);
        Assert.Single(server.Requests, request => request.Head.Contains("1/key", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    public async Task Body_AfterItsTime_IsNotWritten_OnWhicheverClock(bool counted, bool effective, bool machine)
    {
        using var server = new RawServer(
            (stream, token) => stream.WriteAsync(Encoding.ASCII.GetBytes(Ok), token).AsTask()
        );
        var time = new ManualTime();
        using var http = ResendHttp.CreateClient();
        var late = new Deadline(
            time.GetTimestamp() + (counted ? -1 : 1_000_000_000),
            time.GetUtcNow().AddSeconds(effective ? -1 : 100),
            time.GetUtcNow().AddSeconds(machine ? -1 : 100)
        );

        var answer = await Client(http, server, time)
            .PostAsync(Request(server, time) with { NotAfter = late }, CancellationToken.None);

        Assert.IsType<ProviderAnswer.NotSent>(answer);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Body_WithinItsTime_IsWritten()
    {
        using var server = new RawServer(
            (stream, token) => stream.WriteAsync(Encoding.ASCII.GetBytes(Ok), token).AsTask()
        );
        var time = new ManualTime();
        using var http = ResendHttp.CreateClient();
        var request = Request(server, time);
        time.Advance(TimeSpan.FromSeconds(29));

        Assert.IsType<ProviderAnswer.Http>(await Client(http, server, time).PostAsync(request, CancellationToken.None));
    }

    [Fact]
    public async Task Answer_OfFiftyMegabytes_IsNotReadToItsEnd()
    {
        var written = 0L;
        using var server = new RawServer(
            async (stream, token) =>
            {
                const int whole = 50 * 1024 * 1024;
                await stream.WriteAsync(
                    Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {whole}\r\n\r\n"),
                    token
                );
                var block = new byte[64 * 1024];
                for (var sent = 0; sent < whole; sent += block.Length)
                {
                    await stream.WriteAsync(block, token);
                    Interlocked.Add(ref written, block.Length);
                }
            }
        );
        var time = new ManualTime();
        using var http = ResendHttp.CreateClient();

        var answer = await Client(http, server, time).PostAsync(Request(server, time), CancellationToken.None);

        Assert.Contains("longer", Assert.IsType<ProviderAnswer.None>(answer).Why, StringComparison.Ordinal);
        Assert.InRange(Interlocked.Read(ref written), 0, 30 * 1024 * 1024);
    }

    [Fact]
    public async Task Answer_ThatCannotBeUnpacked_ProvesNothing_AndIsNoException()
    {
        using var server = new RawServer(
            (stream, token) =>
                stream
                    .WriteAsync(
                        Encoding.ASCII.GetBytes(
                            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\nnot gzipped!"
                        ),
                        token
                    )
                    .AsTask()
        );
        var time = new ManualTime();
        using var http = ResendHttp.CreateClient();

        var answer = await Client(http, server, time).PostAsync(Request(server, time), CancellationToken.None);

        Assert.IsType<ProviderAnswer.None>(answer);
    }

    [Fact]
    public async Task Answer_ThatNeverComes_EndsAfterAMinute()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var server = new RawServer(
            async (_, token) =>
            {
                arrived.TrySetResult();
                await Task.Delay(Timeout.Infinite, token);
            }
        );
        var time = new ManualTime();
        using var http = ResendHttp.CreateClient();
        var call = Client(http, server, time).PostAsync(Request(server, time), CancellationToken.None);
        await arrived.Task;

        time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(call.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.IsType<ProviderAnswer.None>(await call);
    }

    [Fact]
    public async Task Body_ThatTheHandlerAsksForTwice_IsWrittenOnce()
    {
        using var written = new MemoryStream();
        var time = new ManualTime();
        using var http = new ResendHttp(new RetryingHandler(written));
        var endpoint = new ProviderEndpoint(ProviderMode.Resend, "http://provider.test", "re_key", []);
        var request = new ProviderRequest(
            endpoint.BaseUrl,
            "/emails/batch",
            "1/key",
            Body,
            Deadline.In(time, TimeSpan.FromSeconds(30))
        );

        using var safety = new SafetyLog(time);
        var answer = await new ResendClient(http, endpoint, new NoOwnKeys(), time, safety).PostAsync(
            request,
            CancellationToken.None
        );

        Assert.IsType<ProviderAnswer.None>(answer);
        Assert.Equal(Body, written.ToArray());
        Assert.Equal(1, safety.CountOf(SafetyMechanism.BodyAskedForTwice));
    }

    private static ResendClient Client(ResendHttp http, RawServer server, ManualTime time) =>
        new(
            http,
            new ProviderEndpoint(ProviderMode.Resend, server.Url, "re_key", []),
            new NoOwnKeys(),
            time,
            new SafetyLog(time)
        );

    private static ProviderRequest Request(RawServer server, ManualTime time, string key = "1/key") =>
        new(server.Url, "/emails/batch", key, Body, Deadline.In(time, TimeSpan.FromSeconds(30)));

    /// <summary>What a handler may do by itself when a connection breaks: the same request once more.</summary>
    private sealed class RetryingHandler(Stream wire) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            await request.Content!.CopyToAsync(wire, cancellationToken);
            await request.Content.CopyToAsync(wire, cancellationToken);
            return new HttpResponseMessage(HttpStatusCode.OK);
        }
    }
}
