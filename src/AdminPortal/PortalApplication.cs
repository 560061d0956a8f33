using AdminPortal.Components;
using AdminPortal.Components.Layout;
using AdminPortal.Components.Shared;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Radzen;

namespace AdminPortal;

/// <summary>Puts the portal together: services, then the pipeline.</summary>
public static class PortalApplication
{
    public static WebApplication Create(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        AddComponents(builder.Services);

        var app = builder.Build();
        MapPipeline(app);
        return app;
    }

    private static void AddComponents(IServiceCollection services)
    {
        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddRadzenComponents();
        services.AddCascadingAuthenticationState();
        services.AddAuthorization();
        services.AddAuthentication();
        services.AddScoped<Confirmations>();
        services.AddScoped<Toasts>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddScoped<IShellData, AnonymousShellData>();
    }

    private static void MapPipeline(WebApplication app)
    {
        app.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapStaticAssets();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode();
    }
}
