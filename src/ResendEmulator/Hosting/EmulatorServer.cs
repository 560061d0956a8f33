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
        AddParts(builder.Services, options);
        var app = builder.Build();
        foreach (
            var url in options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        )
        {
            app.Urls.Add(url);
        }

        try
        {
            await PrepareAsync(app.Services, options);
            Map(app);
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

    private static void AddParts(IServiceCollection services, EmulatorOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(_ => Database.Open(options.DataDirectory));
        services.AddSingleton(_ => new EmulatorClock(options.TimeProvider));
        services.AddSingleton(all => new EmulatorIds(all.GetRequiredService<EmulatorClock>(), options.Seed));
        services.AddSingleton(_ => new Switches(options.Behaviour));
        services.AddSingleton<EmulatorLife>();
        services.AddSingleton<FaultBook>();
        services.AddSingleton<FaultGate>();
        services.AddSingleton<CallStore>();
        services.AddSingleton<ProviderPipeline>();
        services.AddSingleton<IdempotencyKeys>();
        services.AddSingleton<Quota>();
        services.AddSingleton<DomainStore>();
        services.AddSingleton<MailStore>();
        services.AddSingleton<WebhookEndpoints>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<EmulatorControl>();
        services.AddSingleton<MailReader>();
        services.AddSingleton<EmailsApi>();
        services.AddSingleton<EmailsReadApi>();
        services.AddSingleton<LogsApi>();
        services.AddSingleton<DomainsApi>();
        services.AddSingleton<WebhooksApi>();
        services.AddSingleton<ControlApi>();
        services.AddSingleton<InboxPage>();
        services.AddSingleton<MailPage>();
        services.AddSingleton<CallsPage>();
        services.AddSingleton<ControlPage>();
        services.AddSingleton<PanelPages>();
    }

    private static async Task PrepareAsync(IServiceProvider services, EmulatorOptions options)
    {
        var clock = services.GetRequiredService<EmulatorClock>();
        var endpoints = services.GetRequiredService<WebhookEndpoints>();
        var database = services.GetRequiredService<Database>();
        await database.WriteAsync(sql =>
        {
            clock.SetOffset(EmulatorControl.SavedOffset(sql));
            services.GetRequiredService<EmulatorIds>().Continue(sql.Count("SELECT coalesce(max(seq),0) FROM calls"));
            services.GetRequiredService<FaultBook>().Load(sql);
            services.GetRequiredService<DomainStore>().Seed(sql, clock.GetUtcNow());
            services.GetRequiredService<Quota>().Refresh(sql);
            endpoints.Load(sql);
            if (options.WebhookUrl is { Length: > 0 } url)
            {
                endpoints.Set(sql, url, options.WebhookSecret);
            }
        });
    }

    private static void Map(WebApplication app)
    {
        var services = app.Services;
        app.Use(LocalOnly.InvokeAsync);
        app.UseRouting();
        services.GetRequiredService<EmailsApi>().Map(app);
        services.GetRequiredService<EmailsReadApi>().Map(app);
        services.GetRequiredService<LogsApi>().Map(app);
        services.GetRequiredService<DomainsApi>().Map(app);
        services.GetRequiredService<WebhooksApi>().Map(app);
        services.GetRequiredService<ControlApi>().Map(app);
        services.GetRequiredService<PanelPages>().Map(app);
        var pipeline = services.GetRequiredService<ProviderPipeline>();
        var lost = pipeline.Wrap(call => Task.FromResult(Unrouted(call.Http)));
        // Routing answers a known path under a wrong method with an endpoint of its own, which has no JSON: take it over.
        app.Use(
            (http, next) =>
                http.GetEndpoint() is { DisplayName: not "405 HTTP Method Not Supported" } ? next(http) : lost(http)
        );
    }

    private static ApiAnswer Unrouted(HttpContext http) =>
        http.GetEndpoint() is null
            ? ApiErrors.Of(404, "not_found", "The requested endpoint does not exist.")
            : ApiErrors.Of(405, "method_not_allowed", "This endpoint does not support the specified HTTP method.");
}
