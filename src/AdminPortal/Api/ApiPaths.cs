using System.Globalization;
using Microsoft.AspNetCore.Routing.Patterns;

namespace AdminPortal.Api;

/// <summary>
/// A route's address in one spelling. Routing takes no notice of case, of a slash at the end, or of how an id is written; an
/// <c>Idempotency-Key</c> belongs to what is asked for, so it must not either.
/// </summary>
internal static class ApiPaths
{
    /// <returns>As <c>/api/v1/campaigns/0190f3a2-…/send</c>.</returns>
    public static string Of(HttpContext http)
    {
        var route = http.GetEndpoint() as RouteEndpoint ?? throw new InvalidOperationException("No route was found.");
        return string.Concat(route.RoutePattern.PathSegments.Select(segment => "/" + Text(segment, http)));
    }

    private static string Text(RoutePatternPathSegment segment, HttpContext http) =>
        string.Concat(
            segment.Parts.Select(part =>
                part switch
                {
                    RoutePatternParameterPart parameter => Value(http.GetRouteValue(parameter.Name)),
                    RoutePatternLiteralPart literal => literal.Content.ToLowerInvariant(),
                    RoutePatternSeparatorPart separator => separator.Content,
                    _ => throw new InvalidOperationException($"No such part of a route: {part}."),
                }
            )
        );

    private static string Value(object? value) =>
        Convert.ToString(value, CultureInfo.InvariantCulture) is not { } text ? ""
        : Guid.TryParse(text, out var id) ? id.ToString("D")
        : text;
}
