using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using ResendEmulator.Control;
using ResendEmulator.Faults;
using ResendEmulator.Pages;
using ResendEmulator.Protocol;
using ResendEmulator.Retrieval;
using ResendEmulator.Sending;
using ResendEmulator.Storage;
using ResendEmulator.Webhooks;

namespace ResendEmulator.Hosting;

/// <summary>What an emulator is made of, whoever brings it its requests.</summary>
internal static class EmulatorParts
{
    public static void AddTo(IServiceCollection services, EmulatorOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(_ => Database.Open(options.DataDirectory, options.Scheduler));
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

    public static async Task PrepareAsync(IServiceProvider services, EmulatorOptions options)
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

    /// <summary>The same pipeline, whether requests come from a web server or from the caller's own hand.</summary>
    /// <param name="around">Wraps the choice of the route, and nothing else.</param>
    public static void Map(IApplicationBuilder app, Action<IApplicationBuilder, Action>? around = null)
    {
        var services = app.ApplicationServices;
        app.Use(LocalOnly.InvokeAsync);
        if (around is null)
        {
            app.UseRouting();
        }
        else
        {
            around(app, () => app.UseRouting());
        }

        var pipeline = services.GetRequiredService<ProviderPipeline>();
        var lost = pipeline.Wrap(call => Task.FromResult(Unrouted(call.Http)));
        // Routing answers a known path under a wrong method with an endpoint of its own, which has no JSON: take it over.
        app.Use(
            (http, next) =>
                http.GetEndpoint() is { DisplayName: not "405 HTTP Method Not Supported" } ? next(http) : lost(http)
        );
        app.UseEndpoints(routes =>
        {
            services.GetRequiredService<EmailsApi>().Map(routes);
            services.GetRequiredService<EmailsReadApi>().Map(routes);
            services.GetRequiredService<LogsApi>().Map(routes);
            services.GetRequiredService<DomainsApi>().Map(routes);
            services.GetRequiredService<WebhooksApi>().Map(routes);
            services.GetRequiredService<ControlApi>().Map(routes);
            services.GetRequiredService<PanelPages>().Map(routes);
        });
    }

    private static ApiAnswer Unrouted(HttpContext http) =>
        http.GetEndpoint() is null
            ? ApiErrors.Of(404, "not_found", "The requested endpoint does not exist.")
            : ApiErrors.Of(405, "method_not_allowed", "This endpoint does not support the specified HTTP method.");
}
