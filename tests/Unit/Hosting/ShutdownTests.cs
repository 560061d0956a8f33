using System.Net;
using AdminPortal.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using UnitTests.Api;

namespace UnitTests.Hosting;

public sealed class ShutdownTests
{
    [Fact]
    public async Task Shutdown_WhileARequestDoesNotEnd_LetsNoFurtherCallBegin()
    {
        await using var api = await ApiHost.StartAsync();
        using var program = new HttpClient(
            new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromMinutes(1) }
        );
        program.DefaultRequestHeaders.Authorization = new("Bearer", await api.KeyAsync(api.North));
        using var body = new EndlessBody();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{api.Host.Address}/api/v1/contacts")
        {
            Content = body,
        };
        // Its body is sent once it is being read.
        request.Headers.ExpectContinue = true;
        var answer = program.SendAsync(request);
        await body.BegunAsync();
        var sending = api.Host.Services.GetServices<IHostedService>().OfType<SendingService>().Single();

        var stopped = api.Host.App.StopAsync();
        // Well before the host gives the request up.
        await sending.ExecuteTask!.WaitAsync(SendingService.ShutdownGrace / 2);

        Assert.False(stopped.IsCompleted);
        body.End();
        Assert.Equal(HttpStatusCode.Created, (await answer).StatusCode);
        await stopped;
    }

    private sealed class EndlessBody : HttpContent
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndlessBody() => Headers.ContentType = new("application/json");

        public Task BegunAsync() => _begun.Task.WaitAsync(TimeSpan.FromSeconds(30));

        public void End() => _ended.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("""{"email":"ada@readers.example" """u8.ToArray());
            await stream.FlushAsync();
            _begun.SetResult();
            await _ended.Task;
            await stream.WriteAsync("}"u8.ToArray());
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
