using AdminPortal.Components.Pages;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdminPortal.Account;

/// <summary>
/// A form of this portal that belongs to another sign-in than the one that it comes with: the framework refuses it with a bare
/// 400, and a person learns what happened. Signing out twice is no mistake at all.
/// </summary>
internal static class OldForms
{
    /// <summary>Behind the antiforgery check, whose word it repeats.</summary>
    public static void UseOldForms(this IApplicationBuilder app) =>
        app.Use(
            (http, next) =>
                http.Features.Get<IAntiforgeryValidationFeature>() is { IsValid: false }
                && http.GetEndpoint()?.Metadata.GetMetadata<ComponentTypeMetadata>() is not null
                    ? AnswerAsync(http)
                    : next(http)
        );

    private static Task AnswerAsync(HttpContext http)
    {
        if (http.Request.Path == PortalUrls.SignOut && http.User.UserId() is null)
        {
            http.Response.Redirect(PortalUrls.SignOut);
            return Task.CompletedTask;
        }

        http.Response.Headers.CacheControl = "no-store";
        // The token of a link may stand in the address.
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        return new RazorComponentResult<OldFormPage>(
            new Dictionary<string, object?>
            {
                [nameof(OldFormPage.From)] = LocalUrl.OrHome(http.Request.Path + http.Request.QueryString),
            }
        )
        {
            StatusCode = StatusCodes.Status400BadRequest,
        }.ExecuteAsync(http);
    }
}
