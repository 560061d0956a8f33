using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace UnitTests.Api;

/// <summary>The document and the routes say the same.</summary>
public sealed class OpenApiTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    [Theory]
    [InlineData("/openapi/v1.json")]
    [InlineData("/api/v1/openapi/v1.json")]
    public async Task Document_HasEveryRoute_AndNoOther(string path)
    {
        var document = await DocumentAsync(path);
        var described = document
            .GetProperty("paths")
            .EnumerateObject()
            .SelectMany(route =>
                route.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {route.Name}")
            );
        var mapped = portal
            .Api.Host.Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText!.StartsWith("/api/v1/", StringComparison.Ordinal))
            .Where(route => !route.RoutePattern.RawText!.Contains("openapi", StringComparison.Ordinal))
            .Select(route =>
                $"{route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Single()} "
                + route
                    .RoutePattern.RawText!.Replace(":guid", "", StringComparison.Ordinal)
                    .Replace(":int", "", StringComparison.Ordinal)
                    .TrimEnd('/')
            );

        Assert.Equal(mapped.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Body_AsksOnlyForWhatItNeeds()
    {
        var schemas = (await DocumentAsync("/openapi/v1.json")).GetProperty("components").GetProperty("schemas");

        Assert.Equal(["email"], Required("ContactBody"));
        Assert.Empty(Required("CampaignBody"));
        Assert.Equal(["name", "html"], Required("TemplateReplacement"));

        IEnumerable<string?> Required(string schema) =>
            schemas.GetProperty(schema).TryGetProperty("required", out var fields)
                ? fields.EnumerateArray().Select(field => field.GetString())
                : [];
    }

    [Fact]
    public async Task EveryOperation_HasAName_ItsSuccess_AndItsProblems()
    {
        var document = await DocumentAsync("/openapi/v1.json");
        var operations = document
            .GetProperty("paths")
            .EnumerateObject()
            .SelectMany(route =>
                route.Value.EnumerateObject().Select(method => (route.Name, method.Name, method.Value))
            )
            .ToList();

        Assert.True(operations.Count > 4);
        Assert.All(
            operations,
            operation =>
            {
                var (path, method, value) = operation;
                var answers = value.GetProperty("responses").EnumerateObject().ToList();
                Assert.True(value.TryGetProperty("operationId", out _), $"{method} {path} has no name");
                Assert.True(value.TryGetProperty("summary", out _), $"{method} {path} has no summary");
                Assert.Contains(answers, answer => answer.Name[0] == '2');
                Assert.All(["401", "403", "429", "500"], status => Assert.Contains(answers, a => a.Name == status));
                Assert.All(
                    answers.Where(answer => answer.Name[0] is '4' or '5'),
                    answer =>
                        Assert.True(
                            answer.Value.GetProperty("content").TryGetProperty("application/problem+json", out _),
                            $"{method} {path} {answer.Name} is no problem"
                        )
                );
            }
        );
        Assert.Equal(
            operations.Count,
            operations.Select(operation => operation.Value.GetProperty("operationId").GetString()).Distinct().Count()
        );
    }

    [Fact]
    public async Task EveryPost_TakesAnIdempotencyKey_AndWhatSendsDemandsOne()
    {
        var paths = (await DocumentAsync("/openapi/v1.json")).GetProperty("paths").EnumerateObject();
        var posts = paths
            .Where(path => path.Value.TryGetProperty("post", out _))
            .Select(path =>
                (
                    path.Name,
                    Key: path.Value.GetProperty("post").TryGetProperty("parameters", out var parameters)
                        ? parameters
                            .EnumerateArray()
                            .SingleOrDefault(one =>
                                one.GetProperty("name").GetString() == "Idempotency-Key"
                                && one.GetProperty("in").GetString() == "header"
                            )
                        : default
                )
            )
            .ToList();

        Assert.DoesNotContain(posts, post => post.Key.ValueKind == JsonValueKind.Undefined);
        Assert.Equal(
            [
                "/api/v1/campaigns/{id}/resume",
                "/api/v1/campaigns/{id}/send",
                "/api/v1/emails",
                "/api/v1/emails/{id}/resume",
            ],
            posts
                .Where(post => post.Key.TryGetProperty("required", out var required) && required.GetBoolean())
                .Select(post => post.Name)
                .Order(StringComparer.Ordinal)
        );
    }

    private async Task<JsonElement> DocumentAsync(string path)
    {
        using var reader = portal.Api.Host.Browser();
        return JsonDocument.Parse(await reader.GetStringAsync(path)).RootElement;
    }
}
