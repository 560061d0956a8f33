using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace UnitTests.Emulator.Support;

/// <summary>A web server that takes webhooks and answers what the test tells it to.</summary>
public sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Channel<Delivery> _deliveries = Channel.CreateUnbounded<Delivery>();

    private WebhookReceiver(WebApplication app) => _app = app;

    public string Url => _app.Urls.First() + "/hook";

    /// <summary>The status of the next answers.</summary>
    public int Answer { get; set; } = 200;

    public static async Task<WebhookReceiver> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var receiver = new WebhookReceiver(app);
        app.Run(receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    public async Task<Delivery> NextAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        return await _deliveries.Reader.ReadAsync(limit.Token);
    }

    public async Task<List<Delivery>> NextAsync(int count)
    {
        var taken = new List<Delivery>();
        while (taken.Count < count)
        {
            taken.Add(await NextAsync());
        }

        return taken;
    }

    public bool IsEmpty => !_deliveries.Reader.TryPeek(out _);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        http.Response.StatusCode = Answer;
        http.Response.Headers.Location = "/elsewhere";
        _deliveries.Writer.TryWrite(
            new Delivery(
                http.Request.Headers["svix-id"].ToString(),
                http.Request.Headers["svix-timestamp"].ToString(),
                http.Request.Headers["svix-signature"].ToString(),
                body.ToArray()
            )
        );
    }
}

/// <summary>One attempt, as it arrived.</summary>
public sealed record Delivery(string Id, string Timestamp, string Signature, byte[] Body)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string Type => Json.GetProperty("type").GetString()!;

    public JsonElement Data => Json.GetProperty("data");

    public string To => Data.GetProperty("to")[0].GetString()!;
}
