using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using AdminPortal.Api;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace UnitTests.Isolation;

/// <summary>Which ids a route takes, read out of the route itself, and whether its row asks with each.</summary>
internal static class RouteIds
{
    /// <summary>Parameters of pages that name no thing.</summary>
    private static readonly string[] NamesNothing =
    [
        "action",
        "before",
        "edit",
        "endpoint",
        "ended",
        "from",
        "key",
        "needed",
        "open",
        "page",
        "q",
        "reason",
        "returnurl",
        "show",
        "sort",
        "state",
        "status",
        "step",
        "tab",
        "tag",
        "theme",
        "to",
        "view",
    ];

    /// <summary>Ids that the route takes, in its path, its query or its body, and that no ask of its row has.</summary>
    public static IEnumerable<string> Unasked(RouteEndpoint endpoint, RouteRow row)
    {
        var segments = endpoint.RoutePattern.RawText!.Trim('/').Split('/');
        foreach (
            var (index, segment) in segments.Index().Where(one => one.Item.EndsWith(":guid}", StringComparison.Ordinal))
        )
        {
            if (!row.Asks.Any(ask => Segments(ask)[index].StartsWith('<')))
            {
                yield return segment;
            }
        }

        if (row.Reason is null == (row.Asks.Count == 0))
        {
            yield return "anything, and has no reason";
        }

        var taken = endpoint
            .Metadata.GetOrderedMetadata<QueryParameter>()
            .Where(parameter => parameter.Type == typeof(Guid))
            .Select(parameter => parameter.Name)
            .Concat(endpoint.Metadata.GetMetadata<PagedList>() is null ? [] : ["cursor"])
            .Concat(OfPage(endpoint.Metadata.GetMetadata<ComponentTypeMetadata>()?.Type));
        foreach (
            var name in taken.Where(name =>
                !row.Asks.Any(ask => ask.Path.Contains($"{name}=", StringComparison.Ordinal))
            )
        )
        {
            yield return name;
        }

        var inBody = endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType is { } type ? Ids(type, 0) : [];
        foreach (
            var name in inBody
                .Distinct()
                .Where(name =>
                    !row.Asks.Any(ask =>
                        Regex.IsMatch(ask.Body ?? "", $"\"{name}\":\\[?\"<", RegexOptions.None, TimeSpan.FromSeconds(1))
                    )
                )
        )
        {
            yield return name;
        }
    }

    private static string[] Segments(RouteAsk ask) =>
        (ask.Path.StartsWith('/') ? ask.Path[1..] : "api/v1/" + ask.Path).Split('?')[0].Split('/');

    private static IEnumerable<string> OfPage(Type? page) =>
        (page?.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic) ?? [])
            .Select(property => (property, query: property.GetCustomAttribute<SupplyParameterFromQueryAttribute>()))
            .Where(one => one.query is not null)
            .Select(one => (one.query!.Name ?? one.property.Name).ToLowerInvariant())
            .Where(name => !NamesNothing.Contains(name, StringComparer.Ordinal));

    private static IEnumerable<string> Ids(Type type, int depth)
    {
        foreach (var property in type.GetProperties().Where(_ => depth < 4))
        {
            var plain = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (plain == typeof(Guid) || plain.IsAssignableTo(typeof(IEnumerable<Guid>)))
            {
                yield return JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
            }
            else if (plain.Assembly == type.Assembly && !plain.IsEnum && !plain.IsAssignableTo(typeof(IEnumerable)))
            {
                foreach (var name in Ids(plain, depth + 1))
                {
                    yield return name;
                }
            }
        }
    }
}
