using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ResendEmulator.Control;
using ResendEmulator.Faults;
using ResendEmulator.Pages;
using ResendEmulator.Protocol;
using ResendEmulator.Retrieval;
using ResendEmulator.Sending;
using ResendEmulator.Storage;
using ResendEmulator.Webhooks;

namespace ResendEmulator.Hosting;

/// <summary>
/// A running emulator with its own web server. The portal starts one beside itself and talks to it over HTTP on
/// loopback; alone it is the whole process. Nothing of the host's configuration reaches it but the options.
/// </summary>
public sealed class EmulatorServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private EmulatorServer(WebApplication app)
    {
        _app = app;
        Control = app.Services.GetRequiredService<EmulatorControl>();
    }

    /// <summary>Where it listens, without a slash at the end.</summary>
    public string BaseUrl { get; private set; } = "";

    /// <summary>The control panel for programs in the same process.</summary>
    public EmulatorControl Control { get; }

    public static async Task<EmulatorServer> StartAsync(
        EmulatorOptions options,
        ILoggerFactory logs,
        CancellationToken cancellationToken = default
    )
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024 * 1024;
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<ILoggerFactory>(_ => new QuietLogs(logs));
        builder.Services.AddSingleton<IHostLifetime, OwnersLifetime>();
        builder.Services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        EmulatorParts.AddTo(builder.Services, options);
        var app = builder.Build();
        foreach (
            var url in options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        )
        {
            app.Urls.Add(url);
        }

        try
        {
            await EmulatorParts.PrepareAsync(app.Services, options);
            EmulatorParts.Map(app);
            await app.StartAsync(cancellationToken);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        app.Services.GetRequiredService<WebhookSender>().Start();
        return new EmulatorServer(app) { BaseUrl = app.Urls.First().TrimEnd('/') };
    }

    public async ValueTask DisposeAsync()
    {
        _app.Services.GetRequiredService<EmulatorLife>().Stop();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
