using System.Net;
using System.Text.Json;

namespace UnitTests.Api;

/// <summary>The page for people is the document for programs.</summary>
public sealed class ApiReferenceTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    [Fact]
    public async Task Page_ShowsEveryOperation_AndEveryFieldOfItsBody_ToAnybody()
    {
        using var browser = new HttpClient { BaseAddress = new Uri(portal.Api.Host.Address) };
        var document = JsonDocument.Parse(await browser.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)));
        var page = WebUtility.HtmlDecode(await browser.GetStringAsync(new Uri("/openapi", UriKind.Relative)));

        var operations = document
            .RootElement.GetProperty("paths")
            .EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => (Path: path.Name, method.Value)))
            .ToList();
        Assert.True(operations.Count > 50);
        Assert.All(
            operations,
            operation =>
            {
                var id = operation.Value.GetProperty("operationId").GetString();
                Assert.Contains($"id=\"{id}\"", page, StringComparison.Ordinal);
                Assert.Contains($"<code>{operation.Path}</code>", page, StringComparison.Ordinal);
            }
        );
        // A body within a body, which lies behind a reference.
        Assert.Contains("<code>audience.exclude_recipients_of</code>", page, StringComparison.Ordinal);
        Assert.Contains("<code>data[].counts.accepted</code>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
    }
}
