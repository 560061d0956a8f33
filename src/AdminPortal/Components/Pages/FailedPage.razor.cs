using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdminPortal.Components.Pages;

/// <summary>What a browser gets in place of an answer that failed; the log has the reason under the same reference.</summary>
public sealed partial class FailedPage
{
    [Parameter, EditorRequired]
    public required string Reference { get; set; }

    public static void Handle(IApplicationBuilder pages) =>
        pages.Run(http =>
        {
            http.Response.Headers.CacheControl = "no-store";
            return new RazorComponentResult<FailedPage>(
                new Dictionary<string, object?> { [nameof(Reference)] = http.TraceIdentifier }
            )
            {
                StatusCode = StatusCodes.Status500InternalServerError,
            }.ExecuteAsync(http);
        });
}
