using AdminPortal.Features.ApiReference;
using AdminPortal.Features.Audit;
using AdminPortal.Features.Campaigns;
using AdminPortal.Features.Contacts;
using AdminPortal.Features.Emails;
using AdminPortal.Features.OutgoingEvents;
using AdminPortal.Features.Segments;
using AdminPortal.Features.Senders;
using AdminPortal.Features.Settings;
using AdminPortal.Features.Suppression;
using AdminPortal.Features.Templates;
using AdminPortal.Features.Tenants;
using Ledgerpost.Programs;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Mvc;

namespace AdminPortal.Api;

/// <summary>The HTTP API: what its routes have in common, and where each feature's are mapped.</summary>
internal static class ApiServices
{
    public const string Prefix = "/api/v1";
    public const long MaxBody = 1_000_000;

    /// <summary>Of a template, a campaign or a mail, which carry a mail's text.</summary>
    public const long MaxContentBody = 5_000_000;

    public static void AddPortalApi(this IServiceCollection services, ApiOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<FindProgram>();
        services.AddSingleton<CreateApiKey>();
        services.AddSingleton<CreateFirstApiKey>();
        services.AddSingleton<RevokeApiKey>();
        services.AddSingleton<ApiKeyList>();
        services.AddSingleton<ForgetRequests>();
        services.AddSingleton<FirstOperatorKey>();
        services.AddSingleton<OperatorKeyList>();
        services.AddSingleton<MakeOperatorKey>();
        services.AddSingleton<RevokeOperatorKey>();
        services.AddSingleton<RequestsInFlight>();
        services.AddSingleton<ApiRates>();
        services.AddScoped<ApiCall>();
        services
            .AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, ApiKeyAuthentication>(ApiPolicies.Scheme, configureOptions: null);
        services.AddApiDocument();
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
    }

    /// <summary>As routing sees it, which takes no notice of case.</summary>
    public static bool IsApi(HttpContext http) =>
        http.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase);

    public static void MapApi(this IEndpointRouteBuilder routes)
    {
        var api = routes
            .MapGroup(Prefix)
            .DisableAntiforgery()
            .WithMetadata(new RequestSizeLimitAttribute(MaxBody))
            .AddEndpointFilterFactory(ApiParameters.Check);
        api.MapTenantsApi();
        api.MapApiKeysApi();
        api.MapContactsApi();
        api.MapCampaignsApi();
        api.MapEmailsApi();
        api.MapContactImportsApi();
        api.MapSegmentsApi();
        api.MapSuppressionsApi();
        api.MapDomainsApi();
        api.MapSendersApi();
        api.MapTemplatesApi();
        api.MapAuditApi();
        api.MapWebhookEndpointsApi();
        routes.MapApiReference();
        routes.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        routes.MapOpenApi(Prefix + "/openapi/{documentName}.json").AllowAnonymous();
    }
}
