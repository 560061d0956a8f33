using AdminPortal.Account;
using AdminPortal.Api;
using AdminPortal.Components;
using AdminPortal.Components.Layout;
using AdminPortal.Components.Pages;
using AdminPortal.Components.Shared;
using AdminPortal.Features.Audit;
using AdminPortal.Features.Campaigns;
using AdminPortal.Features.Contacts;
using AdminPortal.Features.Templates;
using AdminPortal.Features.Unsubscribe;
using AdminPortal.Features.Webhooks;
using AdminPortal.Hosting;
using AdminPortal.Tenancy;
using Ledgerpost.OutgoingEvents;
using Ledgerpost.Sending;
using Ledgerpost.Webhooks;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.CookiePolicy;
using Radzen;

namespace AdminPortal;

/// <summary>Puts the portal together: services, then the pipeline; and runs it.</summary>
public static class PortalApplication
{
    /// <returns>The process' exit code: 1 when a setting is wrong or something that is needed is taken, 2 when a verb is not for this database, cannot be read, or is none.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            if (Verbs.AreAsked(args))
            {
                return await Verbs.RunAsync(args, Console.Out, Console.Error, TimeProvider.System);
            }

            await using var app = Create(args is ["serve", .. var rest] ? rest : args);
            await StartAsync(app, Console.Out);
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (StartRefusedException refused)
        {
            await Console.Error.WriteLineAsync(refused.Message);
            return refused.ExitCode;
        }
    }

    /// <param name="configure">What a test replaces before the container is built.</param>
    /// <exception cref="StartRefusedException">A setting is wrong, or the data directory is another process'.</exception>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions
            {
                // Settings are read at the start. Waiting for them to change means looking at every write below the working
                // directory, and the database's are in its data folder: 4 µs of processor time for each mail.
                Args = ["--hostBuilder:reloadConfigOnChange=false", .. args],
                ApplicationName = typeof(PortalApplication).Assembly.GetName().Name,
                ContentRootPath = ContentRoot(args),
            }
        );
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        configure?.Invoke(builder);
        var settings = builder.AddPortalHosting();
        builder.Services.AddSending(settings.Portal.PublicUrl);
        builder.Services.AddContactFeature(settings.Portal.DataDirectory);
        builder.Services.AddWebhooks(settings.Webhooks);
        builder.Services.AddOutgoingEvents(settings.OutgoingEvents);
        AddLoops(builder.Services);
        builder.Services.AddSingleton<FailedAttempts>();
        builder.Services.AddPortalAccounts(builder.Environment);
        builder.Services.AddPortalApi(settings.Api);
        builder.Services.AddPortalTenancy();
        AddComponents(builder.Services);

        var app = builder.Build();
        MapPipeline(app);
        return app;
    }

    /// <summary>Prepares the database and the provider, listens, and says where.</summary>
    /// <exception cref="StartRefusedException">The address to listen on is taken.</exception>
    public static async Task StartAsync(WebApplication app, TextWriter output)
    {
        // Asked for first, so that the container lets go of the directory's lock last.
        _ = app.Services.GetRequiredService<DataDirectory>();
        var start = app.Services.GetRequiredService<PortalStart>();
        await start.PrepareAsync(app.Lifetime.ApplicationStopping);
        try
        {
            await app.StartAsync();
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            throw new StartRefusedException(
                $"Ledgerpost cannot listen: {exception.Message} Stop what listens there, or choose another address with --urls http://localhost:5081."
            );
        }

        await start.AnnounceAsync(output);
    }

    private static void AddComponents(IServiceCollection services)
    {
        // A mail's HTML travels in one message while it is composed; the default of 32 KB would cut the connection.
        services
            .AddRazorComponents()
            .AddInteractiveServerComponents()
            .AddHubOptions(options => options.MaximumReceiveMessageSize = 4 * 1024 * 1024);
        services.AddRadzenComponents();
        services.AddCascadingAuthenticationState();
        services.AddScoped<Confirmations>();
        services.AddScoped<Toasts>();
        services.AddScoped<IShellData, PortalShell>();
        services.AddCampaignFeature();
        services.AddTemplateFeature();
    }

    private static void AddLoops(IServiceCollection services)
    {
        services.Configure<HostOptions>(options =>
        {
            // Calls in flight have their time before the host lets go of them.
            options.ShutdownTimeout = SendingService.ShutdownGrace + TimeSpan.FromSeconds(5);
            // All of that time: one after the other, a request that does not end would be waited for while mail goes on.
            options.ServicesStopConcurrently = true;
        });
        services.AddHostedService<VerbSocket>();
        services.AddHostedService<SendingService>();
        services.AddHostedService<DoubtService>();
        services.AddHostedService<ClockService>();
        services.AddHostedService<AnchorService>();
        services.AddHostedService<AuditTallyService>();
        services.AddHostedService<ReconcileService>();
        services.AddHostedService<DomainService>();
        services.AddHostedService<EventService>();
        services.AddHostedService<OutgoingEventService>();
        services.AddHostedService<ContactImportService>();
        services.AddHostedService<ForgetRequestsService>();
        services.AddHostedService<DeleteTenantsService>();
    }

    private static void MapPipeline(WebApplication app)
    {
        app.UseMiddleware<SecurityHeaders>();
        // Whoever sets a cookie, the framework too: antiforgery's own goes over http as well where nobody says otherwise.
        app.UseCookiePolicy(
            new CookiePolicyOptions
            {
                HttpOnly = HttpOnlyPolicy.Always,
                MinimumSameSitePolicy = SameSiteMode.Lax,
                Secure = app.Environment.IsDevelopment() ? CookieSecurePolicy.SameAsRequest : CookieSecurePolicy.Always,
            }
        );
        if (!app.Environment.IsDevelopment())
        {
            app.UseWhen(http => !ApiServices.IsApi(http), pages => pages.UseExceptionHandler(FailedPage.Handle));
        }

        // Only for pages: a program that gets 401 or 404 must not be sent to a page that takes no POST.
        app.UseWhen(
            http =>
                !ApiServices.IsApi(http)
                && (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)),
            pages => pages.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true)
        );
        app.UseRouting();
        app.UseAuthentication();
        app.UseWhen(ApiServices.IsApi, api => api.UseMiddleware<ApiPipeline>());
        app.UseAuthorization();
        app.UseWhen(ApiServices.IsApi, api => api.UseMiddleware<ApiRates>());
        app.UseMiddleware<TenantWall>();
        app.UseAntiforgery();
        app.UseOldForms();
        app.MapStaticAssets().AllowAnonymous();
        app.MapHealth();
        app.MapWebhooks();
        app.MapUnsubscribe();
        app.MapContactFiles();
        app.MapAuditFiles();
        app.MapPasskeys();
        app.MapApi();
        // The framework would send a policy about frames of its own beside ours.
        app.MapRazorComponents<App>()
            .AddInteractiveServerRenderMode(options => options.ContentSecurityFrameAncestorsPolicy = null);
    }

    // Started by its path from elsewhere, the settings lie beside the program and not in the working directory.
    internal static string? ContentRoot(string[] args) =>
        File.Exists("appsettings.json")
        || args.Any(arg => arg.StartsWith("--contentRoot", StringComparison.OrdinalIgnoreCase))
            ? null
            : AppContext.BaseDirectory;
}
