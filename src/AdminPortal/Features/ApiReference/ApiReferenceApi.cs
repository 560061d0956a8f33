using AdminPortal.Api;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;

namespace AdminPortal.Features.ApiReference;

/// <summary>The OpenAPI document for people, beside the one for programs: the same routes, and never another list.</summary>
internal static class ApiReferenceApi
{
    public static void MapApiReference(this IEndpointRouteBuilder routes) =>
        routes.MapGet(PortalUrls.ApiReference, ShowAsync).AllowAnonymous();

    private static async Task<RazorComponentResult<ApiReferencePage>> ShowAsync(
        [FromKeyedServices(ApiDocument.Name)] IOpenApiDocumentProvider documents,
        CancellationToken cancellation
    ) =>
        new(
            new Dictionary<string, object?>
            {
                [nameof(ApiReferencePage.Reference)] = ApiReference.Of(
                    await documents.GetOpenApiDocumentAsync(cancellation)
                ),
            }
        );
}
