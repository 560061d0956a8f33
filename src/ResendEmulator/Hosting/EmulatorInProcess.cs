using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ResendEmulator.Control;
using ResendEmulator.Faults;
using ResendEmulator.Storage;

namespace ResendEmulator.Hosting;

/// <summary>
/// The emulator without sockets: the same parts and the same pipeline, for whoever decides himself when a request arrives
/// and what becomes of its answer. It sends no webhooks; whoever holds it takes what is due from its queue.
/// </summary>
public sealed class EmulatorInProcess : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly RequestDelegate _pipeline;

    private EmulatorInProcess(ServiceProvider services, RequestDelegate pipeline)
    {
        _services = services;
        _pipeline = pipeline;
        Control = services.GetRequiredService<EmulatorControl>();
        Faults = services.GetRequiredService<FaultBook>();
        Database = services.GetRequiredService<Database>();
    }

    public EmulatorControl Control { get; }

    public FaultBook Faults { get; }

    public Database Database { get; }

    public static async Task<EmulatorInProcess> StartAsync(EmulatorOptions options, ILoggerFactory logs)
    {
        var services = new ServiceCollection();
        services.AddRoutingCore();
        services.AddSingleton(logs);
        services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        services.AddSingleton(new System.Diagnostics.DiagnosticListener("ResendEmulator"));
        EmulatorParts.AddTo(services, options);
        var provider = services.BuildServiceProvider();
        await EmulatorParts.PrepareAsync(provider, options);
        var app = new ApplicationBuilder(provider);
        EmulatorParts.Map(app, WithoutCallersContext);
        return new EmulatorInProcess(provider, app.Build());
    }

    /// <summary>Handles one request to its end.</summary>
    /// <param name="aborted">The caller has gone away.</param>
    /// <returns>What went over the wire; <see cref="WireAnswer.Cut"/> where the connection ended before the answer did.</returns>
    public async Task<WireAnswer> SendAsync(
        string method,
        Uri url,
        IEnumerable<(string Name, string Value)> headers,
        byte[] body,
        CancellationToken aborted
    )
    {
        using var request = new MemoryStream(body, writable: false);
        using var response = new MemoryStream();
        var life = new Lifetime(aborted);
        var http = new DefaultHttpContext { RequestServices = _services };
        http.Features.Set<IHttpRequestLifetimeFeature>(life);
        http.Request.Method = method;
        http.Request.Scheme = url.Scheme;
        http.Request.Host = new HostString(url.Authority);
        http.Request.Path = url.AbsolutePath;
        http.Request.QueryString = new QueryString(url.Query);
        http.Request.Body = request;
        http.Request.ContentLength = body.Length;
        foreach (var (name, value) in headers)
        {
            http.Request.Headers[name] = value;
        }

        http.Response.Body = response;
        await _pipeline(http);
        return new WireAnswer(
            http.Response.StatusCode,
            [.. http.Response.Headers.Select(header => (header.Key, header.Value.ToString()))],
            response.ToArray(),
            life.Aborted
        );
    }

    public async ValueTask DisposeAsync()
    {
        _services.GetRequiredService<EmulatorLife>().Stop();
        await _services.DisposeAsync();
    }

    // The router compiles its tables in the background after some hundred requests, and would come back to the context of
    // the request that was on its way then: a caller with a context of its own must not see that.
    private static void WithoutCallersContext(IApplicationBuilder app, Action routing)
    {
        const string Kept = "callers-context";
        app.Use(
            (http, next) =>
            {
                var context = SynchronizationContext.Current;
                http.Items[Kept] = context;
                SynchronizationContext.SetSynchronizationContext(null);
                try
                {
                    return next(http);
                }
                finally
                {
                    SynchronizationContext.SetSynchronizationContext(context);
                }
            }
        );
        routing();
        app.Use(
            (http, next) =>
            {
                SynchronizationContext.SetSynchronizationContext((SynchronizationContext?)http.Items[Kept]);
                return next(http);
            }
        );
    }

    private sealed class Lifetime(CancellationToken aborted) : IHttpRequestLifetimeFeature
    {
        public bool Aborted { get; private set; }

        public CancellationToken RequestAborted { get; set; } = aborted;

        public void Abort() => Aborted = true;
    }
}

/// <summary>An answer as it went over the wire.</summary>
/// <param name="Cut">The connection ended before the answer was whole; then nothing of it may be believed.</param>
public sealed record WireAnswer(int Status, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body, bool Cut);
