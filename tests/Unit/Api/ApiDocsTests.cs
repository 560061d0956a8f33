using AdminPortal.Api;
using Ledgerpost.Programs;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Support;

namespace UnitTests.Api;

/// <summary>docs/api.md says what the routes say.</summary>
public sealed class ApiDocsTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    [Fact]
    public void ScopesByRoute_AreThoseOfTheRoutes()
    {
        var mapped = portal
            .Api.Host.Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<ApiAccess>() is not null)
            .Select(route =>
            {
                var access = route.Metadata.GetRequiredMetadata<ApiAccess>();
                var path = route
                    .RoutePattern.RawText!["/api/v1".Length..]
                    .Replace(":guid", "", StringComparison.Ordinal)
                    .Replace(":int", "", StringComparison.Ordinal)
                    .TrimEnd('/');
                return $"| {route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Single()} {path} | "
                    + $"{(access.OperatorOnly ? "an operator's key" : string.Join(" or ", access.Scopes.Names()))} |";
            });

        Assert.Equal(mapped.Order(StringComparer.Ordinal), Table("## Scopes by route").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void ErrorCodes_AreAllOfThem()
    {
        var codes = ApiErrors.All.Select(error => $"| {error.Status} | {error.Code} | {error.Title} |");

        Assert.Equal(codes.Order(StringComparer.Ordinal), Table("## Error codes").Order(StringComparer.Ordinal));
    }

    /// <summary>The rows of the first table under a heading, without its head and without marks.</summary>
    private static IEnumerable<string> Table(string heading) =>
        File.ReadLines(Path.Combine(RealHost.ContentRoot(), "..", "..", "docs", "api.md"))
            .SkipWhile(line => line != heading)
            .SkipWhile(line => !line.StartsWith('|'))
            .TakeWhile(line => line.StartsWith('|'))
            .Skip(2)
            .Select(line => line.Replace("`", "", StringComparison.Ordinal));
}
